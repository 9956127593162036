"""Bits of a module that nothing in it reads: pruned inputs, digits that rounding drops, low digits of sums.

They stay, as a port has the width of its contract and a sum needs its low digits for the carries. Lint is told
so by a net that reads just these bits and whose name has ``unused`` in it; synthesis removes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from l1ml.compiler.circuit import Module, Net, Register, Table, Wire, driven, read_by
from l1ml.compiler.circuit.queries import all_bits, bits_read

CLOCK, RESET = "clk", "rst"
"""Nets that registers read without saying so."""


def unread(module: Module) -> list[tuple[Net, int]]:
    """Inputs and nets with bits that nothing reads, with a mask of these, in the order in which they are declared."""
    read: dict[str, int] = {}

    def want(name: str, mask: int) -> None:
        read[name] = read.get(name, 0) | mask

    for item in module.items:
        for value in read_by(item):
            bits_read(value, all_bits(value.width), want)
        want(CLOCK, int(not isinstance(item, (Wire, Table))))
        want(RESET, int(isinstance(item, Register) and item.reset is not None))
    inputs = (port.net for port in module.ports if port.direction == "input")
    found = {net.name: net for net in chain(inputs, *map(driven, module.items)) if net.name not in module.outputs}
    masks = ((net, all_bits(net.width) & ~read.get(net.name, 0)) for net in found.values())
    return [(net, mask) for net, mask in masks if mask]


def runs(mask: int) -> Iterator[tuple[int, int]]:
    """Highest and lowest bit of each run of ones in a mask, the lowest run first."""
    low = 0
    while mask >> low:
        if mask >> low & 1:
            high = low
            while mask >> high + 1 & 1:
                high += 1
            yield high, low
            low = high
        low += 1
