// Multiply, drop bits of the product, accumulate: p[t+3] = (load[t+2] ? c[t+2] : p[t+2]) + (a[t] * b[t] >>> DROP).
// One DSP48, whose sum is made outside because it cannot drop bits before it adds.

`default_nettype none

module l1ml_mul_acc #(
    parameter int A = 18,    // bits of the one factor
    parameter int B = 18,    // bits of the other
    parameter int DROP = 1,  // bits to drop
    parameter int P = 48     // bits of the sum
) (
    input  wire  logic clk,
    input  wire  logic signed [A-1:0] a,
    input  wire  logic signed [B-1:0] b,
    input  wire  logic load,
    input  wire  logic signed [P-1:0] c,
    output var   logic signed [P-1:0] p
);
    wire logic signed [A+B-1:0] product;
    l1ml_mul #(.A(A), .B(B)) mul (.clk(clk), .a(a), .b(b), .p(product));
    always_ff @(posedge clk) p <= (load ? c : p) + P'(product >>> DROP);
endmodule

`default_nettype wire
