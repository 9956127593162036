"""Who drives and who reads what in a module, and which of it counts in the end."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from l1ml.faults.source import Source, Statement
from l1ml.rtl.design import Design, Module
from l1ml.rtl.graph import Tensor

_NAME = re.compile(r"(?<!['$\w.])(?:digit\[\d+:\d+\]|(?!digit\[)[A-Za-z_]\w*)")
_PORT = re.compile(r"\s*input\s+wire\s+logic (?P<declared>\[\d+:0\] )?(?P<name>\w+),?(?:\s*//.*)?")
_STAGE = re.compile(r"\s*// (?P<title>.*[Ss]tage) (?P<number>\d+)")
_KEYWORDS = {"always_ff", "posedge", "begin", "end", "if", "else", "for", "int", "case", "default", "wire", "logic"}


def names(expression: str) -> list[str]:
    """Names in an expression; each slice of the bus ``digit`` is one of its own."""
    return [name for name in dict.fromkeys(_NAME.findall(expression)) if name not in _KEYWORDS]


def renamed(expression: str, others: dict[str, str]) -> str:
    """An expression with other names in it."""
    return _NAME.sub(lambda found: others.get(found[0], found[0]), expression)


@dataclass
class Wiring:
    """The statements of a module by what they drive.

    Attributes:
        source: The module.
        drivers: For each name, the statements that drive it.
        declared: Sign and range of each name, as they are declared; ``[0:0]`` of a single bit.
        stage: For each line, title and number of the pipeline stage in which it is; ("", 0) outside.
        tables: Text of each table that is a constant or a function.
        unread: Lines that are no statements but mention names; nothing is known of them.
        packed: Each output tensor by the name of the wire that packs it.
        ranges: What the elements of inputs can be, where that is less than their types hold.
        live: What can make a difference in a result: everything unless `find_live` has found out.
    """

    source: Source
    drivers: dict[str, list[Statement]] = field(default_factory=dict)
    declared: dict[str, str] = field(default_factory=dict)
    stage: list[tuple[str, int]] = field(default_factory=list)
    tables: dict[str, str] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    packed: dict[str, Tensor] = field(default_factory=dict)
    ranges: dict[Tensor, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    live: set[str] | None = None
    live_elements: dict[str, set[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, source: Source, module: Module) -> Wiring:
        """The wiring of a module."""
        wiring = cls(source, packed={f"{t.name}_next": t for t in module.outputs})
        wiring.declared.update(source.declared)
        statements = {s.line: s for s in source.statements}
        stage, function = ("", 0), ""
        for number, line in enumerate(source.lines):
            if found := _STAGE.fullmatch(line):
                stage = found["title"], int(found["number"])
            elif line.lstrip().startswith("//"):
                stage = "", 0
            wiring.stage.append(stage)
            if "function" in line and "endfunction" not in line:
                function = line.split("]")[1].split("(")[0].strip()
                wiring.tables[function] = ""
            if function:
                wiring.tables[function] += line + "\n"
                function = "" if "endfunction" in line else function
            elif statement := statements.get(number):
                wiring._add(statement, line)
            elif found := _PORT.fullmatch(line):
                wiring.declared[found["name"]] = (found["declared"] or "[0:0]").strip()
            elif not re.match(r"\s*(//|(output|logic|module|endmodule|wire logic \[\d+:0\] digit;)\b|`|\);|$)", line):
                wiring.unread.append(line)
        return wiring

    def _add(self, statement: Statement, line: str) -> None:
        if statement.form == "table":
            self.tables[statement.target] = line
        elif statement.form in ("connection", "enable", "word"):
            self.unread.append(line)
        else:
            self.drivers.setdefault(base(statement.target), []).append(statement)
        if statement.declared or statement.form in ("wire", "flag"):
            self.declared.setdefault(base(statement.target), statement.declared or "[0:0]")
        elif found := re.fullmatch(r"digit\[(\d+):(\d+)\]", statement.target):
            self.declared[statement.target] = f"[{int(found[1]) - int(found[2])}:0]"

    def elements(self, packed: str) -> dict[int, str]:
        """Expression of each element of ``<tensor>_next`` that makes a difference."""
        (statement,) = self.drivers[packed]
        items = split_list(statement.expression)
        live = self.live_elements.get(self.packed[packed].name)
        return {i: e for i, e in enumerate(reversed(items)) if live is None or i in live}

    def find_live(self, read: dict[str, set[int]]) -> None:
        """Find what makes a difference, if of each output tensor only some elements are read."""
        self.live_elements = read
        todo = [
            n
            for packed in self.packed
            if packed in self.drivers
            for e in self.elements(packed).values()
            for n in names(e)
        ]
        todo += [name for line in self.unread for name in names(line)]
        self.live = set()
        while todo:
            name = todo.pop()
            if name in self.live:
                continue
            self.live.add(name)
            if name.startswith("digit[") and self.crossed:
                todo += [other for other in self.drivers if other.startswith("digit[")]
            todo += [n for s in self.drivers.get(name, ()) for n in names(s.expression)]

    @cached_property
    def crossed(self) -> bool:
        """Whether the bus ``digit`` is read in other slices than it is driven in."""
        read = {n for s in self.source.uses.get("digit", ()) for n in names(s.expression) if n.startswith("digit[")}
        return not read <= self.drivers.keys()

    def counts(self, name: str) -> bool:
        """Whether a name can make a difference in a result."""
        return self.live is None or name in self.live

    def reads(self, tensor: Tensor) -> set[int]:
        """Elements of an input tensor that make a difference in a result."""
        port = f"{tensor.name}_data"
        bits: set[int] = set()
        whole = any(
            re.search(rf"\b({port}|held)\b", re.sub(r"(\.\w+)\(", "(", line))
            for line in self.unread
            if "held <=" not in line
        )
        for target, statements in self.drivers.items():
            for statement in statements if self.counts(target) or target in self.packed else ():
                for name in (port, "held"):
                    expression = statement.expression
                    slices = re.findall(rf"\b{name}\[(\d+)(?::(\d+))?\]", expression)
                    for high, low in slices:
                        bits |= set(range(int(low or high), int(high) + 1))
                    uses = len(re.findall(rf"\b{name}\b", expression))
                    whole |= uses > len(slices) and target != "held"
        width = tensor.type.width
        return set(range(tensor.size)) if whole else {bit // width for bit in bits}


def base(target: str) -> str:
    """Name that a target belongs to."""
    return target if target.startswith("digit[") else target.split("[")[0]


def split_list(expression: str) -> list[str]:
    """Items of ``{a, b, ...}``."""
    items, depth, start = [], 0, 1
    for at, letter in enumerate(expression):
        depth += (letter in "([{") - (letter in ")]}")
        if (letter == "," and depth == 1) or at == len(expression) - 1:
            items.append(expression[start:at].strip())
            start = at + 1
    return items


def wire_design(folder: Path, design: Design) -> dict[str, Wiring]:
    """The wiring of all modules of a design but the top, by file, with what makes a difference in its outputs."""
    read: dict[str, set[int]] = {t.name: set(range(t.size)) for t in design.outputs}
    ranges = {name: found for module in design.modules for name, found in module.ranges.items()}
    wirings: dict[str, Wiring] = {}
    for module in reversed(design.modules):
        file = f"{module.name}.sv"
        wiring = wirings[file] = Wiring.of(Source.read(folder / file), module)
        wiring.find_live({t.name: read.get(t.name, set()) for t in module.outputs})
        wiring.ranges = {t: ranges[t.name] for t in module.inputs if t.name in ranges}
        for tensor in module.inputs:
            read.setdefault(tensor.name, set()).update(wiring.reads(tensor))
    return wirings
