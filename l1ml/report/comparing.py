"""Two builds side by side: what their specs say differently, what that costs and what it brings."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from rich.table import Table
from rich.text import Text

from l1ml.errors import L1mlError
from l1ml.folders import write_whole
from l1ml.report import formats
from l1ml.report.summary import heading
from l1ml.templates import render

SCHEMA = 1
"""Of compare.json."""

CELLS = {"lut": "LUT", "ff": "Flip-flops", "dsp": "DSP", "bram": "Block RAM (36 kb)"}


@dataclass(frozen=True)
class Row:
    """One quantity of both builds.

    Attributes:
        key: Where report.json has it, or the key of the spec.
        values: As they are there; None where a build has none.
        texts: As people write them.
        change: What the second has more or less, in words.
    """

    key: str
    label: str
    values: tuple[Any, Any]
    texts: tuple[str, str]
    change: str = ""


@dataclass(frozen=True)
class Comparison:
    """Two builds.

    Attributes:
        names: What the columns are called.
        folders: Of the builds.
        sections: Title and rows of each group of quantities.
    """

    names: tuple[str, str]
    folders: tuple[Path, Path]
    sections: list[tuple[str, list[Row]]]


def compare_builds(one: Path, other: Path) -> Comparison:
    """Read the reports of two builds.

    Args:
        one: Folder of a finished build.
        other: Folder of another.

    Raises:
        L1mlError: If a build has no report or it is damaged.
    """
    reports, specs = [_report(folder) for folder in (one, other)], [_spec(folder) for folder in (one, other)]
    names = (one.resolve().name, other.resolve().name)
    try:
        sections = [
            ("Spec", _spec_rows(*specs)),
            ("Verification", _verification_rows(*reports)),
            ("Firmware", _firmware_rows(*reports)),
            ("Physics (HLS C++)", _metric_rows(*reports)),
        ]
    except (KeyError, TypeError) as error:
        raise L1mlError(f"a report of {one} or {other} lacks {error}; write it again (l1ml report)") from None
    if names[0] == names[1]:
        names = (str(one), str(other))
    return Comparison(names, (one, other), sections)


def _report(folder: Path) -> dict[str, Any]:
    file = folder / "report/report.json"
    try:
        found = json.loads(file.read_text())
    except OSError:
        raise L1mlError(
            f"{folder} has no report/report.json: give the folder of a finished build (l1ml build)"
        ) from None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise L1mlError(f"{file} is damaged; write it again (l1ml report)")
    return found


def _spec(folder: Path) -> dict[str, Any]:
    file = folder / "spec.yaml"
    try:
        return flat(yaml.safe_load(file.read_text()))
    except (OSError, yaml.YAMLError, AttributeError):
        raise L1mlError(f"{file} is missing or damaged; run the build again (l1ml build)") from None


def flat(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """A tree of settings or metrics by dotted keys."""
    found: dict[str, Any] = {}
    for name, value in tree.items():
        found |= flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return found


def _spec_rows(one: dict[str, Any], other: dict[str, Any]) -> list[Row]:
    keys = [key for key in {**one, **other} if one.get(key) != other.get(key) or (key in one) != (key in other)]
    return [
        Row(key, key, (one.get(key), other.get(key)), (_setting(one, key), _setting(other, key)))
        for key in sorted(keys)
    ]


def _setting(spec: dict[str, Any], key: str) -> str:
    return formats.setting(spec[key]) if key in spec else "–"


def _verification_rows(one: dict[str, Any], other: dict[str, Any]) -> list[Row]:
    found = [report["verification"] for report in (one, other)]
    texts = [f"{v['mismatches']:,} mismatches" if v["mismatches"] else "BIT-EXACT" for v in found]
    compared = [f"{v['events']:,} × {v['outputs']}" for v in found]
    mismatches = (found[0]["mismatches"], found[1]["mismatches"])
    events = (found[0]["events"], found[1]["events"])
    return [
        Row("verification.mismatches", "RTL against C++", mismatches, (texts[0], texts[1])),
        Row("verification.events", "Events × outputs", events, (compared[0], compared[1])),
    ]


def _firmware_rows(one: dict[str, Any], other: dict[str, Any]) -> list[Row]:
    def row(key: str, label: str, unit: str = "", factor: bool = True) -> Row:
        values = tuple(_at(report, key) for report in (one, other))
        texts = tuple("–" if value is None else f"{_number(value)}{unit}" for value in values)
        return Row(key, label, (values[0], values[1]), (texts[0], texts[1]), _factor(*values) if factor else "")

    times = []
    for key, label in (("latency_cycles", "Latency"), ("initiation_interval", "Initiation interval")):
        times.append(row(f"rtl.{key}", f"{label} (cycles)"))
        values = tuple(report["rtl"][key] * report["clock_ns"] for report in (one, other))
        texts = tuple(formats.quantity(value) for value in values)
        times.append(Row(f"{key}_ns", f"{label} (ns)", (values[0], values[1]), (texts[0], texts[1]), _factor(*values)))
    return [
        row("part", "Part"),
        row("clock_ns", "Clock period", " ns"),
        *times,
        *(row(f"resources.{key}", label) for key, label in CELLS.items()),
        row("resources.kind", "Resources are", factor=False),
        row("resources.timing.longest_path_ns", "Longest path (estimate)", " ns"),
        row("resources.timing.logic_levels", "Levels of logic on it"),
        row("model.sparsity", "Share of zero weights"),
    ]


def _metric_rows(one: dict[str, Any], other: dict[str, Any]) -> list[Row]:
    found = [flat(report["model"]["hls"]) for report in (one, other)]
    names = [n for n in {**found[0], **found[1]} if not n.split(".")[0].endswith("_error")]
    rows = []
    for name in names:
        values = [metrics.get(name) for metrics in found]
        errors = [metrics.get(_error_of(name)) for metrics in found]
        kind = name.split(".")[0]
        texts = ["–" if v is None else formats.metric(kind, v, e) for v, e in zip(values, errors, strict=True)]
        known = [v for v in values if v is not None]
        change = formats.metric(kind, known[1] - known[0]) if len(known) == 2 else ""
        change = change if change.startswith("-") or not change else f"+{change}"
        label = heading(kind, name.partition(".")[2] or None, one.get("labels", {}))
        rows.append(Row(f"model.hls.{name}", label, (values[0], values[1]), (texts[0], texts[1]), change))
    return rows


def _error_of(name: str) -> str:
    kind, dot, entry = name.partition(".")
    return f"{kind}_error{dot}{entry}"


def _at(report: dict[str, Any], key: str) -> Any:
    """A value by its dotted key, None where a part of the way is missing."""
    value: Any = report
    for name in key.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _number(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:,}" if isinstance(value, int) else formats.quantity(value)


def _factor(one: Any, other: Any) -> str:
    """The second over the first, where both are numbers."""
    numbers = [v for v in (one, other) if isinstance(v, int | float) and math.isfinite(v)]
    return f"{other / one:.2f} ×" if len(numbers) == 2 and one and one != other else ""


def comparison_table(found: Comparison) -> Table:
    """Two builds, for the terminal."""
    table = Table("", *found.names, "change", box=None, header_style="bold")
    for column in table.columns[1:]:
        column.justify = "right"
    for title, rows in found.sections:
        table.add_row(Text(title, style="dim"))
        for row in rows or [Row("", "no difference", (None, None), ("", ""))]:
            table.add_row(Text(f"  {row.label}"), *map(Text, row.texts), Text(row.change))
    return table


def write_comparison(found: Comparison, folder: Path) -> None:
    """Write ``compare.json`` and ``compare.html``."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = {title.split()[0].lower(): {row.key: list(row.values) for row in rows} for title, rows in found.sections}
    content = {"schema": SCHEMA, "names": found.names, "folders": [str(f.resolve()) for f in found.folders], **rows}
    write_whole(folder / "compare.json", json.dumps(content, indent=2) + "\n")
    reports = [(f / "report/report.html").resolve().as_uri() for f in found.folders]
    write_whole(folder / "compare.html", render("report/compare.html.j2", found=found, reports=reports))
