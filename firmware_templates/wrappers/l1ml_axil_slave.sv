// AXI4-Lite on one side, single writes and reads of 32-bit registers on the other. The registers answer in the clock
// cycle of write or read; a write that they refuse, or a read of what is not there, gives the response SLVERR.
// The write response comes in the clock cycle after write.

`default_nettype none

module l1ml_axil_slave #(
    parameter int ADDRESS_BITS = 12  // of byte addresses
) (
    input  wire logic clk,
    input  wire logic rst,

    input  wire logic [ADDRESS_BITS-1:0] s_axil_awaddr,
    input  wire logic s_axil_awvalid,
    output wire logic s_axil_awready,
    input  wire logic [31:0] s_axil_wdata,
    input  wire logic [3:0] s_axil_wstrb,
    input  wire logic s_axil_wvalid,
    output wire logic s_axil_wready,
    output wire logic [1:0] s_axil_bresp,
    output wire logic s_axil_bvalid,
    input  wire logic s_axil_bready,
    input  wire logic [ADDRESS_BITS-1:0] s_axil_araddr,
    input  wire logic s_axil_arvalid,
    output wire logic s_axil_arready,
    output wire logic [31:0] s_axil_rdata,
    output wire logic [1:0] s_axil_rresp,
    output wire logic s_axil_rvalid,
    input  wire logic s_axil_rready,

    output wire logic write,
    output wire logic [ADDRESS_BITS-3:0] write_word,  // address of the register, in words
    output wire logic [31:0] write_data,
    output wire logic [3:0] write_strobe,
    input  wire logic write_refused,
    output wire logic [ADDRESS_BITS-3:0] read_word,
    input  wire logic [31:0] read_data,
    input  wire logic read_refused
);
    if (ADDRESS_BITS < 3) begin : g_address
        $fatal(1, "ADDRESS_BITS is %0d; l1ml_axil_slave needs 3 or more", ADDRESS_BITS);
    end
    localparam logic [1:0] OKAY = 2'b00;
    localparam logic [1:0] SLVERR = 2'b10;

    // Address and data of a write come in any order; each waits for the other.
    logic address_full_reg, data_full_reg, bvalid_reg;
    logic [ADDRESS_BITS-3:0] write_word_reg;
    logic [31:0] write_data_reg;
    logic [3:0] write_strobe_reg;
    logic [1:0] bresp_reg;
    assign s_axil_awready = ~address_full_reg;
    assign s_axil_wready = ~data_full_reg;
    assign write = address_full_reg & data_full_reg & (~bvalid_reg | s_axil_bready);
    always_ff @(posedge clk) begin
        if (s_axil_awvalid && s_axil_awready) begin
            address_full_reg <= 1'b1;
            write_word_reg <= s_axil_awaddr[ADDRESS_BITS-1:2];
        end
        if (s_axil_wvalid && s_axil_wready) begin
            data_full_reg <= 1'b1;
            write_data_reg <= s_axil_wdata;
            write_strobe_reg <= s_axil_wstrb;
        end
        if (s_axil_bready) bvalid_reg <= 1'b0;
        if (write) begin
            address_full_reg <= 1'b0;
            data_full_reg <= 1'b0;
            bvalid_reg <= 1'b1;
            bresp_reg <= write_refused ? SLVERR : OKAY;
        end
        if (rst) begin
            address_full_reg <= 1'b0;
            data_full_reg <= 1'b0;
            bvalid_reg <= 1'b0;
        end
    end
    assign write_word = write_word_reg;
    assign write_data = write_data_reg;
    assign write_strobe = write_strobe_reg;
    assign s_axil_bvalid = bvalid_reg;
    assign s_axil_bresp = bresp_reg;

    logic read_full_reg, rvalid_reg;
    logic [ADDRESS_BITS-3:0] read_word_reg;
    logic [31:0] rdata_reg;
    logic [1:0] rresp_reg;
    assign s_axil_arready = ~read_full_reg;
    wire logic read = read_full_reg & (~rvalid_reg | s_axil_rready);
    always_ff @(posedge clk) begin
        if (s_axil_arvalid && s_axil_arready) begin
            read_full_reg <= 1'b1;
            read_word_reg <= s_axil_araddr[ADDRESS_BITS-1:2];
        end
        if (s_axil_rready) rvalid_reg <= 1'b0;
        if (read) begin
            read_full_reg <= 1'b0;
            rvalid_reg <= 1'b1;
            rdata_reg <= read_data;
            rresp_reg <= read_refused ? SLVERR : OKAY;
        end
        if (rst) begin
            read_full_reg <= 1'b0;
            rvalid_reg <= 1'b0;
        end
    end
    assign read_word = read_word_reg;
    assign s_axil_rvalid = rvalid_reg;
    assign s_axil_rdata = rdata_reg;
    assign s_axil_rresp = rresp_reg;

    // Registers are words: the lowest two bits of a byte address choose nothing.
    wire logic unused_ok = &{1'b0, s_axil_awaddr[1:0], s_axil_araddr[1:0]};
endmodule

`default_nettype wire
