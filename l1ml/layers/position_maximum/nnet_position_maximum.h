#ifndef NNET_POSITION_MAXIMUM_H_
#define NNET_POSITION_MAXIMUM_H_

#include "nnet_common.h"

namespace nnet {

struct position_maximum_config {
    static const unsigned n_positions = 8;
    static const unsigned n_channels = 1;
    static const unsigned reuse_factor = 1;
};

// Keeps the larger value at one position after the other, channel by channel.
template <class data_T, class res_T, typename CONFIG_T>
void position_maximum(data_T data[CONFIG_T::n_positions * CONFIG_T::n_channels], res_T res[CONFIG_T::n_channels]) {
    #pragma HLS PIPELINE II=CONFIG_T::reuse_factor
    #pragma HLS ARRAY_PARTITION variable=data complete
    #pragma HLS ARRAY_PARTITION variable=res complete

Channels:
    for (unsigned c = 0; c < CONFIG_T::n_channels; c++) {
        #pragma HLS UNROLL
        data_T largest = data[c];
    Positions:
        for (unsigned t = 1; t < CONFIG_T::n_positions; t++) {
            #pragma HLS UNROLL
            if (data[t * CONFIG_T::n_channels + c] > largest)
                largest = data[t * CONFIG_T::n_channels + c];
        }
        res[c] = largest;
    }
}

} // namespace nnet

#endif
