// A core by hand: y0 = x0 + x1, y1 = x1 - x2, two clock cycles later. Some values of x0 make the simulator misbehave.

`default_nettype none

module adder (
    input  wire logic clk,
    input  wire logic rst,
    input  wire logic in_valid,
    input  wire logic [23:0] in_data,
    output wire logic out_valid,
    output wire logic [17:0] out_data
);
    localparam logic [7:0] FATAL = 100, HANG = 101, CRASH = 102, FINISH = 103, WRONG = 104, LOST = 105;

    logic [1:0] valid_reg;
    wire logic [17:0] sums_data;
    logic [17:0] sums_reg;

    adder_sums u_sums (.clk(clk), .x_data(in_data), .sums_data(sums_data));

    always_ff @(posedge clk) begin
        valid_reg <= rst ? '0 : {valid_reg[0], in_valid && in_data[7:0] != LOST};
        sums_reg <= sums_data;
    end
    assign out_valid = valid_reg[1];
    assign out_data = sums_reg;

    int spins;
    always @(posedge clk) begin
        if (in_valid && in_data[7:0] == FATAL) $fatal(1, "x0 is %0d", FATAL);
        if (in_valid && in_data[7:0] == HANG) begin
            spins = 1;
            while (spins != 0) begin
                spins = 1 + ($random & 1);
                $fflush;  // or the loop would be taken for one without effect
            end
        end
        if (in_valid && in_data[7:0] == CRASH) void'($system("kill -SEGV $PPID"));
        if (in_valid && in_data[7:0] == FINISH) $finish;
    end
endmodule

`default_nettype wire
