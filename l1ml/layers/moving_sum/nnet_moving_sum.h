#ifndef NNET_MOVING_SUM_H_
#define NNET_MOVING_SUM_H_

#include "nnet_common.h"

namespace nnet {

struct moving_sum_config {
    static const unsigned n_positions = 8;
    static const unsigned n_channels = 1;
    static const unsigned reuse_factor = 1;

    // Positions that are added
    static const unsigned window = 4;

    // Holds every sum
    typedef ap_fixed<18, 10> sum_t;
};

// Adds to each position those before it that are in the window, channel by channel.
template <class data_T, class res_T, typename CONFIG_T>
void moving_sum(data_T data[CONFIG_T::n_positions * CONFIG_T::n_channels],
                res_T res[CONFIG_T::n_positions * CONFIG_T::n_channels]) {
    #pragma HLS PIPELINE II=CONFIG_T::reuse_factor
    #pragma HLS ARRAY_PARTITION variable=data complete
    #pragma HLS ARRAY_PARTITION variable=res complete

Positions:
    for (unsigned t = 0; t < CONFIG_T::n_positions; t++) {
        #pragma HLS UNROLL
    Channels:
        for (unsigned c = 0; c < CONFIG_T::n_channels; c++) {
            #pragma HLS UNROLL
            typename CONFIG_T::sum_t total = 0;
        Window:
            for (unsigned back = 0; back < CONFIG_T::window && back <= t; back++) {
                #pragma HLS UNROLL
                total += data[(t - back) * CONFIG_T::n_channels + c];
            }
            res[t * CONFIG_T::n_channels + c] = total;
        }
    }
}

} // namespace nnet

#endif
