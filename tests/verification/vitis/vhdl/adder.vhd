-- By hand, in the style of Vitis HLS: a pipeline that takes an event each cycle. Its products come out of instances whose
-- signals are called <instance>_<port>.
library IEEE;
use IEEE.std_logic_1164.all;
use IEEE.numeric_std.all;

entity Adder is
port (
    ap_clk : IN STD_LOGIC;
    ap_rst : IN STD_LOGIC;
    ap_start : IN STD_LOGIC;
    ap_done : OUT STD_LOGIC;
    ap_idle : OUT STD_LOGIC;
    ap_ready : OUT STD_LOGIC;
    X : IN STD_LOGIC_VECTOR (23 downto 0);
    layer2_out_0 : OUT STD_LOGIC_VECTOR (8 downto 0);
    layer2_out_0_ap_vld : OUT STD_LOGIC;
    layer2_out_1 : OUT STD_LOGIC_VECTOR (8 downto 0);
    layer2_out_1_ap_vld : OUT STD_LOGIC );
end;


architecture behav of Adder is
    attribute CORE_GENERATION_INFO : STRING;
    attribute CORE_GENERATION_INFO of behav : architecture is
    "adder_adder,hls_ip_2023_1,{HLS_INPUT_TYPE=cxx,HLS_INPUT_ARCH=pipeline,HLS_SYN_LAT=1,HLS_SYN_TPT=1}";
    signal ap_enable_reg_pp0_iter1 : STD_LOGIC := '0';
    signal x_reg : STD_LOGIC_VECTOR (23 downto 0);
    signal mul_8s_2s_9_1_1_U1_dout : STD_LOGIC_VECTOR (8 downto 0);
    signal mul_8s_2s_9_1_1_U2_dout : STD_LOGIC_VECTOR (8 downto 0);

    component adder_mul_8s_2s_9_1_1 IS
    generic (
        ID : INTEGER;
        NUM_STAGE : INTEGER;
        din0_WIDTH : INTEGER;
        din1_WIDTH : INTEGER;
        dout_WIDTH : INTEGER );
    port (
        din0 : IN STD_LOGIC_VECTOR (7 downto 0);
        din1 : IN STD_LOGIC_VECTOR (1 downto 0);
        dout : OUT STD_LOGIC_VECTOR (8 downto 0) );
    end component;

begin
    mul_8s_2s_9_1_1_U1 : component adder_mul_8s_2s_9_1_1
    generic map (
        ID => 1,
        NUM_STAGE => 1,
        din0_WIDTH => 8,
        din1_WIDTH => 2,
        dout_WIDTH => 9)
    port map (
        din0 => x_reg(15 downto 8),
        din1 => "01",
        dout => mul_8s_2s_9_1_1_U1_dout);

    mul_8s_2s_9_1_1_U2 : component adder_mul_8s_2s_9_1_1
    generic map (
        ID => 1,
        NUM_STAGE => 1,
        din0_WIDTH => 8,
        din1_WIDTH => 2,
        dout_WIDTH => 9)
    port map (
        din0 => x_reg(23 downto 16),
        din1 => "11",
        dout => mul_8s_2s_9_1_1_U2_dout);

    process (ap_clk)
    begin
        if (ap_clk'event and ap_clk = '1') then
            if (ap_rst = '1') then
                ap_enable_reg_pp0_iter1 <= '0';
            else
                ap_enable_reg_pp0_iter1 <= ap_start;
            end if;
            x_reg <= X;
        end if;
    end process;

    ap_ready <= ap_start;
    ap_done <= ap_enable_reg_pp0_iter1;
    ap_idle <= not ap_start and not ap_enable_reg_pp0_iter1;
    layer2_out_0 <= std_logic_vector(resize(signed(x_reg(7 downto 0)), 9) + signed(mul_8s_2s_9_1_1_U1_dout));
    layer2_out_1 <= std_logic_vector(signed(mul_8s_2s_9_1_1_U1_dout) + signed(mul_8s_2s_9_1_1_U2_dout));
    layer2_out_0_ap_vld <= ap_enable_reg_pp0_iter1;
    layer2_out_1_ap_vld <= ap_enable_reg_pp0_iter1;
end behav;
