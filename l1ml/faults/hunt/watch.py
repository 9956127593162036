"""What to watch within a core to tell how near an event is to showing a fault."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from l1ml.compiler.buses import bus_of
from l1ml.compiler.circuit import Bits, Compared, Instance, Inverted, Item, Joined, Reduced, Register, Stage, driven
from l1ml.compiler.circuit.queries import name_of, names_in, parts_of
from l1ml.compiler.design import Design
from l1ml.compiler.design import Module as Placed
from l1ml.faults.fault import Fault
from l1ml.faults.proofs.unrolled import DONE
from l1ml.faults.schemata import Signal
from l1ml.faults.wiring import Wiring

BEFORE, BEHIND = 8, 10
"""How many wires before a fault and behind it are watched at most."""

NARROW = 8
"""A wire of so few bits says little: what it comes from is watched as well."""

WIDEST = 63
"""Bits of a wire that fits into an integer."""


@dataclass
class Watch:
    """All signals that are watched, and what they have to do with the faults.

    Attributes:
        signals: All of them.
        wires: For each fault, indices of those before and behind it.
        active: For each fault, index of the signal that is not 0 where the fault makes a difference at its place;
            ``None`` if there is no such signal.
        buses: For each module, indices of the signals that hold its outputs.
    """

    signals: list[Signal] = field(default_factory=list)
    wires: list[list[int]] = field(default_factory=list)
    active: list[int | None] = field(default_factory=list)
    buses: list[list[int]] = field(default_factory=list)

    def add(self, signal: Signal) -> int:
        """Index of a signal."""
        if signal not in self.signals:
            self.signals.append(signal)
        return self.signals.index(signal)


def watch_faults(design: Design, wirings: dict[str, Wiring], faults: Sequence[Fault]) -> Watch:
    """What to watch for faults, the first of which is number 1.

    Args:
        design: The core.
        wirings: Of its modules and of itself, by name.
        faults: The faults.
    """
    watch = Watch()
    for fault in faults:
        place = _Place(design, wirings[fault.module])
        if place.wiring.placed is None:
            near = _behind_core(design, wirings, fault)
        else:
            names = (*_before(place.wiring, fault), *_behind(place.wiring, [e.item for e in fault.edits]))
            near = [place.signal(name) for name in dict.fromkeys(names)]
        watch.wires.append([watch.add(signal) for signal in near])
        active = place.active(fault)
        watch.active.append(None if active is None else watch.add(active))
    watch.buses = [[watch.add(signal) for signal in _outputs(module)] for module in design.modules]
    return watch


def _outputs(module: Placed) -> Iterator[Signal]:
    """The outputs of a module, in pieces that fit into an integer."""
    cycle = module.start + module.latency
    for tensor in module.outputs:
        for low in range(0, tensor.bits, WIDEST):
            piece = Bits(bus_of(tensor), low, min(WIDEST, tensor.bits - low))
            yield Signal(module.name, piece, cycle, cycle)


@dataclass
class _Place:
    design: Design
    wiring: Wiring

    def signal(self, name: str) -> Signal:
        """A net, in the clock cycles in which it has its value of an event."""
        late = isinstance(self.wiring.drivers[name], Register)
        return Signal(self.wiring.module.name, self.wiring.net(name), *self._cycles(self.wiring.stage_of(name), late))

    def active(self, fault: Fault) -> Signal | None:
        """1 where a fault makes a difference in the values of wires and registers; None for other faults."""
        if any(edit.needs or edit.part != "value" for edit in fault.edits):
            return None
        different = (Inverted(Compared("==", edit.right, edit.wrong)) for edit in fault.edits)
        cycles = [self._cycles(self.wiring.stages.get(edit.target)) for edit in fault.edits]
        first, last = min(c[0] for c in cycles), max(c[1] for c in cycles)
        return Signal(fault.module, Reduced("|", Joined(tuple(different))), first, last)

    def _cycles(self, stage: Stage | None, late: bool = False) -> tuple[int, int]:
        """Clock cycles of a pipeline stage; all of the module's where work is spread over several.

        Args:
            stage: The stage; None behind the last one.
            late: Whether it is about what a register holds, and not about what it takes.
        """
        placed = self.wiring.placed
        if placed is None:
            return 0, self.design.latency
        start, end = placed.start, placed.start + placed.latency
        if self.design.initiation_interval == 1:
            at = start + stage.number if stage else end - 1 + late
            return at, at
        if stage and stage.pipeline == self.wiring.result and DONE in placed.strobes:
            at = placed.strobes[DONE] - self.wiring.last_result + stage.number
            return at, at
        return start, end


def _before(wiring: Wiring, fault: Fault) -> Iterable[str]:
    """Nets that decide what a fault does, the nearest first."""
    level = [name for edit in fault.edits for name in names_in(edit.right)]
    seen: list[str] = []
    for _ in range(8):
        seen += [name for name in dict.fromkeys(level) if name not in seen]
        narrow = [name for name in level if _bits(wiring, name) <= NARROW]
        drivers = (wiring.drivers[name] for name in narrow if name in wiring.drivers)
        level = [n for item in drivers for part in parts_of(item).values() for n in names_in(part)]
    return [name for name in seen if _fits(wiring, name)][:BEFORE]


def _behind_core(design: Design, wirings: dict[str, Wiring], fault: Fault) -> list[Signal]:
    """What a fault of the core changes in the modules that read it first."""
    core, found = wirings[fault.module], list[Signal]()
    todo, seen = [edit.item for edit in fault.edits], set[str]()
    while todo:
        item = todo.pop()
        if name_of(item) in seen:
            continue
        seen.add(name_of(item))
        if not isinstance(item, Instance):
            todo += (reader for net in driven(item) for reader in core.readers.get(net.name, ()))
            continue
        changed = {name for name, value in item.inputs.items() if seen & {*names_in(value)}} or {fault.place.part}
        wiring = wirings[item.module]
        first = [reader for port in changed for reader in wiring.readers.get(port, ())]
        found += (_Place(design, wiring).signal(name) for name in _behind(wiring, first))
    return found


def _behind(wiring: Wiring, items: Sequence[Item]) -> Iterable[str]:
    """What items drive and what depends on it, the nearest first."""
    level = [net.name for item in items for net in driven(item)]
    seen: list[str] = []
    while level and len(seen) < 3 * BEHIND:
        seen += [name for name in dict.fromkeys(level) if name not in seen]
        readers = (item for name in level for item in wiring.readers.get(name, ()))
        level = [net.name for item in readers for net in driven(item) if net.name not in seen]
    return [name for name in seen if _fits(wiring, name)][:BEHIND]


def _fits(wiring: Wiring, name: str) -> bool:
    """Whether a name is a net whose value says something."""
    return 1 < _bits(wiring, name) <= WIDEST


def _bits(wiring: Wiring, name: str) -> int:
    """Bits of a net that an item drives; 0 for ports and tables."""
    driver = wiring.drivers.get(name)
    return wiring.net(name).width if driver is not None and driven(driver) else 0
