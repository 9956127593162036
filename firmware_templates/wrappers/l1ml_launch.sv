// Lets events into a core that never stalls: no sooner than II clock cycles after the last one, and only when there is a
// place for the result. Each event takes a place, from launch on until its result has left.

`default_nettype none

module l1ml_launch #(
    parameter int II = 1,     // clock cycles between two events
    parameter int PLACES = 4  // for results, those on their way included
) (
    input  wire logic clk,
    input  wire logic rst,
    input  wire logic ready,   // an event waits
    output wire logic launch,  // it goes, in this clock cycle
    input  wire logic left     // a result has left
);
    if (II < 1 || PLACES < 1) begin : g_sizes
        $fatal(1, "II %0d with %0d places; l1ml_launch needs at least 1 of each", II, PLACES);
    end
    localparam int PLACE_BITS = $clog2(PLACES + 1);

    logic [PLACE_BITS-1:0] free_reg;
    always_ff @(posedge clk) begin
        free_reg <= free_reg + PLACE_BITS'(left) - PLACE_BITS'(launch);
        if (rst) free_reg <= PLACE_BITS'(PLACES);
    end

    if (II > 1) begin : g_pace
        localparam int PACE_BITS = $clog2(II);
        logic [PACE_BITS-1:0] wait_reg;
        always_ff @(posedge clk) begin
            if (launch) wait_reg <= PACE_BITS'(II - 1);
            else if (wait_reg != '0) wait_reg <= wait_reg - 1'b1;
            if (rst) wait_reg <= '0;
        end
        assign launch = ready & free_reg != '0 & wait_reg == '0 & ~rst;
    end else begin : g_always
        assign launch = ready & free_reg != '0 & ~rst;
    end
endmodule

`default_nettype wire
