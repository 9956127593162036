// By hand, in the style of Vitis HLS: a pipeline that takes an event each cycle. The first output is valid a cycle
// before the second one, with which the function is done.
`timescale 1 ns / 1 ps

module adder (
        ap_clk,
        ap_rst,
        ap_start,
        ap_done,
        ap_idle,
        ap_ready,
        x_ap_vld,
        x,
        layer2_out_0,
        layer2_out_0_ap_vld,
        layer2_out_1,
        layer2_out_1_ap_vld
);

input   ap_clk;
input   ap_rst;
input   ap_start;
output   ap_done;
output   ap_idle;
output   ap_ready;
input   x_ap_vld;
input  [23:0] x;
output  [8:0] layer2_out_0;
output   layer2_out_0_ap_vld;
output  [8:0] layer2_out_1;
output   layer2_out_1_ap_vld;

reg ap_enable_reg_pp0_iter1;
reg ap_enable_reg_pp0_iter2;
reg [8:0] add_ln1_reg;
reg [8:0] sub_ln2_reg;
reg [8:0] sub_ln2_reg_pp0_iter1_reg;
wire ap_block_pp0;
wire signed [7:0] x0;
wire signed [7:0] x1;
wire signed [7:0] x2;

// power-on initialization
initial begin
#0 ap_enable_reg_pp0_iter1 = 1'b0;
#0 ap_enable_reg_pp0_iter2 = 1'b0;
end

assign ap_block_pp0 = ap_start & ~x_ap_vld;
assign x0 = x[7:0];
assign x1 = x[15:8];
assign x2 = x[23:16];

always @ (posedge ap_clk) begin
    if (ap_rst == 1'b1) begin
        ap_enable_reg_pp0_iter1 <= 1'b0;
        ap_enable_reg_pp0_iter2 <= 1'b0;
    end else if (~ap_block_pp0) begin
        ap_enable_reg_pp0_iter1 <= ap_start;
        ap_enable_reg_pp0_iter2 <= ap_enable_reg_pp0_iter1;
    end
end

always @ (posedge ap_clk) begin
    if (~ap_block_pp0) begin
        add_ln1_reg <= x0 + x1;
        sub_ln2_reg <= x1 - x2;
        sub_ln2_reg_pp0_iter1_reg <= sub_ln2_reg;
    end
end

assign ap_ready = ap_start & ~ap_block_pp0;
assign ap_done = ap_enable_reg_pp0_iter2 & ~ap_block_pp0;
assign ap_idle = ~ap_start & ~ap_enable_reg_pp0_iter1 & ~ap_enable_reg_pp0_iter2;
assign layer2_out_0 = add_ln1_reg;
assign layer2_out_0_ap_vld = ap_enable_reg_pp0_iter1 & ~ap_block_pp0;
assign layer2_out_1 = sub_ln2_reg_pp0_iter1_reg;
assign layer2_out_1_ap_vld = ap_done;

endmodule //adder
