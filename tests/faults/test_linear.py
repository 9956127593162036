"""Sums of inputs are followed through adders: an input that cancels is none that is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from l1ml.compiler.design import Module
from l1ml.compiler.network import Tensor
from l1ml.faults.verilog.linear import Forms
from l1ml.faults.verilog.source import Source
from l1ml.faults.verilog.wiring import Wiring
from l1ml.fixed import FixedType

TEXT = """module net_a (
    input  wire  logic clk,
    input  wire  logic [15:0] x_data,  // 4 x fixed<4,4>
    output var   logic [17:0] y_data  // 3 x fixed<6,6>
);
    // Stage 0
    wire logic signed [3:0] v0 = x_data[3:0];
    wire logic signed [3:0] v1 = x_data[7:4];
    wire logic signed [3:0] v2 = x_data[11:8];
    wire logic signed [4:0] v3 = 5'(v0) + 5'(v1);
    wire logic signed [5:0] v4 = 6'(v3) - 6'(v0);
    wire logic signed [5:0] v5 = (6'(v2) << 1) + 6'd3;
    wire logic signed [4:0] v6 = -(5'(v2));
    wire logic signed [3:0] v7 = v0 + v1;
    wire logic [0:0] v8 = x_data[15:15];
    logic signed [5:0] v4_s1;
    logic signed [5:0] v5_s1;
    always_ff @(posedge clk) begin
        v4_s1 <= v4;
        v5_s1 <= v5;
    end

    // Stage 1
    logic [7:0] kept;
    wire logic [7:0] q0 = kept[7:0];
    wire logic [0:0] q1 = q0[6:6];
    wire logic [1:0] q2 = q0[1:0];
    wire logic signed [5:0] v9 = 6'(v6) - v4_s1;


    wire logic [17:0] y_next = {LAST, v5_s1, v4_s1};
    always_ff @(posedge clk) begin
        kept <= {8{v8}};
        y_data <= y_next;
    end
endmodule
"""

X, Y = Tensor("x", 4, FixedType(4, 4)), Tensor("y", 3, FixedType(6, 6))


@pytest.fixture
def wiring(tmp_path: Path) -> Wiring:
    """The module, with a value that is known to be small as its last output."""
    return wired(tmp_path, "v9")


def wired(folder: Path, last: str) -> Wiring:
    """The module with a last output."""
    (folder / "net_a.sv").write_text(TEXT.replace("LAST", last))
    module = Module(
        name="net_a", segment="a", layers=(), title="", inputs=(X,), outputs=(Y,), producers=("p",), reuse_factor=1,
        start=0, latency=2, register_bits=0,
    )  # fmt: skip
    found = Wiring.of(Source.read(folder / "net_a.sv"), module)
    found.find_live({"y": {0, 1, 2}})
    return found


def test_sums_are_followed(wiring: Wiring) -> None:
    forms = Forms(wiring, (X,))
    assert forms.of["v3"].factors == {("x", 0): 1, ("x", 1): 1}
    assert forms.of["v4_s1"].factors == {("x", 1): 1}, "what cancels is gone"
    assert (forms.of["v5_s1"].factors, forms.of["v5_s1"].constant) == ({("x", 2): 2}, 3)
    assert forms.of["v9"].factors == {("x", 2): -1, ("x", 1): -1}
    assert forms.ends(forms.of["v5"]) == (-13, 17)


def test_a_sum_that_may_wrap_is_none(wiring: Wiring) -> None:
    assert "v7" not in Forms(wiring, (X,)).of
    small = ((0, 3), (0, 3), (-8, 7), (-8, 7))
    assert Forms(wiring, (X,), {X: small}).of["v7"].factors == {("x", 0): 1, ("x", 1): 1}


def test_an_input_that_cancels_is_not_read(wiring: Wiring, tmp_path: Path) -> None:
    assert Forms(wiring, (X,)).reads(X) == {1, 2}
    assert Forms(wired(tmp_path, "6'(v7)"), (X,)).reads(X) == {0, 1, 2}, "a sum that may wrap is read as it stands"
    assert Forms(wired(tmp_path, "6'(q1)"), (X,)).reads(X) == {1, 2, 3}


def test_bits_that_nothing_reads(wiring: Wiring, tmp_path: Path) -> None:
    assert wiring.bits_read("kept") == 0
    assert wired(tmp_path, "6'(q1)").bits_read("kept") == 0b01000000
    assert wired(tmp_path, "6'(q2) + 6'(q1)").bits_read("kept") == 0b01000011
    assert wired(tmp_path, "6'(q0)").bits_read("kept") & 0xFF == 0xFF
    assert wired(tmp_path, "6'(kept)").bits_read("kept") & 0xFF == 0xFF
