"""The longest path: of modules whose path is known by hand, of cells without LUTs, and of a network."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from networks import convert

from l1ml.estimation.synthesis import synthesize

CLOCK_TO_Q, LUT2, CARRY, CARRY_CARRY, CARRY_SUM = 0.303, 0.238, 0.528, 0.114, 0.222
"""Delays in ns in Yosys's xilinx/cells_sim.v: S[1] to CO[3], CI to CO[3] and CI to O[0] of a CARRY4 among them."""


def _path(folder: Path, source: str) -> dict[str, float]:
    file = folder / "design.sv"
    file.write_text(source)
    return synthesize([file], "design")


def _sums(additions: int, *, registers_between: bool = False) -> str:
    """A register, some dependent additions of 9 bits, a register."""
    names = [f"s{k}" for k in range(additions + 1)]
    clocked = {names[0], names[-1], *(names if registers_between else ())}
    lines = [f"reg [8:0] {name};" if name in clocked else f"wire [8:0] {name};" for name in names]
    lines.append("always @(posedge clk) s0 <= a; assign y = " + names[-1] + ";")
    for k, (before, name) in enumerate(pairwise(names)):
        term = f"({before} ^ {{{before}[3:0], {before}[8:4]}}) + {before}" if k else f"{before} + b"
        lines.append(f"always @(posedge clk) {name} <= {term};" if name in clocked else f"assign {name} = {term};")
    return "module design(input clk, input [8:0] a, b, output [8:0] y);\n" + "\n".join(lines) + "\nendmodule\n"


@pytest.fixture(scope="module")
def addition(tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    """A single addition, synthesised."""
    return _path(tmp_path_factory.mktemp("addition"), _sums(1))


def test_one_addition_takes_what_its_cells_take(addition: dict[str, float]) -> None:
    # The adder ends at the first bit of its third carry block: the unread bits above it are slower, and do not count.
    # Its other operand is an input, which has the clock to output time of the register before the module.
    assert addition["path_ns"] == pytest.approx(CLOCK_TO_Q + LUT2 + CARRY + CARRY_CARRY + CARRY_SUM)
    assert (addition["carry"], addition["ff"]) == (3, 18)
    assert addition["levels"] == 1 + 3  # a LUT and the three carry blocks that the path goes through


def test_more_logic_is_a_longer_path_and_registers_shorten_it(addition: dict[str, float], tmp_path: Path) -> None:
    found = _path(tmp_path, _sums(2))
    chain, levels = found["path_ns"], found["levels"]
    assert levels > addition["levels"]
    pipelined = _path(tmp_path, _sums(2, registers_between=True))["path_ns"]
    assert addition["path_ns"] <= pipelined < chain
    assert chain - CLOCK_TO_Q > 1.5 * (addition["path_ns"] - CLOCK_TO_Q)


def test_dsps_and_block_rams_have_delays(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    found = _path(
        tmp_path,
        """
        module design(input clk, input signed [17:0] a, b, input [9:0] address, output reg [35:0] y);
            (* rom_style = "block" *) reg [7:0] rom [0:1023];
            reg signed [17:0] p, q; reg [7:0] r; reg signed [35:0] product;
            integer k;
            initial for (k = 0; k < 1024; k = k + 1) rom[k] = (k * k * 7) >> 3;
            always @(posedge clk) begin
                p <= a; q <= b; r <= rom[address]; product <= p * q; y <= product + r;
            end
        endmodule
        """,
    )
    assert (found["dsp"], found["bram"]) == (1, 0.5)
    assert found["path_ns"] > CLOCK_TO_Q + 2.8  # register, DSP48E1 from A to P
    assert not caplog.records


def test_memories_in_luts_count_and_have_delays(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    found = _path(
        tmp_path,
        """
        module design(input clk, input [5:0] a, b, input [6:0] d, output reg [6:0] y);
            (* ram_style = "distributed" *) reg [6:0] memory [0:63];
            reg [5:0] to, from;
            always @(posedge clk) begin
                to <= a; from <= b; memory[to] <= d; y <= memory[from] + d;
            end
        endmodule
        """,
    )
    # One RAM64M8 of eight LUTs, and seven for the sum.
    assert (found["lut"], found["bram"]) == (15, 0)
    assert found["path_ns"] > 1.153 + LUT2 + CARRY  # from the clock through the memory and the adder
    assert not caplog.records


def test_build_tells_the_longest_path_of_a_network(keras: Any, tmp_path: Path) -> None:
    x = keras.Input((3,), name="x")
    model = keras.Model(x, keras.layers.Dense(2, name="dense")(x))
    report = convert(model, tmp_path, write_rtl=True).build()["VerilogReport"]
    assert 0.3 < float(report["EstimatedClockPeriod"]) < 20
    assert "Artix-7" in report["EstimatedClockPeriodOf"]
