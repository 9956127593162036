// Counts, modulo 2^32. sample keeps the count as it is before this clock cycle, for reading; clear begins again at 0.
// What is counted in the clock cycle of sample and clear belongs to what comes after: nothing is lost or counted twice.

`default_nettype none

module l1ml_status_counter (
    input  wire logic clk,
    input  wire logic rst,
    input  wire logic count,
    input  wire logic sample,
    input  wire logic clear,
    output wire logic [31:0] sampled
);
    logic [31:0] count_reg, sampled_reg;
    always_ff @(posedge clk) begin
        count_reg <= (clear ? '0 : count_reg) + 32'(count);
        if (sample) sampled_reg <= count_reg;
        if (rst) begin
            count_reg <= '0;
            sampled_reg <= '0;
        end
    end
    assign sampled = sampled_reg;
endmodule

`default_nettype wire
