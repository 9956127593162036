"""Who drives and who reads what in a module, and which of it counts in the end."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property

from l1ml.compiler.design import Module
from l1ml.compiler.network import Tensor
from l1ml.faults.verilog.source import Source, Statement

_NAME = re.compile(r"(?<!['$\w.])(?:digit\[\d+:\d+\]|(?!digit\[)[A-Za-z_]\w*)")
_PORT = re.compile(r"\s*input\s+wire\s+logic (?P<declared>\[\d+:0\] )?(?P<name>\w+),?(?:\s*//.*)?")
_STAGE = re.compile(r"\s*// (?P<title>.*[Ss]tage) (?P<number>\d+)")
RESULT = "Result stage"
"""Title of the pipeline stages in which the result of a folded module is made of its accumulators."""

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

    @property
    def last_result(self) -> int:
        """Number of the last pipeline stage behind the accumulators of a folded module."""
        return max((stage for title, stage in self.stage if title == RESULT), default=0)

    @cached_property
    def crossed(self) -> bool:
        """Whether the bus ``digit`` is read in other slices than it is driven in."""
        read = {n for s in self.source.uses.get("digit", ()) for n in names(s.expression) if n.startswith("digit[")}
        return not read <= self.drivers.keys()

    def counts(self, name: str) -> bool:
        """Whether a name can make a difference in a result."""
        return self.live is None or name in self.live

    def bits_read(self, name: str, but: Collection[str] = ()) -> int:
        """Mask of the bits of a name that anything reads; all of them where that is not known.

        Args:
            name: The name.
            but: Targets that do not count.
        """
        if any(name in names(line) for line in self.unread):
            return -1
        mask = 0
        for use in self.source.uses.get(name, ()):
            target = base(use.target)
            if target in but or not (self.counts(target) or target in self.packed):
                continue
            slices = re.findall(rf"(?<![\w.]){name}\[(\d+)(?::(\d+))?\]", use.expression)
            if len(re.findall(rf"(?<![\w.]){name}\b", use.expression)) > len(slices):
                return -1
            if use.form == "wire" and re.fullmatch(rf"{name}\[\d+:\d+\]", use.expression):
                low, width = int(slices[0][1]), use.width
                mask |= (self.bits_read(use.target) & ((1 << width) - 1)) << low
                continue
            for high, low in slices:
                mask |= (1 << int(high) + 1) - (1 << int(low or high))
        return mask


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
