"""A scan in the terminal and as a page: what every value of a key costs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from markupsafe import Markup
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from l1ml.report import formats
from l1ml.report.scan_points import Scan, ScanPoint
from l1ml.templates import render

TEMPLATE = "report/scan.html.j2"


@dataclass(frozen=True)
class Column:
    """A number of every point.

    Attributes:
        short: Heading in the terminal.
        long: Heading on the page.
        text: The number in a point's report.
    """

    short: str
    long: str
    text: Callable[[dict[str, Any]], str]


def longest_path_ns(report: dict[str, Any]) -> float | None:
    """Time of the longest logic between two registers, where the resources have it."""
    found = (report["resources"].get("timing") or {}).get("longest_path_ns")
    return None if found is None else float(found)


def merit(scan: Scan, report: dict[str, Any]) -> tuple[float, float | None] | None:
    """The trigger's headline for the firmware and its statistical error, where a report has it."""
    hls, name = report["model"].get("hls", {}), scan.headline
    return (hls[name], hls.get(f"{name}_error")) if name in hls else None


def merits_differ(scan: Scan) -> bool:
    """Whether the key changes how good the trigger is."""
    return len({merit(scan, point.report) for point in scan.built if point.report}) > 1


def columns(scan: Scan) -> list[Column]:
    """What a scan's tables show: the numbers that its points have and that say something."""
    reports = [point.report for point in scan.built if point.report]
    found = [
        Column(name, long, partial(_cells, key))
        for key, name, long in (
            ("lut", "LUT", "LUT"),
            ("ff", "FF", "FF"),
            ("dsp", "DSP", "DSP"),
            ("bram", "BRAM", "Block RAM (36 kb)"),
        )
    ]
    if any(longest_path_ns(r) is not None for r in reports):
        found.append(Column("path\nns", "Longest path [ns]", lambda r: _or_dash(longest_path_ns(r), formats.quantity)))
    found += [
        Column("latency\ncycles", "Latency [cycles]", lambda r: formats.count(r["rtl"]["latency_cycles"])),
        Column("latency\nns", "Latency [ns]", lambda r: formats.quantity(r["rtl"]["latency_cycles"] * r["clock_ns"])),
        Column("II", "Interval [cycles]", lambda r: formats.count(r["rtl"]["initiation_interval"])),
    ]
    if scan.until != "rtl":
        found.append(Column("mismatches\n/ events", "Mismatches / events", _verdict))
    if any(merit(scan, report) for report in reports):
        name = formats.metric_name(scan.headline)

        def text(report: dict[str, Any]) -> str:
            return _or_dash(merit(scan, report), lambda found: formats.metric(scan.headline, found[0]))

        found.append(Column(name.replace(" ", "\n"), formats.heading(name), text))
    return found


def scan_table(scan: Scan) -> RenderableType:
    """A scan for the terminal.

    Args:
        scan: All points; those that failed are listed with their reason.
    """
    shown = columns(scan)
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column(scan.key.rpartition(".")[2], overflow="fold")
    for column in shown:
        table.add_column(column.short, justify="right", no_wrap=True)
    for point in scan.built:
        assert point.report
        style = "bold red" if point.mismatches else None
        table.add_row(formats.setting(point.value), *(column.text(point.report) for column in shown), style=style)
    parts: list[RenderableType] = [Text(f"{scan.project}: {scan.key}", style="bold"), Text()]
    if scan.built:
        parts += [table, Text(remark(scan), style="dim")]
    parts += [
        Text.assemble((f"{scan.key} = {formats.setting(point.value)} failed: ", "bold red"), str(point.error))
        for point in scan.failed
    ]
    return Group(*parts)


def remark(scan: Scan) -> str:
    """Where the numbers come from."""
    cells = (scan.built[0].report or {})["resources"]
    times = "stated by the design, not simulated" if scan.until == "rtl" else "measured in simulation"
    text = f"Cells: {cells['kind']} by {cells['tool']} for {cells['family']}. Latency and interval: {times}."
    timing = cells.get("timing")
    return f"{text} Longest path: estimate before routing, {timing['delays']}." if timing else text


def write_scan(scan: Scan) -> None:
    """Write ``scan.json``, ``scan.html``, ``scan.png`` and ``scan.svg`` into the folder of the scan."""
    (scan.folder / "scan.json").write_text(json.dumps(scan.as_dict(), indent=2, default=str) + "\n")
    for name in ("scan.png", "scan.svg"):  # those of an earlier scan
        (scan.folder / name).unlink(missing_ok=True)
    plot, drawing = None, ""
    if scan.built:
        from l1ml.report.scan_figure import scan_figure
        from l1ml.report.style import figure_style, inline, save

        with figure_style():
            plot = scan_figure(scan)
            drawing = inline(plot, save(plot, scan.folder))
    shown = columns(scan)
    page = render(
        TEMPLATE,
        scan=scan,
        first=scan.built[0].report if scan.built else None,
        verdict=_page_verdict(scan),
        plot=plot,
        drawing=Markup(drawing),
        columns=[column.long for column in shown],
        rows=[(point, [column.text(point.report) for column in shown]) for point in scan.built if point.report],
        remark=remark(scan) if scan.built else "",
        setting=formats.setting,
        quantity=formats.quantity,
    )
    (scan.folder / "scan.html").write_text(page)


def _or_dash(value: Any, text: Callable[[Any], str]) -> str:
    return "–" if value is None else text(value)


def _cells(key: str, report: dict[str, Any]) -> str:
    return formats.count(report["resources"][key])


def _verdict(report: dict[str, Any]) -> str:
    verification = report["verification"]
    return f"{formats.count(verification['mismatches'])} / {formats.count(verification['events'])}"


def _page_verdict(scan: Scan) -> dict[str, Any]:
    """Badge and sentence on all points together."""
    failed = f"{len(scan.failed)} of {len(scan.points)} values failed" if scan.failed else ""
    wrong = [point for point in scan.built if point.mismatches]
    if not scan.built:
        return {"good": False, "badge": "FAIL", "sentence": "no value could be built"}
    if wrong:
        return {"good": False, "badge": "FAIL", "sentence": "RTL and C++ differ for " + _values(wrong)}
    if scan.until == "rtl":
        return {"good": not failed, "badge": "NOT VERIFIED", "sentence": failed or "the scan ends with the Verilog"}
    sentence = f"RTL and C++ are equal for {_values(scan.built)}"
    return {"good": True, "badge": "BIT-EXACT", "sentence": "; ".join(filter(None, (sentence, failed)))}


def _values(points: list[ScanPoint]) -> str:
    return ", ".join(formats.setting(point.value) for point in points)
