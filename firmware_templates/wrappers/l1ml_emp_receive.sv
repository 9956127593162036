// Makes an event of a packet on each of some links: FRAMES words from start to last. A word counts in a clock cycle with
// valid and strobe; there may be gaps. All links go in step, as they do behind the alignment of a board.
// A packet that is too short or too long, or whose links are not in step, is dropped as a whole. The event is there in
// the clock cycle after its last word, for one cycle.

`default_nettype none

module l1ml_emp_receive #(
    parameter int LINKS = 1,  // links, link 0 first
    parameter int FRAMES = 9  // words of 64 bits of a packet, on each link
) (
    input  wire logic clk,
    input  wire logic rst,
    input  wire logic [LINKS*64-1:0] in_data,
    input  wire logic [LINKS-1:0] in_valid,
    input  wire logic [LINKS-1:0] in_start,
    input  wire logic [LINKS-1:0] in_last,
    input  wire logic [LINKS-1:0] in_start_of_orbit,
    input  wire logic [LINKS-1:0] in_strobe,
    output wire logic event_valid,
    output wire logic event_start_of_orbit,             // of the first word
    output wire logic [LINKS*FRAMES*64-1:0] event_data,  // link 0, its first frame in the lowest bits; its second; ...
    output wire logic [1:0] dropped                      // how many, in the clock cycle after the word that tells
);
    if (LINKS < 1 || FRAMES < 1) begin : g_sizes
        $fatal(1, "%0d links with %0d frames; l1ml_emp_receive needs at least one of each", LINKS, FRAMES);
    end
    localparam int FRAME_BITS = FRAMES > 1 ? $clog2(FRAMES) : 1;

    // Link 0 leads; the others are to say the same in every clock cycle.
    wire logic word = in_valid[0] & in_strobe[0];
    wire logic [LINKS-1:0] words = in_valid & in_strobe;
    wire logic in_step = words == {LINKS{word}} & (~word | (in_start == {LINKS{in_start[0]}} &
        in_last == {LINKS{in_last[0]}} & in_start_of_orbit == {LINKS{in_start_of_orbit[0]}}));

    logic open_reg, broken_reg, orbit_reg, event_valid_reg;  // open_reg: words of a packet are missing
    logic [1:0] dropped_reg;
    logic [FRAME_BITS-1:0] frame_reg;
    logic [LINKS*FRAMES*64-1:0] data_reg;
    wire logic first = word & in_start[0];
    wire logic take = first | (word & open_reg);
    wire logic [FRAME_BITS-1:0] frame = first ? '0 : frame_reg;
    wire logic final_frame = frame == FRAME_BITS'(FRAMES - 1);
    wire logic whole = take & final_frame & in_last[0] & in_step & (first | ~broken_reg);
    wire logic bad = take & (final_frame | in_last[0]) & ~whole;
    wire logic cut = first & open_reg;  // the one before has no end
    always_ff @(posedge clk) begin
        if (take) begin
            for (int link = 0; link < LINKS; link++)
                for (int i = 0; i < FRAMES; i++)
                    if (frame == FRAME_BITS'(i)) data_reg[(link*FRAMES+i)*64 +: 64] <= in_data[link*64 +: 64];
            frame_reg <= frame + 1'b1;
            open_reg <= ~(final_frame | in_last[0]);
        end
        if (first) orbit_reg <= in_start_of_orbit[0];
        broken_reg <= ~in_step | (~first & broken_reg);
        event_valid_reg <= whole;
        dropped_reg <= 2'(bad) + 2'(cut);
        if (rst) begin
            open_reg <= 1'b0;
            event_valid_reg <= 1'b0;
            dropped_reg <= '0;
        end
    end
    assign event_valid = event_valid_reg;
    assign event_start_of_orbit = orbit_reg;
    assign event_data = data_reg;
    assign dropped = dropped_reg;
endmodule

`default_nettype wire
