#ifndef NNET_TAPER_H_
#define NNET_TAPER_H_

#include "nnet_common.h"

namespace nnet {

struct taper_config {
    static const unsigned n_positions = 8;
    static const unsigned n_channels = 1;
    static const unsigned reuse_factor = 1;

    // Type of the factors
    typedef ap_fixed<8, 1> factor_t;
};

// Multiplies each position by its own factor.
template <class data_T, class res_T, typename CONFIG_T>
void taper(data_T data[CONFIG_T::n_positions * CONFIG_T::n_channels],
           res_T res[CONFIG_T::n_positions * CONFIG_T::n_channels],
           typename CONFIG_T::factor_t factors[CONFIG_T::n_positions]) {
    #pragma HLS PIPELINE II=CONFIG_T::reuse_factor
    #pragma HLS ARRAY_PARTITION variable=data complete
    #pragma HLS ARRAY_PARTITION variable=res complete
    #pragma HLS ARRAY_PARTITION variable=factors complete

Positions:
    for (unsigned t = 0; t < CONFIG_T::n_positions; t++) {
        #pragma HLS UNROLL
    Channels:
        for (unsigned c = 0; c < CONFIG_T::n_channels; c++) {
            #pragma HLS UNROLL
            res[t * CONFIG_T::n_channels + c] = data[t * CONFIG_T::n_channels + c] * factors[t];
        }
    }
}

} // namespace nnet

#endif
