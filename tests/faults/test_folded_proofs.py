"""Proofs in folded modules: accumulators through all cycles of an event, sums when they are complete, held results."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from command_line import SmallBuild

from l1ml.compiler.design import Design, Module
from l1ml.compiler.network import Tensor
from l1ml.faults.choose import all_faults
from l1ml.faults.fault import Fault
from l1ml.faults.hunt.watch import Watch
from l1ml.faults.hunt.watcher import Watcher
from l1ml.faults.proofs.prove import Prover, ask
from l1ml.faults.proofs.unrolled import unrolled_cone
from l1ml.faults.schemata import Signal, write_schemata
from l1ml.faults.simulate import FaultSimulator
from l1ml.faults.stimuli import make_cycles
from l1ml.faults.verilog.modules import wire_design
from l1ml.fixed import FixedType
from l1ml.verification.emulator import Emulator
from l1ml.verification.simulation import bench_job

ACCUMULATOR = """// four digits of 3 bits
module net_a (
    input  wire  logic clk,
    input  wire  logic first,
    input  wire  logic done,
    input  wire  logic [2:0] x_data,  // 1 x ufixed<3,3>
    output var   logic [4:0] y_data  // 1 x fixed<5,5>
);
    // Kernel stage 0
    wire logic [2:0] k0 = x_data[2:0];

    logic signed [3:0] sum0;
    logic signed [7:0] acc0;
    logic [0:0] sticky0;
    always_ff @(posedge clk) begin
        sum0 <= 4'(k0);
        acc0 <= 8'(sum0) + (first ? 8'd160 : 8'(acc0 >>> 1));
        sticky0[0] <= ~first & (sticky0[0] | (|(acc0[0:0])));
    end

    // Result stage 0
    wire logic signed [4:0] r0 = acc0[4:0];
    wire logic [0:0] r1 = sticky0[0:0];
    wire logic signed [4:0] r2 = r0 ^ 5'(r1);


    wire logic [4:0] y_next = {r2};
    always_ff @(posedge clk) begin
        if (done) begin
            y_data <= y_next;
        end
    end
endmodule
"""


@pytest.mark.parametrize(
    ("target", "what", "equivalent"),
    [
        ("acc0", "no carry into bit 7", True),  # -96 is at -12 when the last digit comes: until then, no sum gets there
        ("acc0", "no carry into bit 3", False),
        ("acc0", "bit 6 stuck at 0", False),  # in the first cycle, it is there to be moved down
        ("acc0", "bit 0 of the start 8'd160 flipped", False),
        ("sticky0[0]", "ties are not told", False),
    ],
)
def test_an_accumulator_is_followed_through_all_cycles(
    target: str, what: str, equivalent: bool, tmp_path: Path
) -> None:
    x, y = Tensor("x", 1, FixedType(3, 3, signed=False)), Tensor("y", 1, FixedType(5, 5))
    module = Module(
        name="net_a", segment="a", layers=(), title="", inputs=(x,), outputs=(y,), producers=("p",), reuse_factor=4,
        start=1, latency=6, register_bits=0, strobes={"first": 2, "done": 6},
    )  # fmt: skip
    design = Design(
        name="net", part="", clock_ns=1, inputs=(x,), outputs=(y,), modules=(module,), latency=7, initiation_interval=4,
        files=("net_pkg.sv", "net_a.sv", "net.sv"),
    )  # fmt: skip
    (tmp_path / "net_a.sv").write_text(ACCUMULATOR)
    (tmp_path / "net.sv").write_text("module net (\n);\n    localparam int MEMORY = 7;\nendmodule\n")
    (fault,) = [f for f in all_faults(tmp_path, design) if f.place.target == target and f.what.startswith(what)]
    proof = Prover(tmp_path, design).prove(fault)
    assert proof.equivalent == equivalent, proof
    if equivalent:
        assert proof.how == "SAT: the same sum after all clock cycles of an event"


@pytest.fixture(scope="module")
def verilog(anomaly_build: SmallBuild) -> Path:
    """The small anomaly trigger, folded."""
    return anomaly_build.folder / "rtl/verilog"


@pytest.fixture(scope="module")
def design(verilog: Path) -> Design:
    """Its design."""
    return Design.load(verilog)


@pytest.fixture(scope="module")
def faults(verilog: Path, design: Design) -> list[Fault]:
    """All its faults."""
    return list(all_faults(verilog, design))


def test_a_fault_of_an_accumulator_that_is_seen_is_not_proved_equivalent(
    anomaly_build: SmallBuild, verilog: Path, design: Design, faults: list[Fault], tmp_path: Path
) -> None:
    wirings = wire_design(verilog, design)
    modules = {f"{m.name}.sv": m for m in design.modules}
    of_accumulators = [f for f in faults if f.place.target.startswith(("acc", "low", "sticky"))]
    chosen = [f for f in of_accumulators if f.kind in ("carry", "accumulator", "weight", "rounding")]
    chosen = [chosen[i] for i in np.random.default_rng(5).permutation(len(chosen))[:60]]
    with np.load(anomaly_build.folder / "verify/vectors.npz") as arrays:
        cycles = make_cycles(design, arrays["inputs"], arrays["outputs"], bench_job(design, 1))
    simulator = FaultSimulator(write_schemata(verilog, design, chosen, tmp_path), tmp_path)
    seen = {o.fault for o in simulator.run(cycles, range(1, len(chosen) + 1)) if o.cycle is not None}
    assert len(seen) > 20
    verdicts = {}
    for number, fault in enumerate(chosen, start=1):
        cone = unrolled_cone(fault, wirings[fault.file], modules[fault.file])
        assert cone is not None
        verdicts[number] = ask(cone.verilog()) if cone.pairs else "proved"
    assert {verdicts[number] for number in seen} == {"refuted"}


def test_what_accumulators_hold_in_the_end_is_what_the_design_says(
    anomaly_build: SmallBuild, verilog: Path, design: Design, tmp_path: Path
) -> None:
    watch, expected = Watch(), []
    with np.load(anomaly_build.folder / "verify/vectors.npz") as arrays:
        inputs = arrays["inputs"][-500:]
    emulator = Emulator.of_project(anomaly_build.folder / "convert/hls", design)
    layers = emulator.trace(inputs, emulator.layer_sizes())
    wirings = wire_design(verilog, design)
    for module in design.modules:
        for name, (index, worth, offset) in module.sums.items():
            result = module.strobes["done"] - wirings[f"{module.name}.sv"].last_result
            watch.add(Signal(f"core.u_{module.segment}.{name}", result, result))
            expected.append(np.floor((layers[module.layers[0]][:, index] + offset) / worth))
    assert len(expected) > 10
    with Watcher(verilog, design, [], watch, tmp_path) as watcher:
        seen = watcher.run(inputs).ends[:, :, 0]
    # Other layers' own results are rounded before they are traced.
    first = next(module for module in design.modules if module.sums)
    count = len(first.sums)
    np.testing.assert_array_equal(seen[:, :count], np.stack(expected[:count], axis=1))


def test_a_result_that_is_not_held_is_equivalent_where_it_is_read_once(
    verilog: Path, design: Design, faults: list[Fault]
) -> None:
    always = [f for f in faults if f.file == f"{design.name}.sv" and f.what == "done stuck at 1"]
    folded = [m for m in design.modules if m.strobes]
    assert [m.segment for m in folded] == ["fc1", "mu", "log_variance"] and len(always) == 3
    proofs = [Prover(verilog, design).prove(fault) for fault in always]
    assert [p.equivalent for p in proofs] == [False, True, True], "two folded layers read what fc1 gives, for long"
    assert proofs[-1].how == "SAT: a result is only read while it is valid"
