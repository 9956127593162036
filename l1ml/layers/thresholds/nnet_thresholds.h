#ifndef NNET_THRESHOLDS_H_
#define NNET_THRESHOLDS_H_

#include "nnet_common.h"

namespace nnet {

struct thresholds_config {
    // Number of thresholds and of bits
    static const unsigned n_out = 5;
    static const unsigned reuse_factor = 1;
};

// Sets each bit whose threshold the score reaches.
template <class score_T, class threshold_T, class res_T, typename CONFIG_T>
void thresholds(score_T score[1], threshold_T threshold[CONFIG_T::n_out], res_T res[CONFIG_T::n_out]) {
    #pragma HLS PIPELINE II=CONFIG_T::reuse_factor
    #pragma HLS ARRAY_PARTITION variable=threshold complete
    #pragma HLS ARRAY_PARTITION variable=res complete

Compare:
    for (unsigned k = 0; k < CONFIG_T::n_out; k++) {
        #pragma HLS UNROLL
        res[k] = score[0] >= threshold[k];
    }
}

} // namespace nnet

#endif
