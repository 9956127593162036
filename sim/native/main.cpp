// Runs the clock of a simulation until it finishes, and prints how long that took: from the first edge to the last.
#include <chrono>
#include <cstdio>
#include <ctime>
#include <memory>

#include "verilated.h"

#include "Vl1ml_soak.h"

int main(int argc, char **argv) {
    const auto context = std::make_unique<VerilatedContext>();
    context->commandArgs(argc, argv);
    const auto top = std::make_unique<Vl1ml_soak>(context.get());
    const auto started = std::chrono::steady_clock::now();
    const std::clock_t ticks = std::clock();
    while (!context->gotFinish()) {
        context->timeInc(1);
        top->clk = !top->clk;
        top->eval();
    }
    const double processor = double(std::clock() - ticks) / CLOCKS_PER_SEC;
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - started;
    top->final();
    std::printf("seconds %.6f processor %.6f\n", seconds.count(), processor);
    return 0;
}
