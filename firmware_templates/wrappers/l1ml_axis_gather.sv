// Makes an event of the beats of a packet, the first beat in the lowest bits. While the event waits, so does the stream.
// A packet with fewer or more beats is dropped as a whole: dropped is high for one clock cycle, when that is found out.

`default_nettype none

module l1ml_axis_gather #(
    parameter int WIDTH = 64,  // bits of a beat
    parameter int BEATS = 2    // of a packet
) (
    input  wire logic clk,
    input  wire logic rst,
    input  wire logic [WIDTH-1:0] s_data,
    input  wire logic s_valid,
    output wire logic s_ready,
    input  wire logic s_last,
    output wire logic [BEATS*WIDTH-1:0] event_data,
    output wire logic event_valid,
    input  wire logic event_taken,  // in this clock cycle; only while event_valid
    output wire logic dropped
);
    if (WIDTH < 1 || BEATS < 1) begin : g_sizes
        $fatal(1, "%0d beats of %0d bits; l1ml_axis_gather needs at least one of each", BEATS, WIDTH);
    end
    localparam int COUNT_BITS = BEATS > 1 ? $clog2(BEATS) : 1;

    logic [BEATS*WIDTH-1:0] data_reg;
    logic [COUNT_BITS-1:0] beat_reg;
    logic full_reg, skip_reg, dropped_reg;  // skip_reg: what comes belongs to a packet that is too long
    wire logic take = s_valid & s_ready;
    wire logic final_beat = beat_reg == COUNT_BITS'(BEATS - 1);
    always_ff @(posedge clk) begin
        if (event_taken) full_reg <= 1'b0;
        if (take) begin
            for (int i = 0; i < BEATS; i++)
                if (!skip_reg && beat_reg == COUNT_BITS'(i)) data_reg[i*WIDTH +: WIDTH] <= s_data;
            beat_reg <= final_beat || s_last || skip_reg ? '0 : beat_reg + 1'b1;
            full_reg <= final_beat & s_last & ~skip_reg;
            skip_reg <= ~s_last & (final_beat | skip_reg);
        end
        dropped_reg <= take & ~skip_reg & (final_beat ^ s_last);
        if (rst) begin
            beat_reg <= '0;
            full_reg <= 1'b0;
            skip_reg <= 1'b0;
            dropped_reg <= 1'b0;
        end
    end
    assign s_ready = ~full_reg | event_taken;
    assign event_data = data_reg;
    assign event_valid = full_reg;
    assign dropped = dropped_reg;
endmodule

`default_nettype wire
