// The two functions of LZ4 that Verilator's writer of FST files calls, for machines without LZ4's own header. What they
// give is an LZ4 block of literals alone: any reader takes it, and nothing is compressed.

#ifndef L1ML_LZ4_H_
#define L1ML_LZ4_H_

#include <cstring>

static inline int LZ4_compressBound(int size) { return size + size / 255 + 16; }

static inline int LZ4_compress_default(const char *source, char *target, int size, int capacity) {
    if (size < 0 || capacity < LZ4_compressBound(size)) return 0;
    char *out = target;
    *out++ = static_cast<char>((size < 15 ? size : 15) << 4);  // token: length of the literals, no match
    if (size >= 15) {
        int rest = size - 15;
        for (; rest >= 255; rest -= 255) *out++ = static_cast<char>(255);
        *out++ = static_cast<char>(rest);
    }
    if (size > 0) std::memcpy(out, source, static_cast<size_t>(size));
    return static_cast<int>(out - target) + size;
}

#endif
