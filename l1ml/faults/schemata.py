"""One Verilog that holds all the faults at once, each of which a number brings to life.

Compiling a simulation takes far longer than running it until the first difference: one simulation for all faults makes
hundreds of them affordable.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
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
    watched = {m: Net(f"{WATCHED}_{m}", 64 * n) for m, n in Counter(s.module for s in signals).items()}
    files, seen = list(circuits.cells), list[Expression]()
    for name, module in circuits.modules.items():
        if name == circuits.design.name:
            places = {m: iter(range(0, net.width, 64)) for m, net in watched.items()}
            seen = [
                Resized(s.value, 64) if s.module == name else Bits(watched[s.module], next(places[s.module]), 64)
                for s in signals
            ]
        else:
            seen = [Resized(s.value, 64) for s in signals if s.module == name]
        file = folder / module.file
        file.write_text(print_module(_with_faults(module, numbered[name], watched, seen, circuits)))
        files.append(file)
    return files


def _with_faults(
    module: Module,
    edits: Sequence[tuple[int, Edit]],
    watched: Mapping[str, Net],
    seen: Sequence[Expression],
    circuits: Circuits,
) -> Module:
    """A module in which each part that a fault changes depends on the number of the fault.

    Args:
        module: The module.
        edits: What is changed, with the numbers of the faults.
        watched: Nets of the core with what is watched in other modules, by their names.
        seen: What the module gives of what is watched, 64 bits each.
        circuits: The design.
    """
    of: dict[str, list[tuple[int, Edit]]] = defaultdict(list)
    for number, edit in edits:
        of[name_of(edit.item)].append((number, edit))
    sections = []
    for section in module.sections:
        items: list[Item] = []
        for item in section.items:
            edited = of.get(name_of(item), ())
            items += {name_of(needed): needed for _, edit in edited for needed in edit.needs}.values()
            item = _switched(item, edited)
            if isinstance(item, Instance) and item.module in circuits.modules:
                more = {WATCHED: watched[item.module]} if item.module in watched else {}
                item = replace(item, inputs={**item.inputs, FAULT.name: FAULT}, outputs={**item.outputs, **more})
            items.append(item)
        sections.append(replace(section, items=tuple(items)))
    clock, *ports = module.ports
    if seen:
        bus = Net(WATCHED, 64 * len(seen))
        sections.append(Section("", (Wire(bus, Joined(tuple(reversed(seen)))),)))
        ports.append(Port(bus, "output"))
    return replace(module, ports=(clock, Port(FAULT, "input"), *ports), sections=tuple(sections))


def _switched(item: Item, edits: Sequence[tuple[int, Edit]]) -> Item:
    parts = parts_of(item)
    for number, edit in edits:
        chosen = Compared("==", FAULT, Constant(number, FAULT.width))
        parts[edit.part] = Choice(chosen, edit.wrong, parts[edit.part])
    return with_parts(item, parts) if edits else item
