// Puts results where they belong: at the beginning of the BX that comes LATENCY BX after their event's, with its number.
// A BX without an event goes along as an empty one. cancel forgets all BX that are under way.

`default_nettype none

module l1ml_bx_align #(
    parameter int LATENCY = 3,   // BX from an event to its result
    parameter int BX_BITS = 12,  // of the number of a BX
    parameter int WIDTH = 64     // bits of a result
) (
    input  wire logic clk,
    input  wire logic rst,
    input  wire logic cancel,
    input  wire logic first,
    input  wire logic final_cycle,
    input  wire logic [BX_BITS-1:0] bx,
    input  wire logic launched,        // an event goes into the core; only with first
    input  wire logic result_valid,
    input  wire logic [WIDTH-1:0] result,
    output wire logic out_first,
    output wire logic out_valid,
    output wire logic [BX_BITS-1:0] out_bx,
    output wire logic [WIDTH-1:0] out_data
);
    if (LATENCY < 1) begin : g_latency
        $fatal(1, "LATENCY is %0d; l1ml_bx_align needs at least 1", LATENCY);
    end

    logic [LATENCY-1:0] known_reg, event_reg;
    logic [BX_BITS-1:0] bx_reg[LATENCY];
    always_ff @(posedge clk) begin
        if (first) begin
            known_reg <= LATENCY'({known_reg, 1'b1});
            event_reg <= LATENCY'({event_reg, launched});
            bx_reg[0] <= bx;
            for (int i = 1; i < LATENCY; i++) bx_reg[i] <= bx_reg[i-1];
        end
        if (rst || cancel) known_reg <= '0;
    end

    logic [WIDTH-1:0] held_reg, out_data_reg;
    logic out_first_reg, out_valid_reg;
    logic [BX_BITS-1:0] out_bx_reg;
    always_ff @(posedge clk) begin
        if (result_valid) held_reg <= result;
        out_first_reg <= final_cycle & known_reg[LATENCY-1];
        if (final_cycle) begin
            out_valid_reg <= known_reg[LATENCY-1] & event_reg[LATENCY-1];
            out_bx_reg <= bx_reg[LATENCY-1];
            out_data_reg <= result_valid ? result : held_reg;
        end
        if (rst || cancel) begin
            out_first_reg <= 1'b0;
            out_valid_reg <= 1'b0;
        end
    end
    assign out_first = out_first_reg;
    assign out_valid = out_valid_reg;
    assign out_bx = out_bx_reg;
    assign out_data = out_data_reg;
endmodule

`default_nettype wire
