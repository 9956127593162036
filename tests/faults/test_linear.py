"""Sums of inputs are followed through adders: an input that cancels is none that is read."""

from __future__ import annotations

import pytest

from l1ml.compiler.buses import bus_of
from l1ml.compiler.circuit import (
    Bits,
    Constant,
    Expression,
    Joined,
    Module,
    Net,
    Port,
    Raised,
    Register,
    Repeated,
    Resized,
    Section,
    Stage,
    Sum,
    Wire,
    plus,
)
from l1ml.compiler.design import Module as Placed
from l1ml.compiler.network import Tensor
from l1ml.faults.linear import Forms
from l1ml.faults.wiring import Wiring
from l1ml.fixed import FixedType

X, Y = Tensor("x", 4, FixedType(4, 4)), Tensor("y", 3, FixedType(6, 6))
PLACED = Placed(
    name="net_a", segment="a", layers=(), title="", inputs=(X,), outputs=(Y,), producers=("p",), reuse_factor=1,
    start=0, latency=2, register_bits=0,
)  # fmt: skip


def signed(name: str, bits: int) -> Net:
    """A signed net."""
    return Net(name, bits, is_signed=True)


def minus(left: Expression, right: Expression) -> Sum:
    """A difference."""
    return Sum((left, right), (False, True))


def wired(last: Expression) -> Wiring:
    """A module of two stages with a last output."""
    v0, v1, v2 = (signed(f"v{i}", 4) for i in range(3))
    v3, v6, v7 = signed("v3", 5), signed("v6", 5), signed("v7", 4)
    v4, v5, v9 = signed("v4", 6), signed("v5", 6), signed("v9", 6)
    v4_later, v5_later = signed("v4_later", 6), signed("v5_later", 6)
    v8, q1 = Net("v8", 1), Net("q1", 1)
    kept, q0, q2 = Net("kept", 8), Net("q0", 8), Net("q2", 2)
    x, y_next, y = bus_of(X), Net("y_next", 18), bus_of(Y)
    first = (
        *(Wire(net, Bits(x, 4 * i, 4)) for i, net in enumerate((v0, v1, v2))),
        Wire(v3, plus(Resized(v0, 5), Resized(v1, 5))),
        Wire(v4, minus(Resized(v3, 6), Resized(v0, 6))),
        Wire(v5, plus(Raised(Resized(v2, 6), 1), Constant(3, 6))),
        Wire(v6, Sum((Resized(v2, 5),), (True,))),
        Wire(v7, plus(v0, v1)),
        Wire(v8, Bits(x, 15, 1)),
        Register(v4_later, v4),
        Register(v5_later, v5),
    )
    second = (
        Wire(q0, Bits(kept, 0, 8)),
        Wire(q1, Bits(q0, 6, 1)),
        Wire(q2, Bits(q0, 0, 2)),
        Wire(v9, minus(Resized(v6, 6), v4_later)),
    )
    module = Module(
        "net_a",
        (),
        (Port(Net("clk"), "input"), Port(x, "input"), Port(y, "output")),
        (
            Section("", first, Stage("Stage", 0)),
            Section("", second, Stage("Stage", 1)),
            Section("", (Register(kept, Repeated(8, v8)), Wire(y_next, Joined((last, v5_later, v4_later))))),
            Section("", (Register(y, y_next),)),
        ),
    )
    return Wiring(module, PLACED)


@pytest.fixture
def wiring() -> Wiring:
    """The module, with a value that is known to be small as its last output."""
    return wired(signed("v9", 6))


def test_sums_are_followed(wiring: Wiring) -> None:
    forms = Forms(wiring, (X,))
    assert forms.of["v3"].factors == {("x", 0): 1, ("x", 1): 1}
    assert forms.of["v4_later"].factors == {("x", 1): 1}, "what cancels is gone"
    assert (forms.of["v5_later"].factors, forms.of["v5_later"].constant) == ({("x", 2): 2}, 3)
    assert forms.of["v9"].factors == {("x", 2): -1, ("x", 1): -1}
    assert forms.ends(forms.of["v5"]) == (-13, 17)


def test_a_sum_that_may_wrap_is_none(wiring: Wiring) -> None:
    assert "v7" not in Forms(wiring, (X,)).of
    small = ((0, 3), (0, 3), (-8, 7), (-8, 7))
    assert Forms(wiring, (X,), {X: small}).of["v7"].factors == {("x", 0): 1, ("x", 1): 1}


def test_an_input_that_cancels_is_not_read(wiring: Wiring) -> None:
    assert wiring.elements_read(X) == {1, 2}
    wraps, flag = Resized(signed("v7", 4), 6), Resized(Net("q1", 1), 6)
    assert wired(wraps).elements_read(X) == {0, 1, 2}, "a sum that may wrap is read as it stands"
    assert wired(flag).elements_read(X) == {1, 2, 3}


def test_a_net_that_cancels_may_hold_anything(wiring: Wiring) -> None:
    assert wiring.cancel(["v0"])
    assert not wiring.cancel(["v1"])
    assert not wiring.cancel(["v3"]), "v0 is read beside it"
    assert not wiring.cancel(["v0", "v3"])
    assert not wiring.cancel(["kept"]), "no value of a sum"
    assert not wired(Resized(signed("v7", 4), 6)).cancel(["v0"]), "a sum that may wrap is read as it stands"


def test_bits_that_nothing_reads(wiring: Wiring) -> None:
    assert wiring.counts.get("kept", 0) == 0
    one, two = Resized(Net("q1", 1), 6), Resized(Net("q2", 2), 6)
    assert wired(one).counts["kept"] == 0b01000000
    assert wired(plus(two, one)).counts["kept"] == 0b01000011
    assert wired(Resized(Net("q0", 8), 6)).counts["kept"] == 0b00111111, "others are cut off"
    assert wired(plus(Constant(0, 6), Bits(Net("kept", 8), 2, 6))).counts["kept"] == 0b11111100
