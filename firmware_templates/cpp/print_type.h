// Prints a type by its numbers: width, integer bits, sign, and the modes as ap_types counts them, of which ap_[u]int has one
// more.
template <int W, int I, bool S, ap_q_mode Q, ap_o_mode O, int N>
void print_type(const char *layer, const char *name, const ap_fixed_base<W, I, S, Q, O, N> &) {
    std::printf("type %s %s %d %d %d %d %d\n", layer, name, W, I, int(S), int(Q), int(O));
}

template <int W, bool S> void print_type(const char *layer, const char *name, const ap_int_base<W, S> &) {
    std::printf("type %s %s %d %d %d %d %d\n", layer, name, W, W, int(S), int(AP_TRN_ZERO) + 1, int(AP_WRAP));
}
