"""One Verilog that holds all the faults at once, each of which a number brings to life.

Compiling a simulation takes far longer than running it until the first difference: one simulation for all faults makes
hundreds of them affordable.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from l1ml.compiler.circuit import (
    Bits,
    Choice,
    Compared,
    Constant,
    Expression,
    Instance,
    Item,
    Joined,
    Module,
    Net,
    Port,
    Resized,
    Section,
    Wire,
)
from l1ml.compiler.circuit.queries import name_of, parts_of, with_parts
from l1ml.compiler.printers.systemverilog import print_module
from l1ml.faults.circuits import Circuits
from l1ml.faults.fault import Edit, Fault

FAULT = Net("fault", 32)
"""Input of each module: the number of the fault that it has, 0 for none."""

WATCHED = "watched"
"""Output of the core with what is watched, 64 bits each, and of each module with what is watched in it."""


@dataclass(frozen=True)
class Signal:
    """An expression that is watched.

    Attributes:
        module: Name of the module.
        value: The expression, of up to 64 bits; a signed one is extended by its sign.
        first: Clock cycle, counted from the last word of an event, from which on it belongs to that event.
        last: The last one.
    """

    module: str
    value: Expression
    first: int
    last: int


def write_schemata(
    circuits: Circuits, faults: Sequence[Fault], folder: Path, signals: Sequence[Signal] = ()
) -> list[Path]:
    """Write a design with faults, the first of which is number 1.

    Args:
        circuits: The design.
        faults: The faults.
        folder: Where to write.
        signals: What is watched within the core.

    Returns:
        The files that are to be compiled.
    """
    numbered: dict[str, list[tuple[int, Edit]]] = defaultdict(list)
    for number, fault in enumerate(faults, start=1):
        numbered[fault.module] += ((number, edit) for edit in fault.edits)
    files = list(circuits.cells)
    for name, module in circuits.modules.items():
        module = _with_faults(module, numbered[name], circuits)
        file = folder / module.file
        file.write_text(print_module(_with_signals(module, signals, circuits)))
        files.append(file)
    return files


def _with_faults(module: Module, edits: Sequence[tuple[int, Edit]], circuits: Circuits) -> Module:
    """A module in which each part that a fault changes depends on the number of the fault."""
    of: dict[str, list[tuple[int, Edit]]] = defaultdict(list)
    for number, edit in edits:
        of[name_of(edit.item)].append((number, edit))
    sections = []
    for section in module.sections:
        items: list[Item] = []
        for item in section.items:
            edited = of.get(name_of(item), ())
            items += {name_of(needed): needed for _, edit in edited for needed in edit.needs}.values()
            items.append(_switched(item, edited))
            if isinstance(item, Instance) and item.module in circuits.modules:
                items[-1] = with_parts(items[-1], {FAULT.name: FAULT})
        sections.append(replace(section, items=tuple(items)))
    clock, *others = module.ports
    return replace(module, ports=(clock, Port(FAULT, "input"), *others), sections=tuple(sections))


def _switched(item: Item, edits: Sequence[tuple[int, Edit]]) -> Item:
    parts = parts_of(item)
    for number, edit in edits:
        chosen = Compared("==", FAULT, Constant(number, FAULT.width))
        parts[edit.part] = Choice(chosen, edit.wrong, parts[edit.part])
    return with_parts(item, parts) if edits else item


def _with_signals(module: Module, signals: Sequence[Signal], circuits: Circuits) -> Module:
    """A module that gives what is watched in it; the core gives all of it."""
    sections, is_core = list(module.sections), module.name == circuits.design.name
    values: list[Expression] = [Resized(s.value, 64) for s in signals if s.module == module.name]
    if is_core:
        sections = [_handing_on(section, signals) for section in sections]
        values = list(_in_core(module, signals))
    if not values:
        return module
    watched = Net(WATCHED, 64 * len(values))
    sections.append(Section("", (Wire(watched, Joined(tuple(reversed(values)))),)))
    return replace(module, ports=(*module.ports, Port(watched, "output")), sections=tuple(sections))


def _handing_on(section: Section, signals: Sequence[Signal]) -> Section:
    """Instances with another output for what is watched in them."""
    items: list[Item] = []
    for item in section.items:
        if isinstance(item, Instance) and (count := sum(s.module == item.module for s in signals)):
            item = replace(item, outputs={**item.outputs, WATCHED: _of_instance(item.module, count)})
        items.append(item)
    return replace(section, items=tuple(items))


def _in_core(core: Module, signals: Sequence[Signal]) -> Iterator[Expression]:
    """All that is watched, in order."""
    counts: dict[str, int] = defaultdict(int)
    for signal in signals:
        counts[signal.module] += 1
    seen: dict[str, int] = defaultdict(int)
    for signal in signals:
        if signal.module == core.name:
            yield Resized(signal.value, 64)
        else:
            yield Bits(_of_instance(signal.module, counts[signal.module]), 64 * seen[signal.module], 64)
            seen[signal.module] += 1


def _of_instance(module: str, count: int) -> Net:
    return Net(f"{WATCHED}_{module}", 64 * count)
