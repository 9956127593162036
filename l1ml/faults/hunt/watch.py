"""What to watch within a core to tell how near an event is to showing a fault."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from l1ml.compiler.design import Design, Module
from l1ml.faults.fault import Edit, Fault
from l1ml.faults.schemata import Signal
from l1ml.faults.verilog.source import Statement, bits_of
from l1ml.faults.verilog.wiring import RESULT, Wiring, base, names, renamed

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
        wirings: Of its modules, by file.
        faults: The faults.
    """
    watch = Watch()
    modules = {f"{module.name}.sv": module for module in design.modules}
    for number, fault in enumerate(faults, start=1):
        wiring = wirings.get(fault.file)
        if wiring is None:  # the top or a cell
            watch.wires.append([])
            watch.active.append(None)
            continue
        place = _Place(design, modules[fault.file], wiring)
        near = [*_before(wiring, fault), *_behind(wiring, fault)]
        watch.wires.append([watch.add(place.signal(name)) for name in dict.fromkeys(near)])
        active = place.active(fault, number)
        watch.active.append(None if active is None else watch.add(active))
    watch.buses = [[watch.add(signal) for signal in _outputs(module)] for module in design.modules]
    return watch


def _outputs(module: Module) -> Iterator[Signal]:
    """The outputs of a module, in pieces that fit into an integer."""
    cycle = module.start + module.latency
    for tensor in module.outputs:
        for low in range(0, tensor.bits, WIDEST):
            yield Signal(f"core.{tensor.name}_data[{min(low + WIDEST, tensor.bits) - 1}:{low}]", cycle, cycle)


@dataclass
class _Place:
    design: Design
    module: Module
    wiring: Wiring

    @property
    def path(self) -> str:
        return f"core.u_{self.module.segment}."

    def seen(self, expression: str) -> str:
        """An expression of the module in terms of the top."""
        return renamed(expression, {name: self.path + name for name in names(expression)})

    def signal(self, name: str) -> Signal:
        return Signal(self.path + name, *self._cycles(name))

    def _cycles(self, name: str) -> tuple[int, int]:
        """In which clock cycles a name has its value of an event."""
        line = self.wiring.drivers[name][0].line
        found = re.fullmatch(r"\w+_s(\d+)", name)
        return self._stage(line, int(found[1]) if found else None)

    def _stage(self, line: int, number: int | None = None) -> tuple[int, int]:
        """Clock cycles of the pipeline stage of a line; all of the module's where work is spread over several."""
        start, end = self.module.start, self.module.start + self.module.latency
        title, own = self.wiring.stage[line]
        at = own if number is None else number
        if self.design.initiation_interval == 1:
            return start + at, start + at
        if title == RESULT and "done" in self.module.strobes:
            at += self.module.strobes["done"] - self.wiring.last_result
            return at, at
        return start, end

    def active(self, fault: Fault, number: int) -> Signal | None:
        """1 where the statements of a fault give something else than they should."""
        wires: dict[str, tuple[str, str]] = {}
        pairs: list[tuple[str, str]] = []
        cycles: list[tuple[int, int]] = []
        for edit in fault.edits:
            statement = edit.statement
            if edit.expression is None or statement.form in ("connection", "enable", "word"):
                return None
            uses = self.wiring.source.uses.get(statement.target, [])
            readers = uses if statement.form == "table" else [statement]
            for at, reader in enumerate(readers):
                if (declared := self._declared(reader)) is None:
                    return None
                pair = self._pair(edit, reader, number, f"fault{number}_line{statement.line}_{at}", declared, wires)
                if pair is None:
                    return None
                pairs.append(pair)
                cycles.append(self._stage(reader.line))
        if not pairs:
            return None
        different = " || ".join(f"{right} != {wrong}" for right, wrong in pairs)
        return Signal(different, min(c[0] for c in cycles), max(c[1] for c in cycles), wires)

    def _declared(self, reader: Statement) -> str | None:
        return reader.declared or self.wiring.declared.get(base(reader.target))

    def _pair(
        self,
        edit: Edit,
        reader: Statement,
        number: int,
        name: str,
        declared: str,
        wires: dict[str, tuple[str, str]],
    ) -> tuple[str, str] | None:
        """Names of what a statement gives, rightly and with the fault."""
        target = edit.statement.target
        if edit.statement.form in ("wire", "flag"):
            return f"{self.path}{target}_right", f"{self.path}{target}_wrong{number}"
        if edit.statement.form == "table":
            right, wrong = (self._of_table(reader, target, kind) for kind in ("right", f"wrong{number}"))
        else:
            right, wrong = reader.expression, str(edit.expression)
            if any(n in self.wiring.tables for n in names(right) + names(wrong)):
                return None
        for kind, expression in (("right", right), ("wrong", wrong)):
            wires[f"{name}_{kind}"] = (declared, self.seen(expression))
        return f"{name}_right", f"{name}_wrong"

    def _of_table(self, reader: Statement, table: str, kind: str) -> str:
        return renamed(reader.expression, {table: f"{table}_{kind}"})


def _before(wiring: Wiring, fault: Fault) -> Iterable[str]:
    """Wires that decide what a fault does, the nearest first."""
    level = [name for edit in fault.edits for name in _read(wiring, edit)]
    seen: list[str] = []
    for _ in range(8):
        seen += [name for name in dict.fromkeys(level) if name not in seen]
        narrow = [name for name in level if _bits(wiring, name) <= NARROW]
        level = [n for name in narrow for s in wiring.drivers.get(name, ()) for n in names(s.expression)]
    return [name for name in seen if _fits(wiring, name)][:BEFORE]


def _read(wiring: Wiring, edit: Edit) -> list[str]:
    """What the statement of a fault, or what reads its table, reads."""
    if edit.statement.form in ("table", "word"):
        return [n for use in wiring.source.uses.get(edit.statement.target, ()) for n in names(use.expression)]
    return names(edit.statement.expression)


def _behind(wiring: Wiring, fault: Fault) -> Iterable[str]:
    """What a fault changes, the nearest first."""
    level = [edit.statement.target for edit in fault.edits]
    seen: list[str] = []
    while level and len(seen) < 3 * BEHIND:
        seen += [name for name in dict.fromkeys(level) if name not in seen]
        level = [
            use.target
            for name in level
            for use in wiring.source.uses.get(name.split("[")[0], ())
            if use.target not in seen and name in names(use.expression)
        ]
    return [name for name in seen if _fits(wiring, name)][:BEHIND]


def _fits(wiring: Wiring, name: str) -> bool:
    """Whether a name is a wire or a register whose value says something."""
    return name in wiring.drivers and name not in wiring.packed and 1 < _bits(wiring, name) <= WIDEST


def _bits(wiring: Wiring, name: str) -> int:
    return bits_of(wiring.declared.get(name, ""))
