#ifndef DEFINES_H_
#define DEFINES_H_

#include "ap_fixed.h"
#include "ap_int.h"
#include "nnet_utils/nnet_types.h"
#include <cstddef>
#include <cstdio>

// hls-fpga-machine-learning insert numbers
#define N_INPUT_1_1 3
#define N_LAYER_2 2

// hls-fpga-machine-learning insert layer-precision
typedef ap_fixed<8,8> input_t;
typedef ap_int<2> weight2_t;
typedef ap_fixed<9,9> result_t;

#endif
