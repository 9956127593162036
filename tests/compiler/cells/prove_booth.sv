// For Yosys to prove: l1ml_booth_mac with the digits of a number is l1ml_mul_acc with that number.

module prove_booth #(
    parameter int A = 4,
    parameter int B = 4,
    parameter int DROP = 0,
    parameter int P = 8
) (
    input logic clk,
    input logic signed [A-1:0] a,
    input logic signed [B-1:0] b,
    input logic load,
    input logic signed [P-1:0] c
);
    localparam int D = (B + 1) / 2;  // digits

    wire logic signed [2*D-1:0] extended = b;
    wire logic [2*D:0] padded = {extended, 1'b0};
    wire logic [D-1:0] one, two, negative;
    for (genvar k = 0; k < D; k++) begin : gen_digit
        assign one[k]      = padded[2*k] ^ padded[2*k+1];
        assign two[k]      = padded[2*k+:3] == 3'b100 || padded[2*k+:3] == 3'b011;
        assign negative[k] = padded[2*k+2] && padded[2*k+:2] != 2'b11;
    end

    wire logic signed [P-1:0] wanted, found;
    l1ml_mul_acc #(.A(A), .B(B), .DROP(DROP), .P(P)) mul_acc (
        .clk(clk), .a(a), .b(b), .load(load), .c(c), .p(wanted)
    );
    l1ml_booth_mac #(.A(A), .DIGITS(D), .DROP(DROP), .P(P)) booth (
        .clk(clk), .a(a), .one(one), .two(two), .negative(negative), .load(load), .c(c), .p(found)
    );
    always_comb assert (found == wanted);
endmodule
