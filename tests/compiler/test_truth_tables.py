"""Truth tables: their value, their text in Verilator, and what is none."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from l1ml.compiler.circuit import Constant, Joined, Module, Net, Port, Section, TruthTable, Wire
from l1ml.compiler.circuit.evaluate import evaluate
from l1ml.compiler.printers.systemverilog import print_module
from l1ml.tools import set_up_verilator

ADDRESS = Net("address", 3)
MAJORITY = TruthTable(0b1110_1000, ADDRESS)

BENCH = """
module bench;
    logic [2:0] address;
    wire [1:0] result;
    majority dut (.address, .result);
    initial begin
        for (int i = 0; i < 8; i++) begin
            address = 3'(i);
            #1 $display("%0d", result);
        end
        $finish;
    end
endmodule
"""


def test_the_value_is_the_bit_at_the_address() -> None:
    values = [evaluate(MAJORITY, {"address": address}) for address in range(8)]
    assert values == [int(address.bit_count() > 1) for address in range(8)]


def test_verilator_reads_the_same_from_the_text(tmp_path: Path) -> None:
    result = Net("result", 2)
    ports = (Port(ADDRESS, "input"), Port(result, "output"))
    value = Joined((Constant(1, 1), MAJORITY))
    text = print_module(Module("majority", (), ports, (Section("", (Wire(result, value),)),)))
    assert "1'(8'he8 >> address)" in text
    (tmp_path / "majority.sv").write_text(text)
    (tmp_path / "bench.sv").write_text(BENCH)
    set_up_verilator()
    command = ["verilator", "--binary", "-CFLAGS", "-std=c++20 -O0", "-Wno-fatal", "--top-module", "bench"]
    command += ["bench.sv", "majority.sv"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    done = subprocess.run([tmp_path / "obj_dir/Vbench"], check=True, capture_output=True, text=True)
    printed = [int(line) for line in done.stdout.splitlines() if line.isdigit()]
    assert printed == [evaluate(value, {"address": address}) for address in range(8)]


@pytest.mark.parametrize(("values", "bits"), [(0, 7), (1 << 8, 3), (-1, 3)])
def test_what_is_no_truth_table_is_refused(values: int, bits: int) -> None:
    with pytest.raises(ValueError, match="a truth table of"):
        TruthTable(values, Net("address", bits))
