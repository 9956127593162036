// Makes a packet of an event, the lowest bits in the first beat.

`default_nettype none

module l1ml_axis_scatter #(
    parameter int WIDTH = 64,  // bits of a beat
    parameter int BEATS = 2    // of a packet
) (
    input  wire logic clk,
    input  wire logic rst,
    input  wire logic [BEATS*WIDTH-1:0] event_data,
    input  wire logic event_valid,
    output wire logic event_taken,
    output wire logic [WIDTH-1:0] m_data,
    output wire logic m_valid,
    input  wire logic m_ready,
    output wire logic m_last
);
    if (WIDTH < 1 || BEATS < 1) begin : g_sizes
        $fatal(1, "%0d beats of %0d bits; l1ml_axis_scatter needs at least one of each", BEATS, WIDTH);
    end
    localparam int COUNT_BITS = BEATS > 1 ? $clog2(BEATS) : 1;

    logic [COUNT_BITS-1:0] beat_reg;
    wire logic give = event_valid & m_ready;
    always_ff @(posedge clk) begin
        if (give) beat_reg <= m_last ? '0 : beat_reg + 1'b1;
        if (rst) beat_reg <= '0;
    end
    assign m_data = event_data[beat_reg*WIDTH +: WIDTH];
    assign m_valid = event_valid;
    assign m_last = beat_reg == COUNT_BITS'(BEATS - 1);
    assign event_taken = give & m_last;
endmodule

`default_nettype wire
