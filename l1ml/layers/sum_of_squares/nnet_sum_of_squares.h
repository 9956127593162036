#ifndef NNET_SUM_OF_SQUARES_H_
#define NNET_SUM_OF_SQUARES_H_

#include "nnet_common.h"

namespace nnet {

struct sum_of_squares_config {
    // Number of inputs
    static const unsigned n_in = 8;
    static const unsigned reuse_factor = 1;

    // Type of squares and sums
    typedef ap_ufixed<18, 14> accum_t;
};

// Adds the squares of all inputs, in order; each square and each sum is cast to the accumulator's type.
template <class data_T, class res_T, typename CONFIG_T>
void sum_of_squares(data_T data[CONFIG_T::n_in], res_T res[1]) {
    #pragma HLS PIPELINE II=CONFIG_T::reuse_factor
    #pragma HLS ARRAY_PARTITION variable=data complete

    typename CONFIG_T::accum_t total = 0;
Squares:
    for (unsigned i = 0; i < CONFIG_T::n_in; i++) {
        #pragma HLS UNROLL
        const typename CONFIG_T::accum_t square = data[i] * data[i];
        total += square;
    }
    res[0] = total;
}

} // namespace nnet

#endif
