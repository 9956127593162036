// Multiply by digits from -2 to 2, drop bits of the product, accumulate, all in LUTs:
// p[t+3] = (load[t+2] ? c[t+2] : p[t+2]) + (a[t] * sum_k 4**k digit_k[t] >>> DROP).

`default_nettype none

module l1ml_booth_mac #(
    parameter int A = 8,       // bits of the factor
    parameter int DIGITS = 3,  // digits of the other
    parameter int DROP = 0,    // bits to drop
    parameter int P = 20       // bits of the sum
) (
    input  wire  logic clk,
    input  wire  logic signed [A-1:0] a,
    input  wire  logic [DIGITS-1:0] one,       // the digit is 1 or -1
    input  wire  logic [DIGITS-1:0] two,       // the digit is 2 or -2
    input  wire  logic [DIGITS-1:0] negative,  // the digit is below 0
    input  wire  logic load,
    input  wire  logic signed [P-1:0] c,
    output var   logic signed [P-1:0] p
);
    localparam int M = A + 2 * DIGITS;

    logic signed [A-1:0] a_reg;
    logic [DIGITS-1:0] one_reg, two_reg, negative_reg;
    always_ff @(posedge clk) begin
        a_reg        <= a;
        one_reg      <= one;
        two_reg      <= two;
        negative_reg <= negative;
    end

    // Row k is the factor times digit k, less 1 if that is negative. The 1 is added by the carry of the row's adder,
    // that of the first row by the carry of the accumulator.
    wire logic signed [M-1:0] partial[DIGITS];
    for (genvar k = 0; k < DIGITS; k++) begin : gen_row
        wire logic signed [A:0] row =
            (({(A+1){one_reg[k]}} & (A+1)'(a_reg)) | ({(A+1){two_reg[k]}} & {a_reg, 1'b0})) ^ {(A+1){negative_reg[k]}};
        if (k == 0) begin : gen_first
            assign partial[0] = M'(row);
        end else begin : gen_next
            wire logic signed [M-2*k:0] sum =
                {partial[k-1][M-1:2*k], 1'b1} + {(M-2*k)'(row), negative_reg[k]};
            wire logic unused_carry = sum[0];  // where the carry comes in
            assign partial[k] = {sum[M-2*k:1], partial[k-1][2*k-1:0]};
        end
    end

    logic signed [M-1:0] product;
    logic carry;
    always_ff @(posedge clk) begin
        product <= partial[DIGITS-1];
        carry   <= negative_reg[0];
    end
    wire logic unused_ok = &{1'b0, product};  // a sum of fewer bits does without the highest

    if (DROP == 0) begin : gen_exact
        wire logic signed [P:0] sum = {load ? c : p, 1'b1} + {P'(product), carry};
        wire logic unused_carry = sum[0];
        always_ff @(posedge clk) p <= sum[P:1];
    end else begin : gen_dropped
        wire logic signed [M-1:0] whole = product + M'(signed'({1'b0, carry}));
        always_ff @(posedge clk) p <= (load ? c : p) + P'(whole >>> DROP);
    end
endmodule

`default_nettype wire
