"""What is proved to change nothing, and what is not: on two modules that are written out here."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from l1ml.compiler.buses import bus_of
from l1ml.compiler.circuit import (
    Bit,
    Bits,
    Choice,
    Constant,
    Joined,
    Lookup,
    Module,
    Net,
    Port,
    Raised,
    Register,
    Resized,
    Section,
    Stage,
    Table,
    Wire,
    plus,
)
from l1ml.compiler.circuit.queries import name_of
from l1ml.compiler.core import core_of
from l1ml.compiler.design import Design
from l1ml.compiler.design import Module as Placed
from l1ml.compiler.network import Tensor
from l1ml.faults.choose import all_faults
from l1ml.faults.circuits import Circuits
from l1ml.faults.fault import Edit, Fault
from l1ml.faults.network import Layer, Network
from l1ml.faults.proofs.prove import Prover
from l1ml.fixed import FixedType

X, Y = Tensor("x", 2, FixedType(4, 4)), Tensor("y", 2, FixedType(5, 5))
Z = Tensor("z", 1, FixedType(3, 3, signed=False))
WORDS = (1, 2, 4, 3, 6, 6, 5, 7, 3, 1, 2, 5, 3, 1, 2, 5)


def module_of(name: str, inputs: Tensor, outputs: Tensor, last: Joined, *sections: Section) -> Module:
    """A module whose outputs are in a register."""
    packed = Net(f"{outputs.name}_next", outputs.bits)
    ports = (Port(Net("clk"), "input"), Port(bus_of(inputs), "input"), Port(bus_of(outputs), "output"))
    end = Section("", (Wire(packed, last), Register(bus_of(outputs), packed)))
    return Module(name, (), ports, (*sections, end))


def first_module(*, balanced: bool = True) -> Module:
    """Two inputs, in two stages, to their sum where that is not negative and to a sum that nobody reads."""
    v0, v1 = Net("v0", 4, True), Net("v1", 4, True)
    v2, v4, v2_late, v4_late, v6, v7 = (Net(name, 5, True) for name in ("v2", "v4", "v2_s", "v4_s", "v6", "v7"))
    v3, v5 = Net("v3", 1), Net("v5", 1)
    stages = (
        (
            Wire(v0, Bits(bus_of(X), 0, 4)),
            Wire(v1, Bits(bus_of(X), 4, 4)),
            Wire(v2, plus(Resized(v0, 5), Resized(v1, 5))),
            Wire(v3, Bits(v1, 0, 1)),
            Wire(v4, plus(Raised(Resized(v0, 5), 1), Resized(v3, 5))),
            Register(v2_late, v2),
            Register(v4_late, v4),
        ),
        (
            Wire(v5, Bits(v2_late, 4, 1)),
            Wire(v6, Choice(Bit(v5, 0), Constant(0, 5), v2_late if balanced else v2)),
            Wire(v7, plus(v4_late, Constant(3, 5))),
        ),
    )
    sections = (Section("", items, Stage("Stage", number)) for number, items in enumerate(stages))
    return module_of("net_a", X, Y, Joined((v7, v6)), *sections)


def second_module() -> Module:
    """A table of one of its inputs."""
    v0, v1, v2 = Net("v0", 5, True), Net("v1", 4), Net("v2", 3)
    items = (
        Wire(v0, Bits(bus_of(Y), 0, 5)),
        Wire(v1, Bits(v0, 0, 4)),
        Wire(v2, Lookup("TABLE_V0", v1, 3)),
    )
    table = Section("", (Table("TABLE_V0", 4, 3, WORDS),))
    return module_of("net_b", Y, Z, Joined((v2,)), table, Section("", items, Stage("Stage", 0)))


@pytest.fixture(scope="module")
def circuits() -> Circuits:
    """The two modules, with what the first gives to the second."""
    shared = {"layers": (), "title": "", "producers": ("p",), "reuse_factor": 1, "register_bits": 0}
    first = Placed(name="net_a", segment="a", inputs=(X,), outputs=(Y,), start=0, latency=2,
                   ranges={"y": ((0, 14), (-16, 15))}, **shared)  # fmt: skip
    second = Placed(name="net_b", segment="b", inputs=(Y,), outputs=(Z,), start=2, latency=1, **shared)
    design = Design(name="net", part="", clock_ns=1, inputs=(X,), outputs=(Z,), modules=(first, second), latency=3,
                    initiation_interval=1, files=())  # fmt: skip
    modules = (first_module(), second_module(), core_of(design, {X: 0, Y: 2, Z: 3}, buffered=False))
    return Circuits(design, {module.name: module for module in modules})


@pytest.fixture(scope="module")
def faults(circuits: Circuits) -> list[Fault]:
    """All faults of them."""
    return list(all_faults(circuits))


def find(faults: list[Fault], target: str, what: str) -> Fault:
    """The one fault of a net or an input of an instance that says what is wrong so."""
    (found,) = [f for f in faults if f.place.target == target and what in f.what]
    return found


@pytest.mark.parametrize(
    ("target", "what", "reason"),
    [
        ("v4", "bit 4 stuck at 1", "nothing that reaches an output reads it"),
        ("v7", "bit 0 of the constant 5'd3 flipped", "nothing that reaches an output reads it"),
        ("v4_s", "late by a clock cycle", "nothing that reaches an output reads it"),
        ("y_data", "bit 9 stuck at 0", "SAT: the same function in what reads it"),
        ("v2", "TABLE_V0: bit 2 of entry 15 of 16", "SAT: the same function in what reads it"),
        ("u_b.y_data", "late by a clock cycle", None),
        ("valid_reg", "bit 1 stuck at 0", None),
        ("v2", "bit 4 stuck at 1", None),
        ("v2", "no carry into bit 3", None),
        ("v2_s", "late by a clock cycle", None),
        ("y_data", "bit 4 stuck at 1", None),
        ("y_data", "late by a clock cycle", None),
        ("v6", "not limited to 5'd0", None),
        ("v2", "TABLE_V0: bit 2 of entry 14 of 16", None),
        ("v2", "TABLE_V0: shifted up", None),
    ],
)
def test_what_is_proved_and_what_is_not(
    circuits: Circuits, faults: list[Fault], target: str, what: str, reason: str | None
) -> None:
    proof = Prover(circuits).prove(find(faults, target, what))
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
    circuits: Circuits, faults: list[Fault], what: str, equivalent: bool
) -> None:
    fault = find(faults, "v2", what)
    assert not Prover(circuits).prove(fault).equivalent
    proof = Prover(circuits, opposite_neurons).prove(fault)
    assert proof.equivalent == equivalent
    if equivalent:
        assert proof.how == "SAT: the same function in its module, as 0 <= v2 <= 7 by MILP"


def test_a_pipeline_that_is_not_balanced_is_not_taken_for_wires(circuits: Circuits) -> None:
    crooked = replace(circuits, modules=circuits.modules | {"net_a": first_module(balanced=False)})
    proof = Prover(crooked).prove(find(list(all_faults(crooked)), "v2", "bit 4 stuck at 1"))
    assert not proof.equivalent
    assert proof.how == "v2 is read in another stage than its own"


def test_what_is_read_beside_a_pipeline_may_be_anything(circuits: Circuits) -> None:
    """A register that takes an input twice, once through a pipeline: the two are not of the same clock cycle."""
    early, late, both, x = Net("early", 4), Net("late", 4), Net("both", 4), bus_of(X)
    stage = Section("", (Wire(early, Bits(x, 0, 4)), Register(late, early)), Stage("Stage", 0))
    same = Choice(Bit(late, 3), late, Bits(x, 0, 4))
    module = module_of("net_a", X, Y, Joined((Constant(0, 6), both)), stage, Section("", (Register(both, same),)))
    circuits = replace(circuits, modules=circuits.modules | {"net_a": module})
    other = Choice(Bit(late, 3), Bits(x, 0, 4), late)
    item = next(item for item in module.items if name_of(item) == "both")
    fault = Fault("inputs", "swapped", (Edit(item, "value", other),), "net_a")
    assert not Prover(circuits).prove(fault).equivalent
