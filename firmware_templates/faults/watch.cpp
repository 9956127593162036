// Plays events to a core and tells what came out, and between which values wires within it were.
//
// watch IN_BYTES OUT_BYTES IN_BEATS OUT_BEATS LATENCY SPACING SIGNALS FIRST LAST FIRST LAST ...
//
// FIRST and LAST of each of the SIGNALS are the clock cycles, counted from the last word of an event, in which it
// belongs to that event. SPACING clock cycles lie between two events. Requests come on the standard input: the number
// of the fault, 0 for none; whether signals are wanted; the number of events; and the words of all events. The answer
// has for each word of a result a byte that says whether the output was valid and the output bus, and, where they are
// wanted, the lowest and the highest value of each signal.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <vector>

#include "Vl1ml_faults.h"
#include "verilated.h"

static bool take(void* to, size_t bytes) { return std::fread(to, 1, bytes, stdin) == bytes; }

int main(int argc, char** argv) {
    if (argc < 8) return 2;
    const auto number = [&](int at) { return std::strtol(argv[at], nullptr, 10); };
    const size_t in_bytes = number(1), out_bytes = number(2);
    const long words = number(3), leaving = number(4), latency = number(5), spacing = number(6), signals = number(7);
    if (argc != 8 + 2 * signals) return 2;
    std::vector<long> first, last;
    for (int at = 8; at < argc; at += 2) {
        first.push_back(number(at));
        last.push_back(number(at + 1));
    }
    const auto context = std::make_unique<VerilatedContext>();
    const auto core = std::make_unique<Vl1ml_faults>(context.get());
    const auto half = [&](int clk) {
        core->clk = clk;
        core->eval();
    };
    int32_t request[3];
    std::vector<uint8_t> events, answers;
    std::vector<int64_t> ends, now(signals);
    while (take(request, sizeof request)) {
        const long count = request[2], wanted = request[1] ? signals : 0;
        events.resize(count * words * in_bytes);
        if (!take(events.data(), events.size())) return 2;
        answers.assign(count * leaving * (1 + out_bytes), 0);
        ends.resize(count * wanted * 2);
        for (size_t at = 0; at < ends.size(); at += 2) {
            ends[at] = std::numeric_limits<int64_t>::max();
            ends[at + 1] = std::numeric_limits<int64_t>::min();
        }
        core->fault = request[0];
        core->in_valid = 0;
        core->rst = 1;
        for (int cycle = 0; cycle < 4; cycle++) half(0), half(1);
        core->rst = 0;
        for (long cycle = 0; cycle < latency + spacing; cycle++) half(0), half(1);
        for (long cycle = 1 - words; cycle < (count - 1) * spacing + latency + leaving; cycle++) {
            const long event = (cycle + words - 1) / spacing, word = (cycle + words - 1) % spacing;
            core->in_valid = event < count && word < words;
            if (core->in_valid) std::memcpy(&core->in_data, &events[(event * words + word) * in_bytes], in_bytes);
            half(0);
            if (cycle >= latency && (cycle - latency) % spacing < leaving) {
                const long result = (cycle - latency) / spacing * leaving + (cycle - latency) % spacing;
                uint8_t* row = &answers[result * (1 + out_bytes)];
                row[0] = core->out_valid;
                std::memcpy(row + 1, &core->out_data, out_bytes);
            }
            if (wanted) std::memcpy(now.data(), &core->watched, signals * sizeof(int64_t));
            for (long s = 0; s < wanted; s++) {
                const long earliest = cycle > last[s] ? (cycle - last[s] + spacing - 1) / spacing : 0;
                for (long e = earliest; e < count && e * spacing + first[s] <= cycle; e++) {
                    int64_t* end = &ends[(e * wanted + s) * 2];
                    end[0] = std::min(end[0], now[s]);
                    end[1] = std::max(end[1], now[s]);
                }
            }
            half(1);
        }
        std::fwrite(answers.data(), 1, answers.size(), stdout);
        std::fwrite(ends.data(), sizeof(int64_t), ends.size(), stdout);
        std::fflush(stdout);
    }
    return 0;
}
