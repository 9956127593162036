// Gives the module `device` a row of stimulus.hex in each clock cycle and prints what it answers in the same cycle.

module play #(
    // Bits of a row.
    parameter int IN = 1,
    // Bits of an answer, a multiple of 32.
    parameter int OUT = 32,
    // Rows.
    parameter int ROWS = 1
);
    logic clk = 1'b0;
    logic [IN-1:0] rows[ROWS], stimulus;
    wire logic [OUT-1:0] answer;

    device u_device (
        .clk(clk),
        .stimulus(stimulus),
        .answer(answer)
    );

    initial begin
        $readmemh("stimulus.hex", rows);
        for (int i = 0; i < ROWS; i++) begin
            stimulus = rows[i];
            #1;
            for (int low = OUT - 32; low >= 0; low -= 32) $write("%h", answer[low+:32]);
            $write("\n");
            clk = 1'b1;
            #1;
            clk = 1'b0;
        end
        $finish;
    end
endmodule
