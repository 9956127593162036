// Plays one sequence of clock cycles to a core with each of some faults, and tells when it first answers wrongly.
//
// driver CYCLES IN_BYTES OUT_BYTES SEED FAULT...
//
// CYCLES is a file with, for each clock cycle, a byte of flags, the input bus and the output bus that is expected.
// Inputs change at the falling edge and outputs are read before the next one, as the bench does. For each fault there
// is a line "FAULT CYCLE WHAT": the first wrong cycle, -1 if there is none, and whether valid or data were wrong.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "Vl1ml_faults.h"
#include "verilated.h"

enum Flag : uint8_t { RESET = 1, OFFERED = 2, CHECKED = 4, VALID = 8 };

int main(int argc, char** argv) {
    if (argc < 5) return 2;
    const size_t in_bytes = std::strtoul(argv[2], nullptr, 10), out_bytes = std::strtoul(argv[3], nullptr, 10);
    const size_t record = 1 + in_bytes + out_bytes;
    std::FILE* file = std::fopen(argv[1], "rb");
    if (!file) return 2;
    std::vector<uint8_t> cycles;
    std::vector<uint8_t> block(1 << 20);
    for (size_t got; (got = std::fread(block.data(), 1, block.size(), file)) > 0;)
        cycles.insert(cycles.end(), block.begin(), block.begin() + got);
    std::fclose(file);
    const size_t count = cycles.size() / record;
    for (int argument = 5; argument < argc; argument++) {
        const int fault = std::atoi(argv[argument]);
        const auto context = std::make_unique<VerilatedContext>();
        context->randReset(2);
        context->randSeed(std::atoi(argv[4]));
        const auto core = std::make_unique<Vl1ml_faults>(context.get());
        core->fault = fault;
        core->clk = 0;
        core->rst = 1;
        core->in_valid = 0;
        core->eval();
        long wrong = -1;
        const char* what = "-";
        for (size_t cycle = 0; cycle < count && wrong < 0; cycle++) {
            const uint8_t* row = &cycles[cycle * record];
            core->clk = 0;
            core->rst = (row[0] & RESET) != 0;
            core->in_valid = (row[0] & OFFERED) != 0;
            std::memcpy(&core->in_data, row + 1, in_bytes);
            core->eval();
            core->clk = 1;
            core->eval();
            if (!(row[0] & CHECKED)) continue;
            const bool valid = (row[0] & VALID) != 0;
            if ((core->out_valid != 0) != valid) {
                wrong = static_cast<long>(cycle);
                what = "valid";
            } else if (valid && std::memcmp(&core->out_data, row + 1 + in_bytes, out_bytes) != 0) {
                wrong = static_cast<long>(cycle);
                what = "data";
            }
        }
        std::printf("%d %ld %s\n", fault, wrong, what);
        std::fflush(stdout);
    }
    return 0;
}
