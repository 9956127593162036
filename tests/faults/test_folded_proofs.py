"""Proofs in folded modules: accumulators through all cycles of an event, sums when they are complete, held results."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from command_line import SmallBuild

from l1ml.compiler.buses import bus_of
from l1ml.compiler.circuit import (
    Bits,
    Bitwise,
    Choice,
    Constant,
    Inverted,
    Joined,
    Lowered,
    Module,
    Net,
    Port,
    Reduced,
    Register,
    Resized,
    Section,
    Stage,
    Wire,
    plus,
)
from l1ml.compiler.core import core_of
from l1ml.compiler.design import Design
from l1ml.compiler.design import Module as Placed
from l1ml.compiler.network import Tensor
from l1ml.faults.choose import all_faults
from l1ml.faults.circuits import Circuits, read_circuits
from l1ml.faults.fault import Fault
from l1ml.faults.hunt.watch import Watch
from l1ml.faults.hunt.watcher import Watcher
from l1ml.faults.proofs.prove import Prover, ask
from l1ml.faults.proofs.unrolled import unrolled_cone
from l1ml.faults.schemata import Signal, write_schemata
from l1ml.faults.simulate import FaultSimulator
from l1ml.faults.stimuli import make_cycles
from l1ml.faults.wiring import wire_design
from l1ml.fixed import FixedType
from l1ml.verification.emulator import Emulator
from l1ml.verification.simulation import bench_job

X, Y = Tensor("x", 1, FixedType(3, 3, signed=False)), Tensor("y", 1, FixedType(5, 5))


def accumulator() -> Module:
    """Four digits of 3 bits, the sum of which starts at -96."""
    k0, r1, sticky = Net("k0", 3), Net("r1", 1), Net("sticky0", 1)
    added, acc, r0, r2 = Net("sum0", 4, True), Net("acc0", 8, True), Net("r0", 5, True), Net("r2", 5, True)
    packed, first, done = Net("y_next", 5), Net("first"), Net("done")
    start = Choice(first, Constant(160, 8), Resized(Lowered(acc, 1), 8))
    leaving = Bitwise("|", sticky, Reduced("|", Bits(acc, 0, 1)))
    sections = (
        Section("", (Wire(k0, Bits(bus_of(X), 0, 3)),), Stage("Kernel", 0)),
        Section(
            "",
            (
                Register(added, Resized(k0, 4)),
                Register(acc, plus(Resized(added, 8), start)),
                Register(sticky, Bitwise("&", Inverted(first), leaving)),
            ),
        ),
        Section(
            "",
            (
                Wire(r0, Bits(acc, 0, 5)),
                Wire(r1, Bits(sticky, 0, 1)),
                Wire(r2, Bitwise("^", r0, Resized(r1, 5))),
            ),
            Stage("Result", 0),
        ),
        Section("", (Wire(packed, Joined((r2,))), Register(bus_of(Y), packed, done))),
    )
    inputs = (Net("clk"), first, done, bus_of(X))
    ports = (*(Port(net, "input") for net in inputs), Port(bus_of(Y), "output"))
    return Module("net_a", (), ports, sections)


@pytest.mark.parametrize(
    ("target", "what", "equivalent"),
    [
        ("acc0", "no carry into bit 7", True),  # -96 is at -12 when the last digit comes: until then, no sum gets there
        ("acc0", "no carry into bit 3", False),
        ("acc0", "bit 6 stuck at 0", False),  # in the first cycle, it is there to be moved down
        ("acc0", "bit 0 of the start 8'd160 flipped", False),
        ("sticky0", "ties are not told", False),
    ],
)
def test_an_accumulator_is_followed_through_all_cycles(target: str, what: str, equivalent: bool) -> None:
    module = Placed(
        name="net_a", segment="a", layers=("a",), title="", inputs=(X,), outputs=(Y,), producers=("p",), reuse_factor=4,
        start=1, latency=6, register_bits=0, strobes={"first": 2, "done": 6}, sums={"acc0": (0, 1.0, 0.0)},
    )  # fmt: skip
    design = Design(
        name="net", part="", clock_ns=1, inputs=(X,), outputs=(Y,), modules=(module,), latency=7, initiation_interval=4,
        files=(),
    )  # fmt: skip
    circuits = Circuits(design, {m.name: m for m in (accumulator(), core_of(design, {X: 0, Y: 7}, buffered=False))})
    (fault,) = [f for f in all_faults(circuits) if f.place.target == target and f.what.startswith(what)]
    proof = Prover(circuits).prove(fault)
    assert proof.equivalent == equivalent, proof
    if equivalent:
        assert proof.how == "SAT: the same sum after all clock cycles of an event"


@pytest.fixture(scope="module")
def circuits(anomaly_build: SmallBuild) -> Circuits:
    """The small anomaly trigger, folded."""
    return read_circuits(anomaly_build.folder / "rtl/verilog")


@pytest.fixture(scope="module")
def design(circuits: Circuits) -> Design:
    """Its design."""
    return circuits.design


@pytest.fixture(scope="module")
def faults(circuits: Circuits) -> list[Fault]:
    """All its faults."""
    return list(all_faults(circuits))


def test_a_fault_of_an_accumulator_that_is_seen_is_not_proved_equivalent(
    anomaly_build: SmallBuild, circuits: Circuits, design: Design, faults: list[Fault], tmp_path: Path
) -> None:
    wirings = wire_design(circuits)
    of_accumulators = [f for f in faults if unrolled_cone(f, wirings[f.module]) is not None]
    chosen = [f for f in of_accumulators if f.kind in ("carry", "accumulator", "weight", "rounding", "valid")]
    chosen = [chosen[i] for i in np.random.default_rng(5).permutation(len(chosen))[:60]]
    with np.load(anomaly_build.folder / "verify/vectors.npz") as arrays:
        cycles = make_cycles(design, arrays["inputs"], arrays["outputs"], bench_job(design, 1))
    simulator = FaultSimulator(write_schemata(circuits, chosen, tmp_path), tmp_path)
    seen = {o.fault for o in simulator.run(cycles, range(1, len(chosen) + 1)) if o.cycle is not None}
    assert len(seen) > 20
    verdicts = {}
    for number, fault in enumerate(chosen, start=1):
        cone = unrolled_cone(fault, wirings[fault.module])
        assert cone is not None
        verdicts[number] = ask(cone.verilog()) if cone.pairs else "proved"
    assert {verdicts[number] for number in seen} == {"refuted"}


def test_what_accumulators_hold_in_the_end_is_what_the_design_says(
    anomaly_build: SmallBuild, circuits: Circuits, design: Design, tmp_path: Path
) -> None:
    watch, expected = Watch(), []
    with np.load(anomaly_build.folder / "verify/vectors.npz") as arrays:
        inputs = arrays["inputs"][-500:]
    emulator = Emulator.of_project(anomaly_build.folder / "convert/hls", design)
    layers = emulator.trace(inputs, emulator.layer_sizes())
    wirings = wire_design(circuits)
    for module in design.modules:
        for name, (index, worth, offset) in module.sums.items():
            wiring = wirings[module.name]
            result = module.strobes["done"] - wiring.last_result
            watch.add(Signal(module.name, wiring.net(name), result, result))
            expected.append(np.floor((layers[module.layers[0]][:, index] + offset) / worth))
    assert len(expected) > 10
    with Watcher(circuits, [], watch, tmp_path) as watcher:
        seen = watcher.run(inputs).ends[:, :, 0]
    # Other layers' own results are rounded before they are traced.
    first = next(module for module in design.modules if module.sums)
    count = len(first.sums)
    np.testing.assert_array_equal(seen[:, :count], np.stack(expected[:count], axis=1))


def test_a_result_that_is_not_held_is_equivalent_where_it_is_read_once(
    circuits: Circuits, design: Design, faults: list[Fault]
) -> None:
    always = [f for f in faults if f.module == design.name and f.what == "done stuck at 1"]
    folded = [m for m in design.modules if m.strobes]
    assert [m.segment for m in folded] == ["fc1", "mu", "log_variance"] and len(always) == 3
    proofs = [Prover(circuits).prove(fault) for fault in always]
    assert [p.equivalent for p in proofs] == [False, True, True], "two folded layers read what fc1 gives, for long"
    assert proofs[-1].how == "SAT: a result is only read while it is valid"
