// Sends events from a file through a core, back to back, and holds each result against one from another file.
// A word of a file is a row of the packed bus in whole bytes, most significant byte first, for that is how $fread reads.
// What differs goes to a text file: lines "number word" of results, then one line "end ..." that tells that the run is complete.

`default_nettype none

module l1ml_soak #(
    parameter int IN_BITS = 1,   // width of in_data
    parameter int OUT_BITS = 1,  // width of out_data
    parameter int LATENCY = 1,   // clock cycles from an event's last word to the first word of its result
    parameter int II = 1,        // clock cycles between two events
    parameter int IN_BEATS = 1,  // words of an event
    parameter int OUT_BEATS = 1  // words of a result, one after the other
) (
    input wire logic clk
);
    localparam int IN_BYTES = (IN_BITS + 7) / 8;
    localparam int OUT_BYTES = (OUT_BITS + 7) / 8;
    localparam longint RESET = 8;                    // cycles of reset
    localparam longint START = RESET + LATENCY + II + 4;  // the first word; nothing may come out before
    localparam longint FIRST = START + IN_BEATS + LATENCY;  // the cycle in which the first result is seen

    if (IN_BITS < 1 || OUT_BITS < 1) $fatal(1, "IN_BITS and OUT_BITS must be at least 1");
    if (LATENCY < 1) $fatal(1, "LATENCY must be at least 1: the core has registers");
    if (IN_BEATS < 1 || II < IN_BEATS) $fatal(1, "IN_BEATS must be at least 1, and II at least IN_BEATS");
    if (OUT_BEATS < 1 || II < OUT_BEATS) $fatal(1, "OUT_BEATS must be at least 1, and II at least OUT_BEATS");

    longint events, sent, received, cycle, due, differing, faults, first_fault;
    int phase, beat, inputs, golden, differences;
    string inputs_name, golden_name, differences_name;

    logic [8*IN_BYTES-1:0] word;
    logic [8*OUT_BYTES-1:0] right;
    logic rst, in_valid;
    logic [IN_BITS-1:0] in_data;
    wire logic out_valid;
    wire logic [OUT_BITS-1:0] out_data;

    `L1ML_CORE core (
        .clk(clk), .rst(rst), .in_valid(in_valid), .in_data(in_data), .out_valid(out_valid), .out_data(out_data)
    );

    initial begin
        if (!$value$plusargs("events=%d", events) || !$value$plusargs("inputs=%s", inputs_name)
            || !$value$plusargs("golden=%s", golden_name) || !$value$plusargs("differences=%s", differences_name))
            $fatal(1, "needs +events, +inputs, +golden and +differences");
        inputs = $fopen(inputs_name, "rb");
        golden = $fopen(golden_name, "rb");
        differences = $fopen(differences_name, "w");
        if (inputs == 0 || golden == 0 || differences == 0) $fatal(1, "a file cannot be opened");
        due = FIRST;
    end

    always @(posedge clk) begin
        cycle <= cycle + 1;
        rst <= cycle < RESET;

        in_valid <= 1'b0;
        in_data <= ~in_data;  // what lies on the bus between words must not matter
        if (cycle >= START && sent < events) begin
            phase <= phase == II - 1 ? 0 : phase + 1;
            if (phase < IN_BEATS) begin
                if ($fread(word, inputs) != IN_BYTES) $fatal(1, "the file of inputs is too short");
                in_valid <= 1'b1;
                in_data <= word[IN_BITS-1:0];
            end
            if (phase == II - 1) sent <= sent + 1;
        end

        // A word of a result is due in OUT_BEATS cycles for each event, and in no others.
        if (out_valid != (cycle == due) && cycle > RESET) begin
            faults <= faults + 1;
            if (faults == 0) first_fault <= cycle;
        end
        if (cycle == due) begin
            if ($fread(right, golden) != OUT_BYTES) $fatal(1, "the file of golden results is too short");
            if (out_data != right[OUT_BITS-1:0]) begin
                differing <= differing + 1;
                $fdisplay(differences, "%0d %h", received * OUT_BEATS + beat, out_data);
            end
            beat <= beat == OUT_BEATS - 1 ? 0 : beat + 1;
            if (beat < OUT_BEATS - 1) due <= cycle + 1;
            else begin
                received <= received + 1;
                if (received + 1 < events) due <= cycle + II - OUT_BEATS + 1;
            end
        end

        if (received == events && cycle == due + LATENCY + 2 * II + 4) begin
            $fdisplay(differences, "end events %0d cycles %0d differing %0d faults %0d first_fault %0d",
                      received, cycle, differing, faults, first_fault - FIRST);
            $fclose(differences);
            $finish;
        end
    end
endmodule

`default_nettype wire
