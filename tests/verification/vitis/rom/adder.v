// By hand, in the style of Vitis HLS: a pipeline with an event each two cycles, one multiplier for each output, and
// weights in a ROM. Inputs come element by element and must stay until ap_ready; outputs are valid with ap_done only.
`timescale 1 ns / 1 ps

module adder (
        ap_clk,
        ap_rst,
        ap_start,
        ap_done,
        ap_idle,
        ap_ready,
        x_0,
        x_0_ap_vld,
        x_1,
        x_1_ap_vld,
        x_2,
        x_2_ap_vld,
        layer2_out_0,
        layer2_out_1
);

parameter    ap_ST_fsm_pp0_stage0 = 2'd1;
parameter    ap_ST_fsm_pp0_stage1 = 2'd2;

input   ap_clk;
input   ap_rst;
input   ap_start;
output   ap_done;
output   ap_idle;
output   ap_ready;
input  [7:0] x_0;
input   x_0_ap_vld;
input  [7:0] x_1;
input   x_1_ap_vld;
input  [7:0] x_2;
input   x_2_ap_vld;
output  [8:0] layer2_out_0;
output  [8:0] layer2_out_1;

reg [1:0] ap_CS_fsm;
reg ap_enable_reg_pp0_iter1;
reg signed [8:0] mul_0_reg;
reg signed [8:0] mul_1_reg;
wire go;
wire stage;
wire [7:0] w_q0;
wire signed [1:0] w_0;
wire signed [1:0] w_1;
wire signed [7:0] left;
wire signed [7:0] right;

// power-on initialization
initial begin
#0 ap_CS_fsm = 2'd1;
#0 ap_enable_reg_pp0_iter1 = 1'b0;
end

adder_w2_ROM_AUTO_1R w2_U (
    .address0(stage),
    .q0(w_q0)
);

assign go = ap_start & x_0_ap_vld & x_1_ap_vld & x_2_ap_vld;
assign stage = ap_CS_fsm == ap_ST_fsm_pp0_stage1;
assign w_0 = w_q0[1:0];
assign w_1 = w_q0[5:4];
assign left = stage ? x_1 : x_0;
assign right = stage ? x_2 : x_1;

always @ (posedge ap_clk) begin
    if (ap_rst == 1'b1) begin
        ap_CS_fsm <= ap_ST_fsm_pp0_stage0;
        ap_enable_reg_pp0_iter1 <= 1'b0;
    end else begin
        if (go | stage) ap_CS_fsm <= stage ? ap_ST_fsm_pp0_stage0 : ap_ST_fsm_pp0_stage1;
        ap_enable_reg_pp0_iter1 <= stage;
    end
end

always @ (posedge ap_clk) begin
    mul_0_reg <= (stage ? mul_0_reg : 9'sd0) + w_0 * left;
    mul_1_reg <= (stage ? mul_1_reg : 9'sd0) + w_1 * right;
end

assign ap_ready = stage;
assign ap_done = ap_enable_reg_pp0_iter1;
assign ap_idle = ~ap_start & ~stage & ~ap_enable_reg_pp0_iter1;
assign layer2_out_0 = ap_done ? mul_0_reg : 9'd85;
assign layer2_out_1 = ap_done ? mul_1_reg : 9'd170;

endmodule //adder
