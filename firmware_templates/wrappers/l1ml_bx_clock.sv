// Keeps count of bunch crossings (BX): CLOCKS clock cycles each, ORBIT of them in an orbit.
// bc0 marks the first clock cycle of BX 0. The first marker locks the count, which then goes on by itself. A marker in
// another place moves the count at once (slip); one that is missing does not (missed).

`default_nettype none

module l1ml_bx_clock #(
    parameter int CLOCKS = 9,    // cycles in a BX
    parameter int ORBIT = 3564,  // BX in an orbit
    parameter int BX_BITS = 12   // of the number of a BX
) (
    input  wire logic clk,
    input  wire logic rst,
    input  wire logic bc0,
    output wire logic first,             // the first cycle of a BX
    output wire logic final_cycle,       // the last one
    output wire logic [BX_BITS-1:0] bx,  // its number
    output wire logic locked,
    output wire logic slip,
    output wire logic missed
);
    if (CLOCKS < 2 || ORBIT < 2 || ORBIT > 1 << BX_BITS) begin : g_sizes
        $fatal(1, "%0d clocks in a BX and %0d BX in an orbit; l1ml_bx_clock needs 2 or more clocks, and 2 to %0d BX",
               CLOCKS, ORBIT, 1 << BX_BITS);
    end
    localparam int PHASE_BITS = $clog2(CLOCKS);

    logic [PHASE_BITS-1:0] phase_reg;
    logic [BX_BITS-1:0] bx_reg;
    logic locked_reg;
    wire logic due = locked_reg & phase_reg == '0 & bx_reg == '0;
    wire logic [PHASE_BITS-1:0] phase = bc0 ? '0 : phase_reg;
    assign bx = bc0 ? '0 : bx_reg;
    assign locked = (locked_reg | bc0) & ~rst;
    assign first = locked & phase == '0;
    assign final_cycle = locked & phase == PHASE_BITS'(CLOCKS - 1);
    assign slip = locked_reg & bc0 & ~due;
    assign missed = due & ~bc0;
    always_ff @(posedge clk) begin
        locked_reg <= locked;
        phase_reg <= final_cycle ? '0 : phase + 1'b1;
        if (final_cycle) bx_reg <= bx == BX_BITS'(ORBIT - 1) ? '0 : bx + 1'b1;
        else bx_reg <= bx;
    end
endmodule

`default_nettype wire
