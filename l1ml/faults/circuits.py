"""The circuits of a design as they are broken, proved and watched: wires, registers, tables and instances only."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from l1ml.compiler.circuit import (
    Element,
    Expression,
    Instance,
    Item,
    Lookup,
    Module,
    Net,
    Register,
    Rom,
    ShiftRegister,
    Table,
    Wire,
)
from l1ml.compiler.circuit.queries import name_of, parts_of, with_parts
from l1ml.compiler.circuit.saving import load_circuits
from l1ml.compiler.design import Design
from l1ml.compiler.printers.systemverilog import print_module
from l1ml.errors import L1mlError

_MARK = "§"
"""Stands in no Verilog."""


@dataclass(frozen=True)
class Circuits:
    """A design as circuits.

    Attributes:
        design: The design.
        modules: By name: those of its network and the core, as `plain` makes them.
        cells: Files of fixed text, of which instances are in the modules.
        lines: For each module, by name of what `place_of` looks for, the line in its file, counted from 1.
    """

    design: Design
    modules: dict[str, Module]
    cells: tuple[Path, ...] = ()
    lines: dict[str, dict[str, int]] = field(default_factory=dict)

    def place_of(self, module: str, name: str) -> str:
        """File and, where it is known, line of an item, or of an input of an instance, for people."""
        line = self.lines.get(module, {}).get(name)
        return f"{self.modules[module].file}:{line}" if line else self.modules[module].file


def read_circuits(folder: Path) -> Circuits:
    """Read the circuits of a folder of Verilog.

    Raises:
        L1mlError: If they are missing, or the Verilog is not what is printed of them.
    """
    design, modules = Design.load(folder), load_circuits(folder)
    for module in modules.values():
        file = folder / module.file
        if not file.is_file() or file.read_text() != print_module(module):
            raise L1mlError(f"{file} is not what was written there: faults are put into circuits; write it again")
    cells = sorted({cell for module in design.modules for cell in module.cells})
    return Circuits(
        design,
        {name: plain(module, modules) for name, module in modules.items()},
        tuple(folder / cell for cell in cells),
        {name: lines_of(module) for name, module in modules.items()},
    )


def lines_of(module: Module) -> dict[str, int]:
    """The line of each item in its file, counted from 1; for an instance, those of its inputs, ``instance.input``."""
    marked: list[str] = []

    def mark(name: str, part: Expression) -> Net:
        marked.append(name)
        return Net(f"{_MARK}{len(marked) - 1}{_MARK}", part.width, part.signed)

    def marks(item: Item) -> Item:
        parts = list(parts_of(item).items())
        if isinstance(item, Instance):
            return with_parts(item, {port: mark(f"{item.name}.{port}", part) for port, part in parts})
        return with_parts(item, {part: mark(name_of(item), value) for part, value in parts[:1]})

    sections = [replace(s, items=tuple(map(marks, s.items))) for s in module.sections]
    found: dict[str, int] = {}
    for number, line in enumerate(
        print_module(replace(module, sections=tuple(sections)), checked=False).splitlines(), start=1
    ):
        for mark_number in line.split(_MARK)[1::2]:
            found[marked[int(mark_number)]] = number
    for item in module.items:
        if isinstance(item, ShiftRegister):
            found.update((f"{item.name}_{i}", found[item.name]) for i in range(item.length))
    return found


def plain(module: Module, known: Collection[str]) -> Module:
    """A module that does the same, of fewer kinds of items.

    A memory of constants becomes a table with a register behind it, a shift register becomes registers, and what a cell
    gives goes through a wire, in which it can be wrong.

    Args:
        module: The module.
        known: Names of modules; all others are cells.
    """
    arrays = any(isinstance(item, ShiftRegister) for item in module.items)

    def element(part: Expression) -> Expression | None:
        return Net(f"{part.array}_{part.index}", part.bits) if isinstance(part, Element) else None

    sections = []
    for section in module.sections:
        items: list[Item] = []
        for item in section.items:
            if arrays:
                item = with_parts(item, {name: part.rewritten(element) for name, part in parts_of(item).items()})
            items += _plain_item(item, known)
        sections.append(replace(section, items=tuple(items)))
    return replace(module, sections=tuple(sections))


def _plain_item(item: Item, known: Collection[str]) -> Iterator[Item]:
    match item:
        case Rom(net=net, address=address, words=words):
            padded = (*words, *[0] * ((1 << address.width) - len(words)))
            table = Table(f"{net.name}_ROM", address.width, net.width, padded)
            yield from (table, Register(net, Lookup(table.name, address, net.width)))
        case ShiftRegister(name=name, length=length, value=value):
            for index in range(length):
                net = Net(f"{name}_{index}", item.value.width)
                yield Register(net, value)
                value = net
        case Instance(outputs=outputs) if item.module not in known:
            given = {port: replace(net, name=f"{net.name}_given") for port, net in outputs.items()}
            yield replace(item, outputs=given)
            yield from (Wire(net, given[port]) for port, net in outputs.items())
        case _:
            yield item
