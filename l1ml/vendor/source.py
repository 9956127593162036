"""A vendor's report as text: its lines and tables, its numbers, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from l1ml.errors import L1mlError
from l1ml.vendor.records import Cells

UNKNOWN = {"", "-", "?", "NA", "undef", "x"}
"""What stands for a number that a tool does not know."""

NAMES = {"lut": ("LUT",), "ff": ("FF",), "dsp": ("DSP", "DSP48E"), "bram_18k": ("BRAM_18K", "BRAM"), "uram": ("URAM",)}
"""What HLS calls the cells: since Vitis HLS DSP48E is DSP; the summary says BRAM for BRAM_18K."""

NANOSECONDS = {"ps": Decimal("1e-3"), "ns": Decimal(1), "us": Decimal("1e3"), "ms": Decimal("1e6"), "s": Decimal("1e9")}
"""Units of times in nanoseconds; HLS takes the one that leaves few digits: ``0.137 us``."""


@dataclass(frozen=True)
class Table:
    """A table drawn with ``|`` and ``+--+``.

    Attributes:
        heads: Names of the columns. Those of a heading in several lines are joined, the name of a group of columns
            comes first in each of them: ``Latency (cycles)`` and ``Latency (ns)``, ``Interval min``.
        rows: Cells of each row without the blanks around them, but with those that indent the first.
    """

    heads: list[str]
    rows: list[list[str]]

    def named(self, row: list[str]) -> dict[str, str]:
        """Cells of a row by the names of their columns."""
        return dict(zip(self.heads, row, strict=True))

    def row(self, label: str) -> dict[str, str] | None:
        """Cells by column of the row that begins with `label`."""
        return next((self.named(row) for row in self.rows if row[0].strip() == label), None)


@dataclass(frozen=True)
class Source:
    """A report.

    Attributes:
        kind: What it is, for messages.
        lines: Lines of the report, or of a section of it.
    """

    file: Path
    kind: str
    lines: list[str]

    def missing(self, what: str) -> L1mlError:
        """The error for a report that lacks something."""
        return L1mlError(f"{self.file}: {what} is missing in this {self.kind}: it is cut off; write it again")

    def wrong(self, what: str, text: str) -> L1mlError:
        """The error for a report that has something else where a number should be."""
        return L1mlError(f"{self.file}: {what} is {text.strip()!r} in this {self.kind}; write it again")

    def section(self, title: str) -> Source:
        """The lines from ``== title`` to the next such heading."""
        start = self._find(f"== {title}")
        ends = (i for i, line in enumerate(self.lines) if i > start and line.strip().startswith("== "))
        return Source(self.file, self.kind, self.lines[start + 1 : next(ends, len(self.lines))])

    def field(self, name: str) -> str:
        """The value of a line such as ``* Version:   2019.2`` or ``| Device : 7z020clg484-1``."""
        value = self.optional_field(name)
        if value is None:
            raise self.missing(repr(name))
        return value

    def optional_field(self, name: str) -> str | None:
        """As `field`, or None if there is no such line. The last line may be cut off, so it does not count."""
        pattern = re.compile(rf"\s*[*|] *{name} *: *(.*?) *")
        return next((found[1] for line in self.lines[:-1] if (found := pattern.fullmatch(line))), None)

    def table(self, *marks: str) -> Table | None:
        """The table right below `marks`, lines that begin so, one after the other; None where it says N/A."""
        start = 0
        for mark in marks:
            start = self._find(mark, start) + 1
        first = next((i for i in range(start, len(self.lines)) if self.lines[i].strip()), None)
        what = f"the table below {' '.join(marks)!r}"
        if first is None:
            raise self.missing(what)
        if self.lines[first].strip() == "N/A" and first + 1 < len(self.lines):
            return None
        if not self.lines[first].lstrip().startswith("+"):
            raise self.missing(what)
        return self._table_at(first)[0]

    def tables(self) -> Iterator[Table]:
        """All tables, from top to bottom."""
        at = 0
        while at < len(self.lines):
            if re.fullmatch(r"\s*\+-[-+]*\+?\s*", self.lines[at]):
                table, at = self._table_at(at)
                yield table
            at += 1

    def number(self, text: str, what: str) -> int:
        """A number of cells: ``817``, ``817 (13%)``, or ``-`` for none."""
        found = re.fullmatch(r"(\d+)(?: *\(.*\))?|-", text.strip())
        if not found:
            raise self.wrong(what, text)
        return int(found[1] or 0)

    def cycles(self, text: str, what: str) -> int | None:
        """Clock cycles, or None if the tool does not know them."""
        if text.strip() in UNKNOWN:
            return None
        if not text.strip().isdecimal():
            raise self.wrong(what, text)
        return int(text)

    def real(self, text: str, what: str) -> float | None:
        """A real number, or None if the tool does not know it."""
        if text.strip() in UNKNOWN:
            return None
        if not re.fullmatch(r"[+-]?\d+(\.\d+)?", text.strip()):
            raise self.wrong(what, text)
        return float(text)

    def period(self, text: str, what: str, unit: str = "ns") -> float | None:
        """A time in ns, or None if the tool does not know it: ``5.00``, which is in `unit`, or ``0.137 us``."""
        if text.strip() in UNKNOWN:
            return None
        found = re.fullmatch(r"(\d+(?:\.\d+)?(?:e[+-]?\d+)?) *([a-z]+)?", text.strip())
        scale = NANOSECONDS.get(found[2] or unit) if found else None
        if found is None or scale is None:
            raise self.wrong(what, text if found is None or found[2] else f"{text.strip()} {unit}")
        return float(Decimal(found[1]) * scale)

    def cells(self, named: dict[str, str], what: str) -> Cells:
        """Cells from a row or a node of HLS, whatever its version calls them."""
        found: dict[str, int | None] = {"uram": None}
        for key, names in NAMES.items():
            text = next((named[name] for name in names if name in named), None)
            if text is not None:
                found[key] = self.number(text, f"{key} of {what}")
            elif key != "uram":
                raise self.missing(f"{key} of {what}")
        return Cells.model_validate(found)

    def _find(self, mark: str, start: int = 0) -> int:
        for i in range(start, len(self.lines)):
            if self.lines[i].strip().startswith(mark):
                return i
        raise self.missing(repr(mark))

    def _table_at(self, start: int) -> tuple[Table, int]:
        """The table whose first rule is line `start`, and the line of its last rule."""
        rule = self.lines[start].strip()
        end = start
        while end + 1 < len(self.lines) and self.lines[end + 1].strip()[:1] in ("|", "+"):
            end += 1
        inner = [line.strip() for line in self.lines[start + 1 : end + 1]]
        if inner.count(rule) < 2 or inner[-1] != rule:
            raise self.missing("the end of a table")
        split = inner.index(rule)
        heads = self._heads(rule, inner[:split])
        rows = [self._cells(line) for line in inner[split:] if line.startswith("|")]
        if any(len(row) != len(heads) for row in rows):
            raise self.missing("a column of a table")
        return Table(heads, rows), end

    @staticmethod
    def _heads(rule: str, heading: list[str]) -> list[str]:
        """Names of the columns; a name may stand over several, which a rule or names below it tell apart."""
        ends = [[at for at, sign in enumerate(line) if sign in "|+"] for line in (rule, *heading)]
        edges = sorted(set().union(*ends))
        names: list[list[str]] = [[] for _ in edges[1:]]
        for line, of_line in zip((rule, *heading), ends, strict=True):
            for start, end in pairwise(of_line):
                if name := line[start + 1 : end].strip(" -"):
                    for column in range(edges.index(start), edges.index(end)):
                        names[column].append(name)
        return [" ".join(column) for column in names]

    @staticmethod
    def _cells(line: str) -> list[str]:
        first, *others = line.removeprefix("|").removesuffix("|").split("|")
        return [first.rstrip(), *(cell.strip() for cell in others)]
