#ifndef NNET_DIVERGENCE_H_
#define NNET_DIVERGENCE_H_

#include "nnet_common.h"

namespace nnet {

struct divergence_config {
    // Dimensions of the distribution
    static const unsigned n_in = 8;
    // Bits of the logarithm of a variance
    static const unsigned address_bits = 8;
    static const unsigned reuse_factor = 1;

    // Type of e^l - 1 - l
    typedef ap_ufixed<18, 12> term_t;
    // Type of the sum and of its half, neither of which loses a bit
    typedef ap_ufixed<22, 15> sum_t;
};

// Half the sum of mu^2 and e^l - 1 - l over all dimensions, with means mu and logarithms of variances l.
template <class mean_T, class log_variance_T, class res_T, typename CONFIG_T>
void divergence(mean_T mean[CONFIG_T::n_in], log_variance_T log_variance[CONFIG_T::n_in], res_T res[1],
                typename CONFIG_T::term_t table[1 << CONFIG_T::address_bits]) {
    #pragma HLS PIPELINE II=CONFIG_T::reuse_factor
    #pragma HLS ARRAY_PARTITION variable=mean complete
    #pragma HLS ARRAY_PARTITION variable=log_variance complete

    typename CONFIG_T::sum_t total = 0;
Dimensions:
    for (unsigned i = 0; i < CONFIG_T::n_in; i++) {
        #pragma HLS UNROLL
        const ap_uint<CONFIG_T::address_bits> address = log_variance[i].range();
        total += mean[i] * mean[i] + table[address];
    }
    res[0] = total >> 1;
}

} // namespace nnet

#endif
