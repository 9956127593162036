// What l1ml uses of a DSP48E2, after AMD UG579: A x B plus 0, C or P. All else is an error: parameters and ports that
// are missing here when the simulation is built, and $fatal at values that have no meaning here.

`default_nettype none

module DSP48E2 #(
    parameter int AREG = 1,
    parameter int ACASCREG = 1,
    parameter int BREG = 1,
    parameter int BCASCREG = 1,
    parameter int MREG = 1,
    parameter int PREG = 1,
    parameter int CREG = 1,
    parameter int DREG = 1,
    parameter int ADREG = 1,
    parameter int ALUMODEREG = 1,
    parameter int CARRYINREG = 1,
    parameter int CARRYINSELREG = 1,
    parameter int INMODEREG = 1,
    parameter int OPMODEREG = 1
) (
    input  wire  logic CLK,
    input  wire  logic [29:0] A,
    input  wire  logic [17:0] B,
    input  wire  logic [47:0] C,
    input  wire  logic [8:0] OPMODE,
    input  wire  logic [3:0] ALUMODE,
    input  wire  logic [4:0] INMODE,
    input  wire  logic CARRYIN,
    input  wire  logic [2:0] CARRYINSEL,
    input  wire  logic CEA1,
    input  wire  logic CEA2,
    input  wire  logic CEB1,
    input  wire  logic CEB2,
    input  wire  logic CEM,
    input  wire  logic CEP,
    output wire  logic [47:0] P
);
    if (AREG > 1 || BREG > 1 || MREG > 1 || PREG > 1) $fatal(1, "only one register of a kind is modelled");
    if (ACASCREG != AREG || BCASCREG != BREG) $fatal(1, "cascades have the registers of the path (UG579)");
    if (CREG != 0 || DREG != 0 || ADREG != 0) $fatal(1, "registers of C, D and AD are not modelled");
    if (ALUMODEREG != 0 || CARRYINREG != 0 || CARRYINSELREG != 0 || INMODEREG != 0 || OPMODEREG != 0)
        $fatal(1, "registers of controls are not modelled");

    logic signed [26:0] a_reg;  // the multiplier takes 27 of the 30 bits
    logic signed [17:0] b_reg;
    logic signed [44:0] m_reg;
    logic [47:0] p_reg;
    wire logic signed [26:0] a = AREG != 0 ? a_reg : A[26:0];
    wire logic signed [17:0] b = BREG != 0 ? b_reg : B;
    wire logic signed [44:0] product = a * b;
    wire logic signed [44:0] m = MREG != 0 ? m_reg : product;

    logic [47:0] xy, z;
    always_comb begin
        case (OPMODE[3:0])  // Y, X
            4'b0101: xy = 48'(m);
            default: xy = 'x;
        endcase
        case (OPMODE[6:4])
            3'b000:  z = '0;
            3'b010:  z = p_reg;
            3'b011:  z = C;
            default: z = 'x;
        endcase
    end
    wire logic [47:0] sum = z + xy;  // W is 0
    assign P = PREG != 0 ? p_reg : sum;

    always_ff @(posedge CLK) begin
        a_reg <= A[26:0];
        b_reg <= B;
        m_reg <= product;
        p_reg <= sum;
        if (OPMODE[3:0] != 4'b0101 || !(OPMODE[6:4] inside {3'b000, 3'b010, 3'b011}) || OPMODE[8:7] != 2'b00)
            $fatal(1, "OPMODE %b is not modelled", OPMODE);
        if (OPMODE[6:4] == 3'b010 && PREG == 0) $fatal(1, "OPMODE %b needs PREG", OPMODE);
        if (ALUMODE != 4'b0000) $fatal(1, "ALUMODE %b is not modelled", ALUMODE);
        if (INMODE != 5'b00000) $fatal(1, "INMODE %b is not modelled", INMODE);
        if (CARRYIN || CARRYINSEL != 3'b000) $fatal(1, "CARRYIN is not modelled");
        if (!(CEA1 && CEA2 && CEB1 && CEB2 && CEM && CEP)) $fatal(1, "clock enables are not modelled");
    end
endmodule

`default_nettype wire
