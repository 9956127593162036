// By hand, in the style of hls4ml: what the miniatures of RTL compute.
#include <iostream>

#include "adder.h"
#include "nnet_utils/nnet_helpers.h"

weight2_t w2[6];

void adder(
    input_t x[N_INPUT_1_1],
    result_t layer2_out[N_LAYER_2]
) {

    // hls-fpga-machine-learning insert IO
    #pragma HLS ARRAY_RESHAPE variable=x complete dim=0
    #pragma HLS ARRAY_PARTITION variable=layer2_out complete dim=0
    #pragma HLS INTERFACE ap_vld port=x,layer2_out 
    #pragma HLS PIPELINE 

#ifndef __SYNTHESIS__
    static bool loaded_weights = false;
    if (!loaded_weights) {
        // hls-fpga-machine-learning insert load weights
        nnet::load_weights_from_txt<weight2_t, 6>(w2, "w2.txt");
        loaded_weights = true;
    }
#endif

    for (int j = 0; j < N_LAYER_2; j++) {
        layer2_out[j] = 0;
        for (int i = 0; i < N_INPUT_1_1; i++)
            layer2_out[j] += x[i] * w2[i * N_LAYER_2 + j];
    }
}
