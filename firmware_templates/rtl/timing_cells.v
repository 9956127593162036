// Delays in ps of cells for which Yosys has none. All numbers are those that Yosys's xilinx/cells_sim.v has for
// the Artix-7 cell of the same kind.

// Stands at each input: the register of the module before it (FDRE, clock to Q).
module L1ML_LAUNCH (
    input  I,
    output O
);
    specify
        (I => O) = 303;
    endspecify
endmodule

// Stands for DSP48E2 that multiplies, and adds C or P: DSP48E1 without pre-adder and pattern detector. OPMODE is not
// timed there either.
module L1ML_DSP48E2 #(
    parameter integer AREG = 1,
    parameter integer BREG = 1,
    parameter integer CREG = 1,
    parameter integer MREG = 1,
    parameter integer PREG = 1
) (
    input         CLK,
    input  [29:0] A,
    input  [17:0] B,
    input  [47:0] C,
    output [47:0] P
);
    localparam integer A_SETUP = AREG ? 254 : MREG ? 1416 : 2739;
    localparam integer B_SETUP = BREG ? 324 : MREG ? 1285 : 2608;
    localparam integer C_SETUP = CREG ? 168 : 1244;
    localparam integer P_ARRIVAL = PREG ? 329 : CREG ? 1687 : MREG ? 1671 : AREG ? 2952 : 2813;
    generate
        if (AREG || MREG || PREG)
            specify
                $setup(A, posedge CLK, A_SETUP);
            endspecify
        else
            specify
                (A *> P) = 2823;
            endspecify
        if (BREG || MREG || PREG)
            specify
                $setup(B, posedge CLK, B_SETUP);
            endspecify
        else
            specify
                (B *> P) = 2690;
            endspecify
        if (CREG || PREG)
            specify
                $setup(C, posedge CLK, C_SETUP);
            endspecify
        else
            specify
                (C *> P) = 1325;
            endspecify
        if (AREG || BREG || CREG || MREG || PREG)
            specify
                (posedge CLK => (P : 48'bx)) = P_ARRIVAL;
            endspecify
    endgenerate
endmodule

// Stands for RAMB18E2. Yosys leaves its output registers off: RAMB18E1 without them.
module L1ML_RAMB18E2 (
    input         CLKARDCLK,
    input         CLKBWRCLK,
    input  [13:0] ADDRARDADDR,
    input  [13:0] ADDRBWRADDR,
    input  [15:0] DINADIN,
    input  [15:0] DINBDIN,
    input  [ 1:0] DINPADINP,
    input  [ 1:0] DINPBDINP,
    input  [ 1:0] WEA,
    input  [ 3:0] WEBWE,
    output [15:0] DOUTADOUT,
    output [15:0] DOUTBDOUT,
    output [ 1:0] DOUTPADOUTP,
    output [ 1:0] DOUTPBDOUTP
);
    specify
        $setup(ADDRARDADDR, posedge CLKARDCLK, 566);
        $setup(ADDRBWRADDR, posedge CLKBWRCLK, 566);
        $setup(WEA, posedge CLKARDCLK, 532);
        $setup(WEBWE, posedge CLKBWRCLK, 532);
        $setup(DINADIN, posedge CLKARDCLK, 737);
        $setup(DINBDIN, posedge CLKBWRCLK, 737);
        $setup(DINPADINP, posedge CLKARDCLK, 737);
        $setup(DINPBDINP, posedge CLKBWRCLK, 737);
        (posedge CLKARDCLK => (DOUTADOUT : 16'bx)) = 2454;
        (posedge CLKARDCLK => (DOUTPADOUTP : 2'bx)) = 2454;
        (posedge CLKBWRCLK => (DOUTBDOUT : 16'bx)) = 2454;
        (posedge CLKBWRCLK => (DOUTPBDOUTP : 2'bx)) = 2454;
    endspecify
endmodule

// Stands for RAMB36E2: RAMB36E1 without output registers.
module L1ML_RAMB36E2 (
    input         CLKARDCLK,
    input         CLKBWRCLK,
    input  [14:0] ADDRARDADDR,
    input  [14:0] ADDRBWRADDR,
    input  [31:0] DINADIN,
    input  [31:0] DINBDIN,
    input  [ 3:0] DINPADINP,
    input  [ 3:0] DINPBDINP,
    input  [ 3:0] WEA,
    input  [ 7:0] WEBWE,
    output [31:0] DOUTADOUT,
    output [31:0] DOUTBDOUT,
    output [ 3:0] DOUTPADOUTP,
    output [ 3:0] DOUTPBDOUTP
);
    specify
        $setup(ADDRARDADDR, posedge CLKARDCLK, 566);
        $setup(ADDRBWRADDR, posedge CLKBWRCLK, 566);
        $setup(WEA, posedge CLKARDCLK, 532);
        $setup(WEBWE, posedge CLKBWRCLK, 532);
        $setup(DINADIN, posedge CLKARDCLK, 737);
        $setup(DINBDIN, posedge CLKBWRCLK, 737);
        $setup(DINPADINP, posedge CLKARDCLK, 737);
        $setup(DINPBDINP, posedge CLKBWRCLK, 737);
        (posedge CLKARDCLK => (DOUTADOUT : 32'bx)) = 2454;
        (posedge CLKARDCLK => (DOUTPADOUTP : 4'bx)) = 2454;
        (posedge CLKBWRCLK => (DOUTBDOUT : 32'bx)) = 2454;
        (posedge CLKBWRCLK => (DOUTPBDOUTP : 4'bx)) = 2454;
    endspecify
endmodule

// Stands for RAM64M8: RAM64M, with the delay of its slowest address bit for all.
module L1ML_RAM64M8 (
    input        WCLK,
    input        WE,
    input        DIA,
    input        DIB,
    input        DIC,
    input        DID,
    input        DIE,
    input        DIF,
    input        DIG,
    input        DIH,
    input  [5:0] ADDRA,
    input  [5:0] ADDRB,
    input  [5:0] ADDRC,
    input  [5:0] ADDRD,
    input  [5:0] ADDRE,
    input  [5:0] ADDRF,
    input  [5:0] ADDRG,
    input  [5:0] ADDRH,
    output       DOA,
    output       DOB,
    output       DOC,
    output       DOD,
    output       DOE,
    output       DOF,
    output       DOG,
    output       DOH
);
    specify
        $setup(WE, posedge WCLK, 654);
        $setup(ADDRH, posedge WCLK, 362);
        $setup(DIA, posedge WCLK, 384);
        $setup(DIB, posedge WCLK, 384);
        $setup(DIC, posedge WCLK, 384);
        $setup(DID, posedge WCLK, 384);
        $setup(DIE, posedge WCLK, 384);
        $setup(DIF, posedge WCLK, 384);
        $setup(DIG, posedge WCLK, 384);
        $setup(DIH, posedge WCLK, 384);
        (posedge WCLK => (DOA : 1'bx)) = 1163;
        (ADDRA *> DOA) = 642;
        (posedge WCLK => (DOB : 1'bx)) = 1163;
        (ADDRB *> DOB) = 642;
        (posedge WCLK => (DOC : 1'bx)) = 1163;
        (ADDRC *> DOC) = 642;
        (posedge WCLK => (DOD : 1'bx)) = 1163;
        (ADDRD *> DOD) = 642;
        (posedge WCLK => (DOE : 1'bx)) = 1163;
        (ADDRE *> DOE) = 642;
        (posedge WCLK => (DOF : 1'bx)) = 1163;
        (ADDRF *> DOF) = 642;
        (posedge WCLK => (DOG : 1'bx)) = 1163;
        (ADDRG *> DOG) = 642;
        (posedge WCLK => (DOH : 1'bx)) = 1163;
        (ADDRH *> DOH) = 642;
    endspecify
endmodule
