// l1ml_mul as Vivado maps it, for Yosys, which does not merge registers into a DSP48E2 (it does into a DSP48E1).
// Read in place of cells/l1ml_mul.sv for estimates only.
module l1ml_mul #(parameter A = 18, parameter B = 18) (
    input clk, input signed [A-1:0] a, input signed [B-1:0] b, output signed [A+B-1:0] p
);
    wire [47:0] p_full;
    wire signed [29:0] a_full;
    wire signed [17:0] b_full;
    generate
        if (A >= B) begin
            assign a_full = a;
            assign b_full = b;
        end else begin
            assign a_full = b;
            assign b_full = a;
        end
    endgenerate
    assign p = p_full[A+B-1:0];
    DSP48E2 #(
        .AREG(1), .ACASCREG(1), .BREG(1), .BCASCREG(1), .MREG(1), .PREG(0), .CREG(0), .DREG(0), .ADREG(0),
        .ALUMODEREG(0), .CARRYINREG(0), .CARRYINSELREG(0), .INMODEREG(0), .OPMODEREG(0)
    ) dsp (
        .CLK(clk), .A(a_full), .B(b_full), .C(48'd0), .P(p_full),
        .OPMODE(9'b000000101),  // W = 0, Z = 0, X and Y = product
        .ALUMODE(4'b0000), .INMODE(5'b00000), .CARRYIN(1'b0), .CARRYINSEL(3'b000),
        .CEA1(1'b1), .CEA2(1'b1), .CEB1(1'b1), .CEB2(1'b1), .CEM(1'b1), .CEP(1'b1)
    );
endmodule
