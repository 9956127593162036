"""Reports of C/RTL cosimulation: ``<top>_cosim.rpt`` of Vivado HLS and Vitis HLS."""

from __future__ import annotations

from l1ml.vendor.records import Cosimulation, CosimulationRun
from l1ml.vendor.source import Source

COLUMNS = (8, 9)
"""Language, status, three latencies, three intervals; Vitis HLS adds the clock cycles of the whole simulation."""


def read_cosimulation(source: Source) -> Cosimulation:
    """Read the latency and interval that were measured.

    Raises:
        L1mlError: If it is cut off, or no RTL was simulated.
    """
    table = next(source.tables(), None)
    if table is None or len(table.heads) not in COLUMNS:
        raise source.missing("the table of latencies and intervals")
    runs = tuple(_run(source, row) for row in table.rows if row[1] != "NA")
    if not runs:
        raise source.missing("a simulated language (all have status NA)")
    return Cosimulation(runs=runs)


def _run(source: Source, row: list[str]) -> CosimulationRun:
    rtl, status, *numbers = (cell.strip() for cell in row)
    latency, interval, total = numbers[:3], numbers[3:6], numbers[6] if len(numbers) > 6 else ""
    if rtl not in ("Verilog", "VHDL"):
        raise source.wrong("the language", rtl)
    return CosimulationRun(
        rtl="Verilog" if rtl == "Verilog" else "VHDL",
        status=status,
        latency_min=source.cycles(latency[0], "the smallest latency"),
        latency_avg=source.real(latency[1], "the average latency"),
        latency_max=source.cycles(latency[2], "the largest latency"),
        interval_min=source.cycles(interval[0], "the smallest interval"),
        interval_avg=source.real(interval[1], "the average interval"),
        interval_max=source.cycles(interval[2], "the largest interval"),
        total_cycles=source.cycles(total, "the total of clock cycles"),
    )
