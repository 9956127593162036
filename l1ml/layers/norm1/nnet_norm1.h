#ifndef NNET_NORM1_H_
#define NNET_NORM1_H_

#include "nnet_common.h"

namespace nnet {

struct norm1_config {
    // Number of inputs and outputs
    static const unsigned n_in = 100;
    static const unsigned reuse_factor = 1;

    // The sum counts for no less than this in size, in LSB of the inputs
    static const unsigned long long smallest = 1;
    // Highest place of the leading one of the sum
    static const unsigned top = 21;
    // Bits behind the leading one that address the table of reciprocals
    static const unsigned table_bits = 8;
    // Fractional bits of the mantissas
    static const unsigned fraction = 9;

    // Internal types: an input as an integer, the sum, an input relative to the power of two of the sum
    typedef ap_int<16> element_t;
    typedef ap_int<23> sum_t;
    typedef ap_fixed<11, 2> mantissa_t;
    typedef ap_ufixed<8, 0> reciprocal_t;
    // The result's type, clipping
    typedef ap_fixed<8, 1, AP_RND, AP_SAT> clipped_t;
    // Its ends in LSB
    static const long long lowest = -128;
    static const long long highest = 127;
};

// Divides each input by the size of their sum: the sum's power of two is a shift, the rest a product with a reciprocal.
template <class data_T, class res_T, typename CONFIG_T>
void norm1(data_T data[CONFIG_T::n_in], res_T res[CONFIG_T::n_in],
           typename CONFIG_T::reciprocal_t reciprocal[1 << CONFIG_T::table_bits]) {
    #pragma HLS PIPELINE II=CONFIG_T::reuse_factor
    #pragma HLS ARRAY_PARTITION variable=data complete
    #pragma HLS ARRAY_PARTITION variable=res complete

    typedef typename CONFIG_T::element_t element_t;
    typedef typename CONFIG_T::sum_t sum_t;
    typedef typename CONFIG_T::mantissa_t mantissa_t;

    element_t elements[CONFIG_T::n_in];
    sum_t terms[CONFIG_T::n_in];
    #pragma HLS ARRAY_PARTITION variable=elements complete
    #pragma HLS ARRAY_PARTITION variable=terms complete
Integers:
    for (unsigned i = 0; i < CONFIG_T::n_in; i++) {
        #pragma HLS UNROLL
        elements[i] = data[i].range();
        terms[i] = elements[i];
    }

    Op_add<sum_t> add;
    const sum_t sum = reduce<sum_t, CONFIG_T::n_in, Op_add<sum_t>>(terms, add);
    ap_uint<CONFIG_T::top + 1> size = sum < 0 ? sum_t(-sum) : sum;
    if (size < CONFIG_T::smallest)
        size = CONFIG_T::smallest;

    ap_uint<6> place = 0;
LeadingOne:
    for (unsigned i = 0; i <= CONFIG_T::top; i++) {
        #pragma HLS UNROLL
        if (size[i])
            place = i;
    }

    // The bits behind the leading one; the cast to table_bits drops the leading one itself.
    const ap_uint<CONFIG_T::top + 1 + CONFIG_T::table_bits> wide = size;
    const ap_uint<CONFIG_T::table_bits> address = (wide << CONFIG_T::table_bits) >> place;
    const typename CONFIG_T::reciprocal_t factor = reciprocal[address];

Normalize:
    for (unsigned i = 0; i < CONFIG_T::n_in; i++) {
        #pragma HLS UNROLL
        const ap_int<element_t::width + 1 + CONFIG_T::fraction> shifted = elements[i];
        const ap_int<element_t::width + 1 + CONFIG_T::fraction> relative = (shifted << CONFIG_T::fraction) >> place;
        const ap_int<mantissa_t::width> kept = relative;
        mantissa_t mantissa;
        mantissa.range() = kept.range();
        typename CONFIG_T::clipped_t result = mantissa * factor;
        if (kept != relative) // beyond the mantissa's range, so the quotient is beyond the result's
            result.range() = ap_int<CONFIG_T::clipped_t::width + 1>(relative < 0 ? CONFIG_T::lowest : CONFIG_T::highest);
        res[i] = result;
    }
}

} // namespace nnet

#endif
