#ifndef ADDER_H_
#define ADDER_H_

#include "ap_fixed.h"
#include "ap_int.h"
#include "hls_stream.h"

#include "defines.h"

// Prototype of top level function for C-synthesis
void adder(
    input_t x[N_INPUT_1_1],
    result_t layer2_out[N_LAYER_2]
);

#endif
