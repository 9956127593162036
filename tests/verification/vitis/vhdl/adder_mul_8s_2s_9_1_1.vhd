-- By hand, in the style of Vitis HLS.
library IEEE;
use IEEE.std_logic_1164.all;
use IEEE.numeric_std.all;


entity adder_mul_8s_2s_9_1_1 is
generic (
    ID : INTEGER := 1;
    NUM_STAGE : INTEGER := 0;
    din0_WIDTH : INTEGER := 14;
    din1_WIDTH : INTEGER := 12;
    dout_WIDTH : INTEGER := 26);
port (

    din0: in std_logic_vector(din0_WIDTH - 1 downto 0);
    din1: in std_logic_vector(din1_WIDTH - 1 downto 0);
    dout: out std_logic_vector(dout_WIDTH - 1 downto 0));

    attribute use_dsp : string;
    attribute use_dsp of adder_mul_8s_2s_9_1_1 : entity is "no";

end entity;

architecture behav of adder_mul_8s_2s_9_1_1 is
    signal tmp_product : std_logic_vector(dout_WIDTH - 1 downto 0);
begin
    tmp_product <= std_logic_vector(resize(signed(din0) * signed(din1), dout_WIDTH));
    dout <= tmp_product;
end architecture;
