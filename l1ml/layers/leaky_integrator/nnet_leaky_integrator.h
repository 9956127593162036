#ifndef NNET_LEAKY_INTEGRATOR_H_
#define NNET_LEAKY_INTEGRATOR_H_

#include "nnet_common.h"

namespace nnet {

struct leaky_integrator_config {
    static const unsigned n_positions = 8;
    static const unsigned n_channels = 1;
    static const unsigned reuse_factor = 1;

    // Bits by which is shifted what is taken away
    static const unsigned leak = 2;

    // Type of the sums
    typedef ap_fixed<18, 10> accum_t;
};

// Adds one position after the other, channel by channel, and takes a part of the sum away each time.
template <class data_T, class res_T, typename CONFIG_T>
void leaky_integrator(data_T data[CONFIG_T::n_positions * CONFIG_T::n_channels], res_T res[CONFIG_T::n_channels]) {
    #pragma HLS PIPELINE II=CONFIG_T::reuse_factor
    #pragma HLS ARRAY_PARTITION variable=data complete
    #pragma HLS ARRAY_PARTITION variable=res complete

Channels:
    for (unsigned c = 0; c < CONFIG_T::n_channels; c++) {
        #pragma HLS UNROLL
        typename CONFIG_T::accum_t total = 0;
    Positions:
        for (unsigned t = 0; t < CONFIG_T::n_positions; t++) {
            #pragma HLS UNROLL
            const typename CONFIG_T::accum_t lost = total >> CONFIG_T::leak;
            total = total - lost + data[t * CONFIG_T::n_channels + c];
        }
        res[c] = total;
    }
}

} // namespace nnet

#endif
