// Techmap of additions and subtractions: each becomes one carry chain, as it is written, its first operand being the
// one that the chain takes as data.
//
// Yosys's own pass (alumacc) first exchanges operands, by a hash of the wires' names where they are of one width, and
// makes one sum of compressors of two additions of which only the second one reads the first. What a design takes then
// depends on names, and on whether modules are flattened before.
`default_nettype none

(* techmap_celltype = "$add $sub" *)
module l1ml_addition (A, B, Y);
    parameter A_SIGNED = 0;
    parameter B_SIGNED = 0;
    parameter A_WIDTH = 1;
    parameter B_WIDTH = 1;
    parameter Y_WIDTH = 1;
    parameter _TECHMAP_CELLTYPE_ = "";
    localparam subtract = _TECHMAP_CELLTYPE_ == "$sub";

    input wire [A_WIDTH-1:0] A;
    input wire [B_WIDTH-1:0] B;
    output wire [Y_WIDTH-1:0] Y;
    wire [Y_WIDTH-1:0] unread_x, unread_carries;

    \$alu #(
        .A_SIGNED(A_SIGNED),
        .B_SIGNED(B_SIGNED),
        .A_WIDTH(A_WIDTH),
        .B_WIDTH(B_WIDTH),
        .Y_WIDTH(Y_WIDTH)
    ) _TECHMAP_REPLACE_ (
        .A(A),
        .B(B),
        .CI(subtract),
        .BI(subtract),
        .X(unread_x),
        .Y(Y),
        .CO(unread_carries)
    );
endmodule

`default_nettype wire
