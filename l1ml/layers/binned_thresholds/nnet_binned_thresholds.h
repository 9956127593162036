#ifndef NNET_BINNED_THRESHOLDS_H_
#define NNET_BINNED_THRESHOLDS_H_

#include "nnet_common.h"

namespace nnet {

struct binned_thresholds_config {
    // Working points, and bins of transverse energy and of |eta|
    static const unsigned n_points = 3;
    static const unsigned n_et = 3;
    static const unsigned n_eta = 3;
    static const unsigned reuse_factor = 1;

    // Types of the constants
    typedef ap_fixed<16, 12> et_edge_t;
    typedef ap_ufixed<12, 3> eta_edge_t;
    typedef ap_fixed<16, 6> intercept_t;
    typedef ap_fixed<16, 1> slope_t;
};

// One bit for each working point: the score is above the line in the pile-up that belongs to the bin of ET and |eta|.
template <class score_T, class et_T, class eta_T, class pileup_T, class res_T, typename CONFIG_T>
void binned_thresholds(score_T score[1], et_T et[1], eta_T eta[1], pileup_T pileup[1], res_T res[CONFIG_T::n_points],
                       typename CONFIG_T::et_edge_t et_edges[CONFIG_T::n_et],
                       typename CONFIG_T::eta_edge_t eta_edges[CONFIG_T::n_eta + 1],
                       typename CONFIG_T::intercept_t intercept[CONFIG_T::n_points * CONFIG_T::n_et * CONFIG_T::n_eta],
                       typename CONFIG_T::slope_t slope[CONFIG_T::n_points * CONFIG_T::n_et * CONFIG_T::n_eta]) {
    #pragma HLS PIPELINE II=CONFIG_T::reuse_factor
    #pragma HLS ARRAY_PARTITION variable=res complete
    #pragma HLS ARRAY_PARTITION variable=et_edges complete
    #pragma HLS ARRAY_PARTITION variable=eta_edges complete
    #pragma HLS ARRAY_PARTITION variable=intercept complete
    #pragma HLS ARRAY_PARTITION variable=slope complete

    typename CONFIG_T::eta_edge_t abs_eta = eta[0];
    if (eta[0] < 0)
        abs_eta = -eta[0];

    ap_uint<16> row = 0, column = 0;
BinsOfET:
    for (unsigned i = 1; i < CONFIG_T::n_et; i++) {
        #pragma HLS UNROLL
        if (et[0] >= et_edges[i])
            row = i;
    }
BinsOfEta:
    for (unsigned i = 1; i < CONFIG_T::n_eta; i++) {
        #pragma HLS UNROLL
        if (abs_eta >= eta_edges[i])
            column = i;
    }
    const bool inside = et[0] >= et_edges[0] && abs_eta >= eta_edges[0] && abs_eta < eta_edges[CONFIG_T::n_eta];

WorkingPoints:
    for (unsigned i = 0; i < CONFIG_T::n_points; i++) {
        #pragma HLS UNROLL
        const unsigned bin = (i * CONFIG_T::n_et + row) * CONFIG_T::n_eta + column;
        const bool above = score[0] > intercept[bin] + slope[bin] * pileup[0];
        res[i] = inside && above ? 1 : 0;
    }
}

} // namespace nnet

#endif
