// By hand, in the style of Vitis HLS: a function without a register. It is done in the cycle in which it starts.
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

wire go;
wire signed [7:0] x0;
wire signed [7:0] x1;
wire signed [7:0] x2;

assign go = ap_start & x_ap_vld;
assign x0 = x[7:0];
assign x1 = x[15:8];
assign x2 = x[23:16];
assign ap_done = go;
assign ap_ready = go;
assign ap_idle = ~ap_start;
assign layer2_out_0 = x0 + x1;
assign layer2_out_1 = x1 - x2;
assign layer2_out_0_ap_vld = go;
assign layer2_out_1_ap_vld = go;

endmodule //adder
