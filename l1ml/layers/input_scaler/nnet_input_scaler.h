#ifndef NNET_INPUT_SCALER_H_
#define NNET_INPUT_SCALER_H_

#include "nnet_common.h"

namespace nnet {

struct input_scaler_config {
    // Number of inputs and outputs
    static const unsigned n_in = 57;
    static const unsigned reuse_factor = 1;

    // Internal types: the difference of input and offset, the offsets, places to the right
    typedef ap_fixed<18, 13> work_t;
    typedef ap_ufixed<9, 8> offset_t;
    typedef ap_int<6> shift_t;
};

// Subtracts an offset from each input, shifts the difference within its type, and casts it to the result's type.
template <class data_T, class res_T, typename CONFIG_T>
void input_scaler(data_T data[CONFIG_T::n_in], res_T res[CONFIG_T::n_in],
                  typename CONFIG_T::offset_t offset[CONFIG_T::n_in],
                  typename CONFIG_T::shift_t shift[CONFIG_T::n_in]) {
    #pragma HLS PIPELINE II=CONFIG_T::reuse_factor
    #pragma HLS ARRAY_PARTITION variable=data complete
    #pragma HLS ARRAY_PARTITION variable=res complete
    #pragma HLS ARRAY_PARTITION variable=offset complete
    #pragma HLS ARRAY_PARTITION variable=shift complete

Scale:
    for (unsigned i = 0; i < CONFIG_T::n_in; i++) {
        #pragma HLS UNROLL
        const typename CONFIG_T::work_t difference = data[i] - offset[i];
        res[i] = difference >> shift[i].to_int(); // to the left if negative; what leaves the type is lost
    }
}

} // namespace nnet

#endif
