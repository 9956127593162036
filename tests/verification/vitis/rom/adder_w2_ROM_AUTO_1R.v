// By hand, in the style of Vitis HLS: weights of each stage. The path is one of the machine on which it was made.
`timescale 1 ns / 1 ps
module adder_w2_ROM_AUTO_1R (
    address0,
    q0
);

parameter DataWidth = 8;
parameter AddressWidth = 1;
parameter AddressRange = 2;

input[AddressWidth-1:0] address0;
output [DataWidth-1:0] q0;

reg [DataWidth-1:0] rom0[0:AddressRange-1];

initial begin
    $readmemh("/nowhere/solution1/syn/verilog/adder_w2_ROM_AUTO_1R.dat", rom0);
end

assign q0 = rom0[address0];

endmodule
