// Makes a packet on each of some links of an event: FRAMES words from start to last, one in each clock cycle, the first
// in the cycle after event_valid. The next event may come FRAMES clock cycles later.

`default_nettype none

module l1ml_emp_send #(
    parameter int LINKS = 1,  // links, link 0 first
    parameter int FRAMES = 1  // words of 64 bits of a packet, on each link
) (
    input  wire logic clk,
    input  wire logic rst,
    input  wire logic event_valid,
    input  wire logic event_start_of_orbit,
    input  wire logic [LINKS*FRAMES*64-1:0] event_data,  // link 0, its first frame in the lowest bits; its second; ...
    output wire logic [LINKS*64-1:0] out_data,
    output wire logic [LINKS-1:0] out_valid,
    output wire logic [LINKS-1:0] out_start,
    output wire logic [LINKS-1:0] out_last,
    output wire logic [LINKS-1:0] out_start_of_orbit,
    output wire logic [LINKS-1:0] out_strobe
);
    if (LINKS < 1 || FRAMES < 1) begin : g_sizes
        $fatal(1, "%0d links with %0d frames; l1ml_emp_send needs at least one of each", LINKS, FRAMES);
    end

    logic [LINKS*FRAMES*64-1:0] data_reg;
    logic [FRAMES-1:0] valid_reg;  // bit 0: there is a word now; bit 1: in the next clock cycle; ...
    logic start_reg, orbit_reg;
    always_ff @(posedge clk) begin
        for (int link = 0; link < LINKS; link++)
            data_reg[link*FRAMES*64 +: FRAMES*64] <= event_valid ? event_data[link*FRAMES*64 +: FRAMES*64]
                                                                 : data_reg[link*FRAMES*64 +: FRAMES*64] >> 64;
        valid_reg <= event_valid ? '1 : valid_reg >> 1;
        start_reg <= event_valid;
        orbit_reg <= event_valid & event_start_of_orbit;
        if (rst) begin
            data_reg <= '0;
            valid_reg <= '0;
            start_reg <= 1'b0;
            orbit_reg <= 1'b0;
        end
    end

    wire logic more;
    if (FRAMES > 1) begin : g_more
        assign more = valid_reg[1];
    end else begin : g_one
        assign more = 1'b0;
    end
    for (genvar link = 0; link < LINKS; link++) begin : g_link
        assign out_data[link*64 +: 64] = data_reg[link*FRAMES*64 +: 64];
    end
    assign out_valid = {LINKS{valid_reg[0]}};
    assign out_start = {LINKS{start_reg}};
    assign out_last = {LINKS{valid_reg[0] & ~more}};
    assign out_start_of_orbit = {LINKS{orbit_reg}};
    assign out_strobe = '1;
endmodule

`default_nettype wire
