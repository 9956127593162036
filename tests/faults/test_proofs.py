"""What is proved to change nothing, and what is not: on two modules that are written out here."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from l1ml.compiler.design import Design, Module
from l1ml.compiler.network import Tensor
from l1ml.faults.choose import all_faults
from l1ml.faults.fault import Fault
from l1ml.faults.network import Layer, Network
from l1ml.faults.proofs.prove import Prover
from l1ml.fixed import FixedType

FIRST = """// a
`default_nettype none

module net_a (
    input  wire  logic clk,
    input  wire  logic [7:0] x_data,  // 2 x fixed<4,4>
    output var   logic [9:0] y_data  // 2 x fixed<5,5>
);

    // Stage 0
    wire logic signed [3:0] v0 = x_data[3:0];
    wire logic signed [3:0] v1 = x_data[7:4];
    wire logic signed [4:0] v2 = 5'(v0) + 5'(v1);
    wire logic [0:0] v3 = v1[0:0];
    wire logic signed [4:0] v4 = (5'(v0) << 1) + 5'(v3);
    logic signed [4:0] v2_s1;
    logic signed [4:0] v4_s1;
    always_ff @(posedge clk) begin
        v2_s1 <= v2;
        v4_s1 <= v4;
    end

    // Stage 1
    wire logic [0:0] v5 = v2_s1[4:4];
    wire logic signed [4:0] v6 = v5[0] ? 5'd0 : v2_s1;
    wire logic signed [4:0] v7 = v4_s1 + 5'd3;


    wire logic [9:0] y_next = {v7, v6};
    always_ff @(posedge clk) begin
        y_data <= y_next;
    end
endmodule

`default_nettype wire
"""

SECOND = """// b
`default_nettype none

module net_b (
    input  wire  logic clk,
    input  wire  logic [9:0] y_data,  // 2 x fixed<5,5>
    output var   logic [2:0] z_data  // 1 x ufixed<3,3>
);
    localparam logic [47:0] TABLE_V0 = 48'h5a8b5a8b7711;

    // Stage 0
    wire logic signed [4:0] v0 = y_data[4:0];
    wire logic [3:0] v1 = v0[3:0];
    wire logic [2:0] v2 = TABLE_V0[v1 * 3 +: 3];


    wire logic [2:0] z_next = {v2};
    always_ff @(posedge clk) begin
        z_data <= z_next;
    end
endmodule

`default_nettype wire
"""

CORE = """module net (
    input  wire logic clk
);
    localparam int MEMORY = 3;
endmodule
"""

X, Y = Tensor("x", 2, FixedType(4, 4)), Tensor("y", 2, FixedType(5, 5))
Z = Tensor("z", 1, FixedType(3, 3, signed=False))


@pytest.fixture(scope="module")
def verilog(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Design]:
    """The two modules, with what the first gives to the second."""
    folder = tmp_path_factory.mktemp("net")
    shared = {"layers": (), "title": "", "producers": ("p",), "reuse_factor": 1, "register_bits": 0}
    first = Module(name="net_a", segment="a", inputs=(X,), outputs=(Y,), start=0, latency=2,
                   ranges={"y": ((0, 14), (-16, 15))}, **shared)  # fmt: skip
    second = Module(name="net_b", segment="b", inputs=(Y,), outputs=(Z,), start=2, latency=1, **shared)
    design = Design(name="net", part="", clock_ns=1, inputs=(X,), outputs=(Z,), modules=(first, second), latency=3,
                    initiation_interval=1, files=("net_pkg.sv", "net_a.sv", "net_b.sv", "net.sv"))  # fmt: skip
    for name, text in (("net_a.sv", FIRST), ("net_b.sv", SECOND), ("net.sv", CORE)):
        (folder / name).write_text(text)
    return folder, design


@pytest.fixture(scope="module")
def faults(verilog: tuple[Path, Design]) -> list[Fault]:
    """All faults of them."""
    return list(all_faults(*verilog))


def find(faults: list[Fault], target: str, what: str) -> Fault:
    """The one fault of a target and a kind."""
    (found,) = [f for f in faults if f.place.target == target and what in f.what]
    return found


@pytest.mark.parametrize(
    ("target", "what", "reason"),
    [
        ("v4", "bit 4 stuck at 1", "nothing that reaches an output reads it"),
        ("v7", "bit 0 of the constant 5'd3 flipped", "nothing that reaches an output reads it"),
        ("v4_s1", "a clock cycle late", "nothing that reaches an output reads it"),
        ("y_data", "bit 9 stuck at 0", "SAT: the same function in what reads it"),
        ("TABLE_V0", "bit 2 of entry 15 of 16", "SAT: the same function in what reads it"),
        ("v2", "bit 4 stuck at 1", None),
        ("v2", "no carry into bit 3", None),
        ("v2_s1", "a clock cycle late", None),
        ("y_data", "bit 4 stuck at 1", None),
        ("y_data", "a clock cycle late", None),
        ("v6", "not limited to 5'd0", None),
        ("TABLE_V0", "bit 2 of entry 14 of 16", None),
        ("TABLE_V0", "shifted up", None),
    ],
)
def test_what_is_proved_and_what_is_not(
    verilog: tuple[Path, Design], faults: list[Fault], target: str, what: str, reason: str | None
) -> None:
    proof = Prover(*verilog).prove(find(faults, target, what))
    assert proof.equivalent == (reason is not None), proof
    if reason is not None:
        assert proof.how == reason


def opposite_neurons() -> Network:
    """What gives x: two neurons of one input, of which never more than one is above zero."""
    layer = Layer(None, np.array([[1.0, -1.0]]), np.zeros(2), low=0.0, high=7.0, slack=0.0, least=-99.0, most=99.0)
    ends = (np.array([end]) for end in (-8.0, 7.0))
    return Network("in", *ends, lambda x: x.astype(np.int64), {}, {"x": layer}, {"x": 1.0})


@pytest.mark.parametrize(("what", "equivalent"), [("bit 3 stuck at 0", True), ("bit 2 stuck at 0", False)])
def test_what_never_comes_is_proved_in_view_of_the_layers_before(
    verilog: tuple[Path, Design], faults: list[Fault], what: str, equivalent: bool
) -> None:
    fault = find(faults, "v2", what)
    assert not Prover(*verilog).prove(fault).equivalent
    proof = Prover(*verilog, opposite_neurons).prove(fault)
    assert proof.equivalent == equivalent
    if equivalent:
        assert proof.how == "SAT: the same function in its module, as 0 <= v2 <= 7 by MILP"


def test_a_pipeline_that_is_not_balanced_is_not_taken_for_wires(verilog: tuple[Path, Design], tmp_path: Path) -> None:
    folder, design = verilog
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    text = (tmp_path / "net_a.sv").read_text()
    (tmp_path / "net_a.sv").write_text(text.replace("5'd0 : v2_s1", "5'd0 : v2"))
    fault = find(list(all_faults(tmp_path, design)), "v2", "bit 4 stuck at 1")
    proof = Prover(tmp_path, design).prove(fault)
    assert not proof.equivalent
    assert proof.how == "v6 reads v2 of another stage"
