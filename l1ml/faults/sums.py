"""Sums that decide what a fault does: of a module's inputs, or those that accumulators hold at the end of an event."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from math import ceil, floor, isfinite

from l1ml.compiler.circuit import driven
from l1ml.compiler.circuit.queries import names_in
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


def sums_near(fault: Fault, wiring: Wiring, network: Network) -> list[Known]:
    """Sums that an event which shows a fault has to drive: what it reads, and the sums of neurons that it reaches."""
    if wiring.placed is None:
        return []
    forms = Forms(wiring, wiring.placed.inputs, wiring.ranges)
    read = {name for edit in fault.edits for name in (edit.target, *names_in(edit.right), *names_in(edit.wrong))}
    names = sorted(name for name in read if name in forms.of and forms.of[name].factors)[:MANY]
    return [
        *(sums_before(fault, wiring, network) or _forms(names, forms, network)),
        *_behind(fault, wiring, forms, network),
    ]


def _behind(fault: Fault, wiring: Wiring, forms: Forms, network: Network) -> Iterator[Known]:
    """The accumulators, or the last sums of inputs, that a fault reaches first, at most `MANY`."""
    sums = wiring.placed.sums if wiring.placed else {}
    level, seen = [net.name for edit in fault.edits for net in driven(edit.item)], set[str]()
    last: list[str] = []
    while level:
        if found := sorted({*level} & sums.keys())[:MANY]:
            yield from _accumulators(found, wiring, network)
            return
        seen.update(level)
        behind = {
            name: [net.name for item in wiring.readers.get(name, ()) for net in driven(item)]
            for name in dict.fromkeys(level)
        }
        last += [name for name, nets in behind.items() if name in forms.of and not forms.of.keys() & {*nets}]
        level = [name for nets in behind.values() for name in nets if name not in seen]
    yield from _forms([name for name in last if forms.of[name].factors][:MANY], forms, network)


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
