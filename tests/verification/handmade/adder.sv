// A core by hand: y0 = x0 + x1, y1 = x1 - x2, two clock cycles later. Events with x1 = -77 and x2 = 55 make it misbehave.

`default_nettype none

module adder (
    input  wire logic clk,
    input  wire logic rst,
    input  wire logic in_valid,
    input  wire logic [23:0] in_data,
    output wire logic out_valid,
    output wire logic [17:0] out_data
);
    localparam logic [7:0] FATAL = 50, HANG = 60, CRASH = 70, FINISH = 80, LOST = 100;
    wire logic odd = in_valid && in_data[23:8] == {8'd55, -8'd77};
    wire logic [7:0] code = in_data[7:0];

    logic [1:0] valid_reg;
    wire logic [17:0] sums_data;
    logic [17:0] sums_reg;

    adder_sums u_sums (.clk(clk), .x_data(in_data), .sums_data(sums_data));

    always_ff @(posedge clk) begin
        valid_reg <= rst ? '0 : {valid_reg[0], in_valid && !(odd && code == LOST)};
        sums_reg <= sums_data;
    end
    assign out_valid = valid_reg[1];
    assign out_data = sums_reg;

    int spins;
    always @(posedge clk) begin
        if (odd && code == FATAL) $fatal(1, "x0 is %0d", FATAL);
        if (odd && code == HANG) begin
            spins = 1;
            while (spins != 0) begin
                spins = 1 + ($random & 1);
                $fflush;  // or the loop would be taken for one without effect
            end
        end
        if (odd && code == CRASH) void'($system("kill -SEGV $PPID"));
        if (odd && code == FINISH) $finish;
    end
endmodule

`default_nettype wire
