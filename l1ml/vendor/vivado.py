"""Reports of Vivado: ``report_utilization`` and ``report_timing_summary``."""

from __future__ import annotations

import re

from l1ml.vendor.records import Cells, Timing, Utilization
from l1ml.vendor.source import Source, Table

ROWS = {
    "lut": ("CLB LUTs", "Slice LUTs"),
    "ff": ("CLB Registers", "Slice Registers", "Registers"),
    "bram": ("Block RAM Tile",),
    "uram": ("URAM",),
    "dsp": ("DSPs", "DSP Slices"),
}
"""What the rows are called: UltraScale, 7 series, Versal."""

COLUMNS = {
    "lut": ("Total LUTs",),
    "ff": ("FFs",),
    "bram_36k": ("RAMB36",),
    "bram_18k": ("RAMB18",),
    "uram": ("URAM",),
    "dsp": ("DSP Blocks", "DSP48 Blocks", "DSP Slices"),
}
"""What the columns are called with the option ``-hierarchical``."""

MET = {
    "All user specified timing constraints are met.": True,
    "Timing constraints are not met.": False,
    "There are no user specified timing constraints.": None,
}


def read_utilization(source: Source) -> Utilization:
    """Read ``report_utilization``; with its option ``-hierarchical`` what the top module holds, with all within it.

    Raises:
        L1mlError: If it is cut off or a row is missing.
    """
    used: dict[str, float] = {}
    available: dict[str, float] = {}
    state = source.field("Design State")
    for table in source.tables():
        if table.heads[:2] == ["Instance", "Module"]:
            return Utilization(**_header(source), state=state, used=_top(source, table), available=None)
        if {"Used", "Available"} <= set(table.heads):
            _take_rows(source, [table.named(row) for row in table.rows], used, available)
        if ROWS.keys() - {"uram"} <= used.keys():  # URAM stands beside block RAM, before the DSPs
            break
    for key, labels in ROWS.items():
        if key not in used and key != "uram":
            raise source.missing(f"the row {labels[0]!r}")
    return Utilization(**_header(source), state=state, used=_cells(used), available=_cells(available))


def read_timing(source: Source) -> Timing:
    """Read the summary of the whole design in ``report_timing_summary``.

    Raises:
        L1mlError: If it is cut off or a number is missing.
    """
    title = next((i for i, line in enumerate(source.lines) if line.strip() == "| Design Timing Summary"), None)
    if title is None:
        raise source.missing("'Design Timing Summary'")
    lines = [line.strip() for line in source.lines[title:]]
    verdict = next((i for i, line in enumerate(lines) if line in MET), None)
    heading = next((i for i, line in enumerate(lines) if line.startswith("WNS(ns)")), None)
    if heading is None or verdict is None or verdict < heading + 3:
        raise source.missing("the line that says whether timing is met")
    names, values = re.split(r"\s{2,}", lines[heading]), lines[heading + 2].split()
    if len(names) != len(values):
        raise source.missing("a column of slacks")
    found = dict(zip(names, values, strict=True))

    def slack(name: str) -> float | None:
        return source.real(found.get(f"{name}(ns)", "NA"), name)

    def endpoints(name: str) -> int | None:
        return source.cycles(found.get(f"{name} Endpoints", "NA"), name)

    return Timing(
        **_header(source),
        state=source.optional_field("Design State"),
        met=MET[lines[verdict]],
        wns_ns=slack("WNS"),
        tns_ns=slack("TNS"),
        failing_endpoints=endpoints("TNS Failing"),
        endpoints=endpoints("TNS Total"),
        whs_ns=slack("WHS"),
        ths_ns=slack("THS"),
        hold_failing_endpoints=endpoints("THS Failing"),
        wpws_ns=slack("WPWS"),
        tpws_ns=slack("TPWS"),
        pulse_failing_endpoints=endpoints("TPWS Failing"),
    )


def _header(source: Source) -> dict[str, str]:
    """Version, design and part, as all reports of Vivado have them on top."""
    version = re.search(r"v\.(\S+)", source.field("Tool Version"))
    if version is None:
        raise source.missing("the version of Vivado")
    return {"version": version[1], "design": source.field("Design"), "part": source.field("Device")}


def _top(source: Source, table: Table) -> Cells:
    """Cells of the top module in a table that has a row for each instance."""
    row = next((table.named(row) for row in table.rows if row[1] == "(top)"), None)
    if row is None:
        raise source.missing("the row of the top module")
    found: dict[str, float] = {}
    for key, names in COLUMNS.items():
        name = next((name for name in names if name in row), None)
        if name is not None:
            found[key] = source.number(row[name], name)
        elif key != "uram":
            raise source.missing(f"the column {names[0]!r}")
    return _cells(found | {"bram": found["bram_36k"] + found["bram_18k"] / 2})


def _take_rows(source: Source, rows: list[dict[str, str]], used: dict[str, float], available: dict[str, float]) -> None:
    """Enter the cells of a table; the first table that has a row counts, later ones are of single SLRs."""
    for row in rows:
        label = next(iter(row.values())).strip().rstrip("*")
        key = next((key for key, labels in ROWS.items() if label in labels), None)
        if key is not None and key not in used:
            used[key] = source.real(row["Used"], label) or 0
            available[key] = source.real(row["Available"], label) or 0


def _cells(found: dict[str, float]) -> Cells:
    """Cells; a tile of block RAM is of 36 kb, half of one is counted as 0.5."""
    uram = found.get("uram")
    return Cells(
        lut=int(found["lut"]),
        ff=int(found["ff"]),
        dsp=int(found["dsp"]),
        bram_18k=int(2 * found["bram"]),
        uram=None if uram is None else int(uram),
    )
