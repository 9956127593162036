// Cells of many sizes, each against the formula at its head. Prints a line for each: how many clock cycles were
// compared and how many were wrong. l1ml_mac_dsp and l1ml_mul_dsp are the cells of firmware_templates/yosys.

`default_nettype none
`timescale 1ns / 1ps

module compare #(
    parameter string CELL = "",
    parameter int A = 1,
    parameter int B = 1,
    parameter int DROP = 0,
    parameter int P = 1,  // bits that are compared
    parameter int FROM = 0
) (
    input  wire  logic clk,
    input  var   int cycle,
    input  wire  logic signed [P-1:0] found,
    input  wire  logic signed [P-1:0] wanted
);
    int compared = 0, wrong = 0;
    always @(negedge clk) begin
        if (cycle >= FROM) begin
            compared++;
            if (found !== wanted) begin
                wrong++;
                if (wrong == 1) $display("%m: cycle %0d: %0d instead of %0d", cycle, found, wanted);
            end
        end
    end
    final $display("cell=%s a=%0d b=%0d drop=%0d p=%0d compared=%0d wrong=%0d", CELL, A, B, DROP, P, compared, wrong);
endmodule

module check #(
    parameter int A = 1,
    parameter int B = 1,
    parameter int DROP = 0,
    parameter int P = 1,
    parameter bit DSP = 1'b0  // whether the cells of DSPs are looked at
) (
    input  wire  logic clk,
    input  var   int cycle
);
    localparam int D = (B + 1) / 2;  // digits
    localparam int ALL = 14;         // up to so many bits all pairs of factors come

    // Often a number at an end.
    function automatic longint pick(int bits);
        longint low = -(64'sd1 <<< (bits - 1));
        case ($urandom_range(9))
            0: return low;
            1: return -1 - low;
            2: return -1;
            3: return 0;
            default: return longint'({$urandom(), $urandom()}) >>> (64 - bits);
        endcase
    endfunction

    logic signed [A-1:0] a;
    logic signed [B-1:0] b;
    logic signed [P-1:0] c;
    logic load;
    always @(negedge clk) begin
        if (A + B <= ALL) {a, b} = (A + B)'(cycle);
        else begin
            a = A'(pick(A));
            b = B'(pick(B));
        end
        c = P'(pick(P));
        load = cycle < 4 || $urandom_range(3) == 0;
    end

    // What the heads say, in integers
    longint a1 = 0, b1 = 0, product = 0, sum = 0;
    always @(posedge clk) begin
        a1      <= longint'(a);
        b1      <= longint'(b);
        product <= a1 * b1;
        sum     <= ((load ? longint'(c) : sum) + (product >>> DROP)) << (64 - P) >>> (64 - P);
    end

    wire logic signed [P-1:0] sum_p;
    if (DROP == 0) begin : gen_mac
        l1ml_mac #(.A(A), .B(B), .P(P)) mac (.*, .p(sum_p));
    end else begin : gen_mul_acc
        l1ml_mul_acc #(.A(A), .B(B), .DROP(DROP), .P(P)) mul_acc (.*, .p(sum_p));
    end
    compare #(.CELL(DROP == 0 ? "l1ml_mac" : "l1ml_mul_acc"), .A(A), .B(B), .DROP(DROP), .P(P), .FROM(8)) check_sum (
        .clk(clk), .cycle(cycle), .found(sum_p), .wanted(P'(sum))
    );

    if (DSP) begin : gen_dsp
        wire logic signed [A+B-1:0] mul_p, mul_dsp_p;
        l1ml_mul #(.A(A), .B(B)) mul (.clk(clk), .a(a), .b(b), .p(mul_p));
        l1ml_mul_dsp #(.A(A), .B(B)) mul_dsp (.clk(clk), .a(a), .b(b), .p(mul_dsp_p));
        compare #(.CELL("l1ml_mul"), .A(A), .B(B), .P(A+B), .FROM(4)) check_mul (
            .clk(clk), .cycle(cycle), .found(mul_p), .wanted((A+B)'(product))
        );
        compare #(.CELL("l1ml_mul_dsp"), .A(A), .B(B), .P(A+B), .FROM(4)) check_mul_dsp (
            .clk(clk), .cycle(cycle), .found(mul_dsp_p), .wanted((A+B)'(product))
        );
        if (DROP == 0) begin : gen_mac_dsp
            wire logic signed [P-1:0] mac_dsp_p;
            l1ml_mac_dsp #(.A(A), .B(B), .P(P)) mac_dsp (.*, .p(mac_dsp_p));
            compare #(.CELL("l1ml_mac_dsp"), .A(A), .B(B), .P(P), .FROM(8)) check_mac_dsp (
                .clk(clk), .cycle(cycle), .found(mac_dsp_p), .wanted(P'(sum))
            );
        end
    end

    // Digits as l1ml makes them of a weight
    wire logic [2*D:0] padded = {(2*D)'(b), 1'b0};
    wire logic [D-1:0] one, two, negative;
    for (genvar k = 0; k < D; k++) begin : gen_digit
        wire logic signed [2:0] digit = 3'(padded[2*k]) + 3'(padded[2*k+1]) - {padded[2*k+2], 1'b0};
        assign one[k]      = digit == 3'sd1 || digit == -3'sd1;
        assign two[k]      = digit == 3'sd2 || digit == -3'sd2;
        assign negative[k] = digit < 3'sd0;
    end
    wire logic signed [P-1:0] booth_p;
    l1ml_booth_mac #(.A(A), .DIGITS(D), .DROP(DROP), .P(P)) booth (.*, .p(booth_p));
    compare #(.CELL("l1ml_booth_mac"), .A(A), .B(B), .DROP(DROP), .P(P), .FROM(8)) check_booth (
        .clk(clk), .cycle(cycle), .found(booth_p), .wanted(P'(sum))
    );
endmodule

module check_cells;
    localparam int CYCLES = (1 << 14) + 16;

    logic clk = 1'b0;
    int cycle = 0;
    always #1 clk = ~clk;
    always @(posedge clk) begin
        cycle <= cycle + 1;
        if (cycle == CYCLES) $finish;
    end

    // Sizes of a trigger, and the ends of a DSP48E2
    check #(.A(18), .B(18), .DROP(0), .P(48), .DSP(1'b1)) wide0 (.*);
    check #(.A(27), .B(18), .DROP(0), .P(48), .DSP(1'b1)) wide1 (.*);
    check #(.A(18), .B(27), .DROP(0), .P(48), .DSP(1'b1)) wide2 (.*);
    check #(.A(27), .B(2), .DROP(0), .P(32), .DSP(1'b1)) wide3 (.*);
    check #(.A(2), .B(27), .DROP(0), .P(30), .DSP(1'b1)) wide4 (.*);
    check #(.A(1), .B(1), .DROP(0), .P(5), .DSP(1'b1)) wide5 (.*);
    check #(.A(8), .B(16), .DROP(0), .P(28), .DSP(1'b1)) wide6 (.*);
    check #(.A(12), .B(12), .DROP(5), .P(22), .DSP(1'b1)) wide7 (.*);
    check #(.A(9), .B(6), .DROP(0), .P(15), .DSP(1'b1)) wide8 (.*);
    check #(.A(6), .B(9), .DROP(2), .P(10), .DSP(1'b1)) wide9 (.*);

    // Factors of 1 to 12 bits; the sum has fewer bits than the product, as many, or more
    for (genvar i = 0; i < 24; i++) begin : gen_small
        localparam int A = 1 + i % 12;
        localparam int B = 1 + (7 * i + i / 12) % 12;
        localparam int DROP = (i + i / 6) % 6;
        localparam int P = A + B + 3 * (i % 3) - 2;
        check #(.A(A), .B(B), .DROP(DROP), .P(P < 1 ? 1 : P)) each (.*);
    end

    // A DSP48E2 with controls from the command line
    logic [8:0] opmode;
    logic [3:0] alumode;
    initial begin
        if (!$value$plusargs("opmode=%b", opmode)) opmode = 9'b000000101;
        if (!$value$plusargs("alumode=%b", alumode)) alumode = 4'b0000;
    end
    DSP48E2 #(
        .CREG(0), .DREG(0), .ADREG(0), .ALUMODEREG(0), .CARRYINREG(0), .CARRYINSELREG(0), .INMODEREG(0), .OPMODEREG(0)
    ) commanded (
        .CLK(clk), .A('0), .B('0), .C('0), .P(), .OPMODE(opmode), .ALUMODE(alumode), .INMODE('0), .CARRYIN('0),
        .CARRYINSEL('0), .CEA1('1), .CEA2('1), .CEB1('1), .CEB2('1), .CEM('1), .CEP('1)
    );
endmodule

`default_nettype wire
