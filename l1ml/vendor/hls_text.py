"""C-synthesis reports as text: ``<top>_csynth.rpt`` of Vivado HLS and Vitis HLS, the summary ``csynth.rpt``."""

from __future__ import annotations

import re
from typing import Any

from l1ml.vendor.records import Instance, Synthesis
from l1ml.vendor.source import Source, Table

LATENCIES = {
    "latency_min": ("Latency (cycles) min", "Latency min"),
    "latency_max": ("Latency (cycles) max", "Latency max"),
    "interval_min": ("Interval min",),
    "interval_max": ("Interval max",),
}
"""Columns of latencies; until 2019.1 the heading of all of them says that they are clock cycles."""


def read_csynth_rpt(source: Source) -> Synthesis:
    """Read ``<top>_csynth.rpt``.

    Raises:
        L1mlError: If it is cut off or a number is missing.
    """
    title = re.search(r"== (Vivado HLS|Vitis HLS) Report for '(.*)'", "\n".join(source.lines))
    if title is None:
        raise source.missing("the title")
    source.section("Interface")  # the last one; a report without it is cut off
    performance, utilization = source.section("Performance Estimates"), source.section("Utilization Estimates")
    clock = _table(performance, "+ Timing", "* Summary")
    latency = _table(performance, "+ Latency", "* Summary")
    cells = _table(utilization, "* Summary")
    if not clock.rows or not latency.rows:
        raise source.missing("a clock or a latency")
    period = clock.named(clock.rows[0])
    if not {"Target", "Estimated", "Uncertainty"} <= period.keys():
        raise source.missing("a column of clock periods")
    total, available = cells.row("Total"), cells.row("Available")
    if total is None or available is None:
        raise source.missing("the row 'Total' or 'Available'")
    return Synthesis(
        tool="Vitis HLS" if title[1] == "Vitis HLS" else "Vivado HLS",
        version=source.field("Version").split()[0],
        top=title[2],
        part=source.field("Target device"),
        target_clock_ns=source.period(period["Target"], "the target clock"),
        estimated_clock_ns=source.period(period["Estimated"], "the estimated clock"),
        clock_uncertainty_ns=source.period(period["Uncertainty"], "the uncertainty of the clock"),
        **_latency(source, latency.named(latency.rows[0])),
        used=source.cells(total, "the design"),
        available=source.cells(available, "the part"),
        instances=_instances(source, performance, utilization),
    )


def read_csynth_summary(source: Source) -> Synthesis:
    """Read ``csynth.rpt`` of Vitis HLS, which has a row for each module and loop.

    Raises:
        L1mlError: If it is cut off or a number is missing.
    """
    title = re.search(r"== Synthesis Summary Report of '(.*)'", "\n".join(source.lines))
    table = next((t for t in source.tables() if t.heads[0] == "Modules & Loops"), None)
    if title is None or table is None or not table.rows:
        raise source.missing("the table of modules and loops")
    top, *others = table.rows
    inner = [row for row in others if row[0].startswith(" + ")]  # deeper ones are indented more, loops have an o
    design = _module(source, table, top)
    return Synthesis(
        tool="Vitis HLS",
        version=source.field("Version").split()[0],
        top=title[1],
        part=source.field("Target device"),
        target_clock_ns=None,
        estimated_clock_ns=None,
        clock_uncertainty_ns=None,
        latency_min=None,
        latency_max=design["latency_max"],
        interval_min=None,
        interval_max=design["interval_max"],
        used=design["used"],
        available=None,
        instances=tuple(Instance(**_module(source, table, row)) for row in inner),
    )


def _module(source: Source, table: Table, row: list[str]) -> dict[str, Any]:
    """A row of the summary; it has the name of the module only."""
    cells = table.named(row)
    name = row[0].strip("+o* ")
    if not {"Latency (cycles)", "Interval"} <= cells.keys():
        raise source.missing("a column of the table of modules and loops")
    return {
        "name": name,
        "module": name,
        "latency_max": source.cycles(cells["Latency (cycles)"], f"the latency of {name}"),
        "interval_max": source.cycles(cells["Interval"], f"the interval of {name}"),
        "used": source.cells(cells, name),
    }


def _latency(source: Source, cells: dict[str, str]) -> dict[str, int | None]:
    """Latency and interval of a row, in clock cycles; until 2019.1 there was no latency in seconds beside them."""
    found = {}
    for label, columns in LATENCIES.items():
        text = next((cells[column] for column in columns if column in cells), None)
        if text is None:
            raise source.missing("a column of latencies")
        found[label] = source.cycles(text, label)
    return found


def _instances(source: Source, performance: Source, utilization: Source) -> tuple[Instance, ...]:
    """The blocks of the top module; multipliers and the like are only in the table of cells."""
    found: dict[str, dict[str, Any]] = {}
    if latencies := performance.table("+ Detail", "* Instance"):
        for row in latencies.rows:
            found[row[0]] = {"module": row[1], **_latency(source, latencies.named(row))}
    if cells := utilization.table("+ Detail", "* Instance"):
        for row in cells.rows:
            name, module = row[:2]
            if name == "Total":
                continue
            used = source.cells(cells.named(row), name)
            found[name] = found.get(name, {"module": module}) | {"used": used}
    return tuple(Instance(name=name, **values) for name, values in found.items())


def _table(source: Source, *marks: str) -> Table:
    table = source.table(*marks)
    if table is None:
        raise source.missing(f"the table below {' '.join(marks)!r}")
    return table
