"""The input of a folded segment: a copy, or the input itself where that stays."""

from __future__ import annotations

from l1ml.compiler.buses import bus_of
from l1ml.compiler.circuit import Net, Register, Section, Wire
from l1ml.compiler.network import Tensor


def capture_of(source: Tensor, start: Net, held: str, *, capture: bool) -> tuple[str, Section]:
    """What the strobe ``start`` means, and the section that gives ``held``.

    Args:
        source: The input.
        start: The strobe.
        held: Name of the net that holds the input.
        capture: Whether the input must be copied because it does not stay.
    """
    net = Net(held, source.bits)
    if capture:
        return "the input is there", Section("", (Register(net, bus_of(source), start),))
    return "the input will be there in the next clock cycle", Section("", (Wire(net, bus_of(source)),))
