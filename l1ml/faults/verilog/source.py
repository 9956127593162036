"""Reading emitted Verilog: one statement a line, as the templates print it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from l1ml.compiler.design import Design

_DECLARED = r"(?P<declared>(?:signed )?\[[^\]]+\])"
_FORMS = {
    "wire": rf"(?P<head>\s*wire\s+logic {_DECLARED} )(?P<target>\w+) = (?P<expression>.+)(?P<tail>;.*)",
    "flag": r"(?P<head>\s*wire logic )(?P<target>\w+) = (?P<expression>.+)(?P<tail>;.*)",
    "table": r"(?P<head>\s*localparam logic (?P<declared>\[\d+:0\]) )(?P<target>TABLE_\w+) = "
    r"(?P<expression>\d+'h[0-9a-f]+)(?P<tail>;)",
    "word": r"(?P<head>\s*\d+'d\d+: )(?P<target>\w+)(?P<operator> <?= )(?P<expression>\d+'h[0-9a-f]+)(?P<tail>;)",
    "assign": r"(?P<head>\s*assign )(?P<target>\w+(?:\[[^\]]+\])?) = (?P<expression>.+)(?P<tail>;.*)",
    "enable": r"(?P<head>(?:\s*always_ff @\(posedge clk\))? *if \()(?P<expression>[a-z]\w*)"
    r"(?P<tail>\) (?:begin|\w+ <= \w+;))",
    "register": r"(?P<head>\s*(?:always_ff @\(posedge clk\) )?(?:if \(rst\) |else )?)(?P<target>\w+(?:\[\d+\])?)\s+<= "
    r"(?P<expression>.+)(?P<tail>;)",
    "connection": r"(?P<head>\s*\.(?P<target>\w+)\()(?P<expression>valid_reg\[\d+\]|accept|\w+\[\d+\])(?P<tail>\),?)",
}
"""Forms of a line that a fault can change; the first that fits counts."""

_PATTERNS = {form: re.compile(pattern) for form, pattern in _FORMS.items()}
_DECLARATION = re.compile(rf"\s*(?:output var\s+)?logic (?:{_DECLARED} )?(?P<names>\w+(?:, \w+)*)[;,]?(?:\s*//.*)?$")


@dataclass(frozen=True)
class Statement:
    """A line that gives something a value.

    Attributes:
        file: Name of the file.
        line: Its index in the file, from 0.
        form: Which form it has: ``wire``, ``register`` (a nonblocking assignment), ``table``, ``connection`` ...
        head: What stands before target or expression.
        target: What gets the value.
        expression: The value.
        tail: What stands behind.
        declared: Sign and range of the target as they are declared, empty for a single bit and where not known.
        block: Index of the line that opens the ``always_ff`` of a register.
    """

    file: str
    line: int
    form: str
    head: str
    target: str
    expression: str
    tail: str
    declared: str = ""
    block: int = 0

    @cached_property
    def width(self) -> int:
        """Bits of the target; 0 if they depend on a parameter or are not known."""
        return 1 if self.form == "flag" else bits_of(self.declared)

    @property
    def place(self) -> str:
        """File and line for people, from 1."""
        return f"{self.file}:{self.line + 1}"


@dataclass
class Source:
    """One file of emitted Verilog.

    Attributes:
        name: Name of the file.
        lines: Its text.
        statements: What faults can change in it.
        declared: Sign and range of registers and outputs, as they are declared; ``[0:0]`` of a single bit.
        widths: Bits of wires and registers, where they do not depend on a parameter.
        uses: For each name, the statements whose expressions use it.
    """

    name: str
    lines: list[str]
    statements: list[Statement] = field(default_factory=list)
    declared: dict[str, str] = field(default_factory=dict)
    widths: dict[str, int] = field(default_factory=dict)
    uses: dict[str, list[Statement]] = field(default_factory=dict)

    @classmethod
    def read(cls, file: Path) -> Source:
        """Read a file."""
        source = cls(file.name, file.read_text().splitlines())
        declared = source.declared
        block, width = 0, ""
        for number, line in enumerate(source.lines):
            if "always_ff" in line:
                block = number
            if line.lstrip().startswith("function"):
                width = line.split("logic ")[1].split("]")[0] + "]"
            if found := _DECLARATION.match(line):
                declared.update(dict.fromkeys(found["names"].split(", "), found["declared"] or "[0:0]"))
            if statement := _statement(file.name, number, line, block, declared, width):
                source.statements.append(statement)
        source.widths = {name: bits for name, kind in declared.items() if (bits := bits_of(kind))}
        for statement in source.statements:
            if statement.form == "wire" and statement.width:
                source.widths[statement.target] = statement.width
            for name in set(re.findall(r"[A-Za-z_]\w*", statement.expression)):
                source.uses.setdefault(name, []).append(statement)
        return source


def bits_of(declared: str) -> int:
    """Bits of a name by how it is declared; 0 if they depend on a parameter or are not known."""
    found = re.search(r"\[(\d+):(\d+)\]", declared)
    return int(found[1]) - int(found[2]) + 1 if found else 0


def _statement(
    file: str, number: int, line: str, block: int, declared: dict[str, str], function: str
) -> Statement | None:
    for form, pattern in _PATTERNS.items():
        if not (found := pattern.fullmatch(line)):
            continue
        groups = found.groupdict()
        target = groups.get("target") or ""
        kind = groups.get("declared") or declared.get(target, "")
        if target.endswith("[0]") and declared.get(target[:-3]) == "[0:0]":
            kind = "[0:0]"
        if form == "word" and "<" not in groups["operator"]:
            kind = function
        return Statement(file, number, form, groups["head"], target, groups["expression"], groups["tail"], kind, block)
    return None


def read_design(folder: Path, design: Design) -> dict[str, Source]:
    """All files of a design but its package, by name."""
    return {name: Source.read(folder / name) for name in design.files if not name.endswith("_pkg.sv")}
