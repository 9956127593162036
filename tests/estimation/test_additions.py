"""What is counted: additions as they are written, whatever the names; the flattened core and its modules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from networks import compile_graph, convert

from l1ml.compiler.design import Design
from l1ml.estimation.synthesis import DEFINITION, KEYS, estimate, synthesize
from l1ml.frontends.hls4ml.backend import rtl_folder

GATED = """
module design(input clk, input first, input [7:0] {a}, output reg [7:0] {b});
    reg [7:0] {c};
    always @(posedge clk) begin
        {c} <= {a};
        {b} <= {c} + (first ? 8'd77 : {b});
    end
endmodule
"""

CHAIN = """
module design(input clk, input [7:0] a, b, c, output reg [7:0] y);
    reg [7:0] p, q, r;
    always @(posedge clk) begin p <= a; q <= b; r <= c; y <= p + q - r; end
endmodule
"""


def _synthesized(folder: Path, source: str) -> dict[str, float]:
    file = folder / "design.sv"
    file.write_text(source)
    return synthesize([file], "design")


@pytest.mark.parametrize("names", ["abc", "cab", "zyx", "xaz"])
def test_a_choice_in_front_of_an_addition_is_in_its_luts_whatever_the_names_are(names: str, tmp_path: Path) -> None:
    a, b, c = names
    assert _synthesized(tmp_path, GATED.format(a=a, b=b, c=c))["lut"] == 8


def test_two_additions_are_two_carry_chains(tmp_path: Path) -> None:
    found = _synthesized(tmp_path, CHAIN)
    assert found["lut"] <= 2 * 8 + 1
    assert found["carry"] == 2 * 2


def test_products_are_in_luts_where_dsps_are_not_wanted(tmp_path: Path) -> None:
    file = tmp_path / "design.sv"
    file.write_text("module design(input signed [17:0] a, b, output signed [35:0] y); assign y = a * b; endmodule\n")
    with_dsps, without = (synthesize([file], "design", dsps=dsps) for dsps in (True, False))
    assert (with_dsps["dsp"], without["dsp"]) == (1, 0)
    assert without["lut"] > 100 > with_dsps["lut"]


def test_the_total_is_that_of_the_flattened_core(keras: Any, tmp_path: Path) -> None:
    x = keras.Input((3,), name="x")
    hidden = keras.layers.Dense(3, name="first")(x)
    graph = convert(keras.Model(x, keras.layers.Dense(2, name="second")(hidden)), tmp_path, write_rtl=True)
    compile_graph(graph)
    folder = rtl_folder(graph)
    found, design = estimate(folder), Design.load(folder)
    whole = synthesize([folder / file for file in design.files], design.name)
    assert found["definition"] == DEFINITION
    assert found["total"] == {key: whole[key] for key in KEYS}
    assert found["timing"]["longest_path_ns"] == whole["path_ns"]
    assert {design.name, found["timing"]["module"]} <= found["modules"].keys()
