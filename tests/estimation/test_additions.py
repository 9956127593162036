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


MULTIPLIERS = """
(* use_dsp = "{one}" *) module one #(parameter W = 4) (input [W-1:0] a, b, output [2*W-1:0] y);
    wire signed [2*W-1:0] product = $signed(a) * $signed(b);
    assign y = product;
endmodule
module other(input clk, input signed [11:0] a, b, output reg signed [23:0] y);
    always @(posedge clk) y <= a * b;
endmodule
module design(input clk, input [11:0] a, b, output [23:0] x, y, z);
    one #(.W(12)) one(.a(a), .b(b), .y(x));
    other other(.clk(clk), .a(~a), .b(b), .y(y));
    (* use_dsp48 = "{wire}" *) wire signed [23:0] product;
    assign product = $signed(a) * $signed(~b);
    assign z = product;
endmodule
"""
"""Three of them, of 12 bits each, as Vitis HLS writes them."""


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


def test_products_are_in_luts_where_an_attribute_forbids_dsps(tmp_path: Path) -> None:
    found = {
        (one, wire): _synthesized(tmp_path, MULTIPLIERS.format(one=one, wire=wire))
        for one, wire in (("yes", "yes"), ("no", "yes"), ("no", "no"))
    }
    assert {key: counts["dsp"] for key, counts in found.items()} == {
        ("yes", "yes"): 3,
        ("no", "yes"): 2,
        ("no", "no"): 1,
    }
    luts = [counts["lut"] for counts in found.values()]
    assert luts[0] == 0
    assert luts[2] == pytest.approx(2 * luts[1], rel=0.1)
    assert luts[1] > 100


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
