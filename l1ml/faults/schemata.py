"""One Verilog that holds all the faults at once, each of which a number brings to life.

Compiling a simulation takes far longer than running it until the first difference: one simulation for all faults makes
hundreds of them affordable.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from l1ml.compiler.design import Design
from l1ml.faults.fault import Fault
from l1ml.faults.verilog.source import Source, Statement, read_design
from l1ml.templates import render


@dataclass(frozen=True)
class Signal:
    """An expression that is watched.

    Attributes:
        expression: In terms of the module ``l1ml_faults``, in which the core is called ``core``.
        first: Clock cycle, counted from the last word of an event, from which on it belongs to that event.
        last: The last one.
        wires: Wires that it needs: declaration and expression of each.
    """

    expression: str
    first: int
    last: int
    wires: dict[str, tuple[str, str]] = field(default_factory=dict, hash=False, compare=False)


@dataclass
class _Late:
    """A register more, for a target that is to be late."""

    name: str
    statement: Statement


@dataclass
class _Line:
    """A line of a file: as it is, or with the faults of its statement."""

    text: str
    statement: Statement | None = None
    others: list[tuple[int, str]] = field(default_factory=list)
    late: list[_Late] = field(default_factory=list)

    @property
    def operator(self) -> str:
        """How the target gets its value."""
        return "<=" if "<=" in self.text else "="


def write_schemata(
    verilog: Path, design: Design, faults: Sequence[Fault], folder: Path, signals: Sequence[Signal] = ()
) -> list[Path]:
    """Write a design with faults, the first of which is number 1.

    Args:
        verilog: Folder with the Verilog of the design.
        design: The design.
        faults: The faults.
        folder: Where to write.
        signals: What is watched within the core.

    Returns:
        The files in the order in which they are to be compiled; the top is ``l1ml_faults``.
    """
    top = folder / "l1ml_faults.sv"
    top.write_text(render("faults/top.sv.j2", design=design, signals=signals))
    package = folder / f"{design.name}_pkg.sv"
    package.write_text((verilog / package.name).read_text())
    files = [package, top]
    sources = read_design(verilog, design)
    numbered: dict[str, list[tuple[int, Fault]]] = defaultdict(list)
    for number, fault in enumerate(faults, start=1):
        numbered[fault.file].append((number, fault))
    for name, source in sources.items():
        file = folder / name
        file.write_text(render("faults/module.sv.j2", lines=_lines(source, numbered[name])))
        files.append(file)
    return files


def _lines(source: Source, faults: Sequence[tuple[int, Fault]]) -> list[_Line]:
    lines = [_Line(text) for text in source.lines]
    for number, fault in faults:
        for edit in fault.edits:
            line = lines[edit.statement.line]
            line.statement = edit.statement
            expression = edit.expression
            if expression is None:
                expression = f"{edit.statement.target}_late"
                opening = lines[edit.statement.block].late
                if all(late.name != expression for late in opening):
                    opening.append(_Late(expression, edit.statement))
            line.others.append((number, expression))
    return lines
