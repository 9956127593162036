"""The circuits of a design as they are broken, proved and watched: wires, registers, tables and instances only."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
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
from l1ml.compiler.circuit.queries import parts_of, with_parts
from l1ml.compiler.circuit.saving import load_circuits
from l1ml.compiler.design import Design
from l1ml.compiler.printers.systemverilog import Line, lines_of
from l1ml.errors import L1mlError


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
    lines: dict[str, dict[str, int]] = {}
    for name, module in modules.items():
        file, printed = folder / module.file, lines_of(module)
        if not file.is_file() or file.read_text() != "\n".join(printed):
            raise L1mlError(f"{file} is not what was written there: faults are put into circuits; write it again")
        lines[name] = _places(module, printed)
    cells = sorted({cell for module in design.modules for cell in module.cells})
    return Circuits(
        design,
        {name: plain(module, modules) for name, module in modules.items()},
        tuple(folder / cell for cell in cells),
        lines,
    )


def _places(module: Module, lines: Sequence[str]) -> dict[str, int]:
    """The line of each item in its file, counted from 1; for an instance, those of its inputs, ``instance.input``."""
    found: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        if isinstance(line, Line):
            found.setdefault(line.of, number)
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
