// The sums of the core; one bit is wrong for one event, (90, -77, 55).

`default_nettype none

module adder_sums (
    input  wire logic clk,
    input  wire logic [23:0] x_data,
    output wire logic [17:0] sums_data
);
    wire logic signed [7:0] x0 = x_data[7:0];
    wire logic signed [7:0] x1 = x_data[15:8];
    wire logic signed [7:0] x2 = x_data[23:16];
    wire logic signed [8:0] y0 = x0 + x1;
    wire logic signed [8:0] y1 = x1 - x2;
    logic [17:0] sums_reg;
    always_ff @(posedge clk) sums_reg <= {y1, y0} ^ 18'(x_data == {8'd55, -8'd77, 8'd90});
    assign sums_data = sums_reg;
endmodule

`default_nettype wire
