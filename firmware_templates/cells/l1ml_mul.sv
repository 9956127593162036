// Multiply: p[t+2] = a[t] * b[t]. One DSP48.

`default_nettype none

(* use_dsp = "yes" *)
module l1ml_mul #(
    parameter int A = 18,  // bits of the one factor
    parameter int B = 18   // bits of the other
) (
    input  wire  logic clk,
    input  wire  logic signed [A-1:0] a,
    input  wire  logic signed [B-1:0] b,
    output var   logic signed [A+B-1:0] p
);
    logic signed [A-1:0] a_reg;
    logic signed [B-1:0] b_reg;
    always_ff @(posedge clk) begin
        a_reg <= a;
        b_reg <= b;
        p     <= a_reg * b_reg;
    end
endmodule

`default_nettype wire
