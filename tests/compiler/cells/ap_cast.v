// A cast as ap_fixed defines it: quantise, then look for an overflow. Written from the definition, without any tricks.

module ap_cast #(
    parameter SW = 8,  // bits of the source, at most 10
    parameter SS = 1,  // whether it is signed
    parameter DROP = 2,  // fractional bits that are lost; below 0 if some are gained
    parameter TW = 6,  // bits of the target
    parameter TS = 1,  // whether it is signed
    parameter Q = 0,  // 0 TRN, 1 RND, 2 RND_CONV, 3 RND_INF, 4 RND_ZERO, 5 RND_MIN_INF, 6 TRN_ZERO
    parameter O = 0,  // 0 WRAP, 1 SAT, 2 SAT_ZERO, 3 SAT_SYM
    parameter RELU = 0  // whether negative values become 0 before the cast
) (
    input wire [SW-1:0] x,
    output wire [TW-1:0] y
);
    localparam DOWN = DROP > 0 ? DROP : 0;
    localparam UP = DROP < 0 ? -DROP : 0;
    wire negative = SS && x[SW-1];
    wire signed [31:0] given = {{(32 - SW) {negative}}, x};
    wire signed [31:0] value = RELU && negative ? 0 : given;

    wire signed [31:0] scaled = value <<< (UP + 1);  // a bit more, so that there is always a first dropped bit
    wire signed [31:0] kept = scaled >>> (DOWN + 1);
    wire [31:0] dropped = scaled & ((32'd1 << (DOWN + 1)) - 1);
    wire q = (dropped >> DOWN) & 1 && DOWN > 0 ? 1'b1 : 1'b0;
    wire r = DOWN > 0 && (dropped & ((32'd1 << DOWN) - 1)) != 0;
    wire s = value < 0;
    wire lsb = kept[0];
    wire carry = Q == 0 ? 1'b0
        : Q == 1 ? q
        : Q == 2 ? q & (lsb | r)
        : Q == 3 ? q & (!s | r)
        : Q == 4 ? q & (s | r)
        : Q == 5 ? q & r
        : s & (q | r);
    wire signed [31:0] rounded = kept + $signed({31'd0, carry});

    localparam signed [31:0] HIGH = TS ? (1 << (TW - 1)) - 1 : (1 << TW) - 1;
    localparam signed [31:0] LEAST = TS ? -(1 << (TW - 1)) : 0;
    // A sign bit alone has no symmetric range: ap_fixed keeps its -1.
    localparam signed [31:0] LOW = O == 3 && TS && TW > 1 ? -HIGH : LEAST;
    wire signed [31:0] limited = rounded > HIGH ? HIGH : rounded < LOW ? LOW : rounded;
    wire signed [31:0] result = O == 0 ? rounded
        : O == 2 ? (rounded == limited ? rounded : 0)
        : limited;
    assign y = result[TW-1:0];
endmodule
