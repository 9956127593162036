// By hand, in the style of Vitis HLS: a function without a pipeline, in three states. The next event starts when it is
// done. Both outputs are on one bus, input and output without a valid bit.
`timescale 1 ns / 1 ps

module adder (
    input ap_clk,
    input ap_rst_n,
    input ap_start,
    output ap_done,
    output ap_idle,
    output ap_ready,
    input [23:0] x,
    output reg [17:0] layer2_out
);

reg [2:0] ap_CS_fsm;

// power-on initialization
initial begin
#0 ap_CS_fsm = 3'd1;
end

always @ (posedge ap_clk) begin
    if (ap_rst_n == 1'b0) ap_CS_fsm <= 3'd1;
    else if (ap_CS_fsm != 3'd1 || ap_start) ap_CS_fsm <= {ap_CS_fsm[1:0], ap_CS_fsm[2]};
end

always @ (posedge ap_clk) begin
    if (ap_CS_fsm[0]) layer2_out[8:0] <= $signed(x[7:0]) + $signed(x[15:8]);
    if (ap_CS_fsm[1]) layer2_out[17:9] <= $signed(x[15:8]) - $signed(x[23:16]);
end

assign ap_done = ap_CS_fsm[2];
assign ap_ready = ap_CS_fsm[2];
assign ap_idle = ap_CS_fsm[0] & ~ap_start;

endmodule //adder
