// Multiply and accumulate: p[t+3] = (load[t+2] ? c[t+2] : p[t+2]) + a[t] * b[t]. One DSP48.

`default_nettype none

(* use_dsp = "yes" *)
module l1ml_mac #(
    parameter int A = 18,  // bits of the one factor
    parameter int B = 18,  // bits of the other
    parameter int P = 48   // bits of the sum
) (
    input  wire  logic clk,
    input  wire  logic signed [A-1:0] a,
    input  wire  logic signed [B-1:0] b,
    input  wire  logic load,
    input  wire  logic signed [P-1:0] c,
    output var   logic signed [P-1:0] p
);
    logic signed [A-1:0] a_reg;
    logic signed [B-1:0] b_reg;
    logic signed [A+B-1:0] product;
    always_ff @(posedge clk) begin
        a_reg   <= a;
        b_reg   <= b;
        product <= a_reg * b_reg;
        p       <= (load ? c : p) + P'(product);
    end
    wire logic unused_ok = &{1'b0, product};  // a sum of fewer bits does without the highest
endmodule

`default_nettype wire
