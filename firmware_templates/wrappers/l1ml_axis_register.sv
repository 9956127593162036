// A register between two sides of a stream, both ways: no path leads through it, and a beat can pass every clock cycle.
// A beat that comes while the other side stops is kept aside.

`default_nettype none

module l1ml_axis_register #(
    parameter int WIDTH = 64  // bits of a beat, with all that goes along
) (
    input  wire logic clk,
    input  wire logic rst,
    input  wire logic [WIDTH-1:0] s_data,
    input  wire logic s_valid,
    output wire logic s_ready,
    output wire logic [WIDTH-1:0] m_data,
    output wire logic m_valid,
    input  wire logic m_ready
);
    if (WIDTH < 1) begin : g_width
        $fatal(1, "WIDTH is %0d; l1ml_axis_register needs at least 1 bit", WIDTH);
    end

    logic [WIDTH-1:0] data_reg, aside_reg;
    logic valid_reg, aside_valid_reg, ready_reg;
    wire logic take = s_valid & ready_reg;
    wire logic free = m_ready | ~valid_reg;
    wire logic aside_next = ~free & (aside_valid_reg | take);
    always_ff @(posedge clk) begin
        if (free) data_reg <= aside_valid_reg ? aside_reg : s_data;
        if (ready_reg) aside_reg <= s_data;
        valid_reg <= ~rst & (~free | aside_valid_reg | take);
        aside_valid_reg <= ~rst & aside_next;
        ready_reg <= ~rst & ~aside_next;
    end
    assign s_ready = ready_reg;
    assign m_data = data_reg;
    assign m_valid = valid_reg;
endmodule

`default_nettype wire
