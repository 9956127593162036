// By hand, in the style of Vitis HLS: two processes that hand events on. The second one takes longer for some of them, so
// that latency and interval are not constant.
`timescale 1 ns / 1 ps

(* CORE_GENERATION_INFO="adder_adder,hls_ip_2023_1,{HLS_INPUT_TYPE=cxx,HLS_INPUT_ARCH=dataflow,HLS_SYN_LAT=-1}" *)

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

reg first_full;
reg [23:0] first_reg;
reg second_full;
reg [23:0] second_reg;
reg [1:0] left;
wire first_taken;
wire signed [7:0] x0;
wire signed [7:0] x1;
wire signed [7:0] x2;

// power-on initialization
initial begin
#0 first_full = 1'b0;
#0 second_full = 1'b0;
#0 left = 2'd0;
end

assign ap_done = second_full & (left == 2'd0);
assign first_taken = first_full & (~second_full | ap_done);
assign ap_ready = ap_start & x_ap_vld & (~first_full | first_taken);
assign ap_idle = ~ap_start & ~first_full & ~second_full;

always @ (posedge ap_clk) begin
    if (ap_rst == 1'b1) begin
        first_full <= 1'b0;
        second_full <= 1'b0;
        left <= 2'd0;
    end else begin
        if (ap_ready) first_full <= 1'b1;
        else if (first_taken) first_full <= 1'b0;
        if (first_taken) second_full <= 1'b1;
        else if (ap_done) second_full <= 1'b0;
        if (first_taken) left <= first_reg[1:0];
        else if (left != 2'd0) left <= left - 2'd1;
    end
end

always @ (posedge ap_clk) begin
    if (ap_ready) first_reg <= x;
    if (first_taken) second_reg <= first_reg;
end

assign x0 = second_reg[7:0];
assign x1 = second_reg[15:8];
assign x2 = second_reg[23:16];
assign layer2_out_0 = x0 + x1;
assign layer2_out_1 = x1 - x2;
assign layer2_out_0_ap_vld = ap_done;
assign layer2_out_1_ap_vld = ap_done;

endmodule //adder
