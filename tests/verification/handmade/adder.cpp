// The same in C++, with the functions that hls4ml's compiled projects have.
#include <cstddef>

struct trace_data {
    const char *name;
    void *data;
};

static double sums[2];

extern "C" void adder_double(double *x, double *y) {
    sums[0] = y[0] = x[0] + x[1];
    sums[1] = y[1] = x[1] - x[2];
}

extern "C" void allocate_trace_storage(size_t) {}

extern "C" void free_trace_storage() {}

extern "C" void collect_trace_output(trace_data *found) { found[0] = {"sums", sums}; }
