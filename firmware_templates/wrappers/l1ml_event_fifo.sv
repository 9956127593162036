// Results that wait, the oldest at the output. There is no stop for the writing side: it counts places (l1ml_launch).

`default_nettype none

module l1ml_event_fifo #(
    parameter int WIDTH = 64,  // bits of a result
    parameter int DEPTH = 4    // places, a power of two
) (
    input  wire logic clk,
    input  wire logic rst,
    input  wire logic write,
    input  wire logic [WIDTH-1:0] write_data,
    output wire logic valid,
    output wire logic [WIDTH-1:0] data,
    input  wire logic taken  // in this clock cycle; only while valid
);
    if (DEPTH < 2 || DEPTH != 1 << $clog2(DEPTH)) begin : g_depth
        $fatal(1, "DEPTH is %0d; l1ml_event_fifo needs 2, 4, 8 ... places", DEPTH);
    end
    localparam int ADDRESS_BITS = $clog2(DEPTH);

    (* ram_style = "distributed" *) logic [WIDTH-1:0] memory[DEPTH];
    logic [ADDRESS_BITS-1:0] write_reg, read_reg;
    logic [ADDRESS_BITS:0] used_reg;
    always_ff @(posedge clk) begin
        if (write) memory[write_reg] <= write_data;
        write_reg <= write_reg + ADDRESS_BITS'(write);
        read_reg <= read_reg + ADDRESS_BITS'(taken);
        used_reg <= used_reg + (ADDRESS_BITS + 1)'(write) - (ADDRESS_BITS + 1)'(taken);
        if (rst) begin
            write_reg <= '0;
            read_reg <= '0;
            used_reg <= '0;
        end
    end
    assign valid = used_reg != '0;
    assign data = memory[read_reg];

`ifndef SYNTHESIS
    always_ff @(posedge clk)
        if (!rst && write && used_reg == (ADDRESS_BITS + 1)'(DEPTH)) $fatal(1, "a result has no place in l1ml_event_fifo");
`endif
endmodule

`default_nettype wire
