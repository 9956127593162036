"""Sums that decide what a fault does: of a module's inputs, or those that accumulators hold at the end of an event."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from math import ceil, floor, isfinite

from l1ml.compiler.circuit import driven
from l1ml.faults.fault import Fault
from l1ml.faults.linear import Forms
from l1ml.faults.network import Goal, Network
from l1ml.faults.wiring import Wiring

MANY = 4
"""Sums of one fault that are looked at, at most."""


@dataclass(frozen=True)
class Known:
    """A net that holds such a sum.

    Attributes:
        net: Its name.
        goal: The sum.
        integers: From its real ends, in LSB of the goal, to those of the net.
    """

    net: str
    goal: Goal
    integers: Callable[[float, float], tuple[int, int]]

    def ends(self, network: Network) -> tuple[int, int] | None:
        """Lowest and highest value of the net, whatever the event; ``None`` if the network does not say."""
        found = network.ends(self.goal)
        return self.integers(*found) if found and all(map(isfinite, found)) else None


def sums_before(fault: Fault, wiring: Wiring, network: Network) -> list[Known]:
    """The nearest sums that a fault depends on, of complete accumulators only; nothing if they are more than `MANY`."""
    if wiring.placed is None:
        return []
    forms = Forms(wiring, wiring.placed.inputs, wiring.ranges)
    several = {name for name, form in forms.of.items() if len(form.factors) > 1}
    right = [edit.right for edit in fault.edits]
    own = several & {edit.target for edit in fault.edits}
    names = sorted(own | wiring.before(right, several))
    complete = all(wiring.in_result(edit.item) for edit in fault.edits)
    accumulators = sorted(wiring.before(right, wiring.placed.sums)) if complete else []
    if len(names) + len(accumulators) > MANY:
        return []
    return [*_accumulators(accumulators, wiring, network), *_forms(names, forms, network)]


def sums_behind(fault: Fault, wiring: Wiring, network: Network) -> list[Known]:
    """The accumulators that a fault reaches first, at most `MANY`."""
    sums = wiring.placed.sums if wiring.placed else {}
    level, seen = [net.name for edit in fault.edits for net in driven(edit.item)], set[str]()
    while level:
        if found := sorted({*level} & sums.keys())[:MANY]:
            return list(_accumulators(found, wiring, network))
        seen.update(level)
        readers = (item for name in level for item in wiring.readers.get(name, ()))
        level = [net.name for item in readers for net in driven(item) if net.name not in seen]
    return []


def _accumulators(names: Collection[str], wiring: Wiring, network: Network) -> Iterator[Known]:
    assert wiring.placed is not None
    for name in names:
        index, worth, offset = wiring.placed.sums[name]
        neurons = network.neurons(wiring.placed.layers[0])

        def integers(low: float, high: float, worth: float = worth, offset: float = offset) -> tuple[int, int]:
            return floor((low + offset) / worth), floor((high + offset) / worth)

        if neurons:
            yield Known(name, neurons[index], integers)


def _forms(names: Collection[str], forms: Forms, network: Network) -> Iterator[Known]:
    for name in names:
        form = forms.of[name]
        (tensor, *others) = {owner for owner, _ in form.factors}
        goal = network.goal(tensor, {index: factor for (_, index), factor in form.factors.items()})

        def integers(low: float, high: float, constant: int = form.constant) -> tuple[int, int]:
            return ceil(low) + constant, floor(high) + constant

        if goal and not others:
            yield Known(name, goal, integers)
