"""A build's report in the terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from l1ml.estimation import parts
from l1ml.report import formats

HEADINGS = {"float": "float", "quantized": "quantized", "hls": "HLS"}


def summary_table(report: dict[str, Any]) -> Panel:
    """What report.json says, for a terminal of 80 columns or more.

    Args:
        report: The content of report.json.
    """
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    for label, text in _facts(report):
        facts.add_row(label, text)
    verification = report["verification"]
    exact = verification["mismatches"] == 0
    return Panel(
        Group(facts, Text(), _metrics(report["model"], report.get("labels", {}), exact)),
        title=f"[bold]{report['project']}[/]",
        subtitle=f"{report['part']}, {formats.quantity(report['clock_ns'])} ns clock",
        border_style="green" if exact else "red",
        padding=(1, 2),
        expand=False,
    )


def _facts(report: dict[str, Any]) -> list[tuple[str, Text]]:
    rtl, cells, clock = report["rtl"], report["resources"], report["clock_ns"]
    latency, interval = rtl["latency_cycles"], rtl["initiation_interval"]
    facts = [
        ("Verification", _verdict(report["verification"])),
        ("C++ and Keras", Text("\n".join(report["deviation"]["summary"]))),
        ("Latency", Text(f"{formats.cycles(latency)} = {formats.quantity(latency * clock)} ns")),
        ("Interval", Text(f"{formats.cycles(interval)}; {formats.pace(interval * clock)}")),
        ("Resources", Text(", ".join(_cells(report["part"], cells, key) for key in ("lut", "ff", "dsp", "bram")))),
        ("", Text(f"{cells['kind']} by {cells['tool']} for {cells['family']}", style="dim")),
        *_timing(cells["timing"]),
        *[("Left out", Text(line)) for line in (report["vitis"] or {}).get("left_out", ())],
        ("Folding", Text(f"reuse factor {report['reuse_factor']}, strategy {report['strategy']}")),
        ("Sparsity", Text(f"{formats.percent(report['model']['sparsity'])} of the weights are zero")),
    ]
    if report["seconds"]:
        stages = ", ".join(f"{name} {formats.duration(time)}" for name, time in report["seconds"].items())
        facts.append(("Time", Text(stages)))
    return facts


def _timing(timing: dict[str, Any] | None) -> list[tuple[str, Text]]:
    if timing is None:
        return []
    levels = f", {timing['logic_levels']} levels of logic" if timing.get("logic_levels") else ""
    path = f"{formats.quantity(timing['longest_path_ns'])} ns{levels}; slowest module: {timing['module']}"
    return [("Longest path", Text(path)), ("", Text(f"estimate by {timing['tool']}: {timing['delays']}", style="dim"))]


def _verdict(verification: dict[str, Any]) -> Text:
    events, outputs = verification["events"], verification["outputs"]
    compared = f"{formats.count(events)} events × {formats.count(outputs)} outputs"
    if verification["mismatches"] == 0:
        text = Text("BIT-EXACT", style="bold green")
        return text.append(f"  {compared}, 0 mismatches\n{verification['simulator']}", style="not bold default")
    text = Text("FAIL", style="bold red")
    text.append(f"  {formats.count(verification['mismatches'])} mismatches in {compared}", style="not bold default")
    first = verification.get("first_mismatch")
    if first:
        text.append(
            f"\nfirst: event {first['event']}, output {first['output']}: "
            f"C++ {first['golden']}, RTL {first['rtl']}\nin {first['layer']}",
            style="not bold red",
        )
    return text


def _cells(part: str, cells: dict[str, Any], key: str) -> str:
    used = parts.share(part, key, cells[key])
    text = f"{formats.count(cells[key])} {key.upper()}"
    return f"{text} ({formats.percent(used)})" if used else text


def _metrics(model: dict[str, Any], labels: dict[str, str], exact: bool) -> Table:
    models = [name for name in HEADINGS if name in model]
    table = Table(box=None, pad_edge=False, padding=(0, 2), header_style="dim")
    table.add_column("")
    for name in models:
        table.add_column("HLS = RTL" if name == "hls" and exact else HEADINGS[name], justify="right")
    for name, entry in _rows(model[models[-1]]):
        cells = []
        for of in models:
            value, error = _lookup(model[of], name, entry), _lookup(model[of], f"{name}_error", entry)
            cells.append("–" if value is None else formats.metric(name, value, error))
        table.add_row(heading(name, entry, labels), *cells)
    return table


def _rows(metrics: dict[str, Any]) -> list[tuple[str, str | None]]:
    """Names of the metrics, each with its classes if it has any."""
    rows: list[tuple[str, str | None]] = []
    for name, value in metrics.items():
        if not name.endswith("_error"):
            rows += [(name, entry) for entry in value] if isinstance(value, dict) else [(name, None)]
    return rows


def _lookup(metrics: dict[str, Any], name: str, entry: str | None) -> float | None:
    value = metrics.get(name)
    return value.get(entry) if isinstance(value, dict) else value


def heading(name: str, entry: str | None, labels: dict[str, str]) -> str:
    """What a metric, or that of one class, is called."""
    title = name.upper() if len(name) <= 3 else name.replace("_", " ").capitalize()
    return title if entry is None else f"{title}, {labels.get(entry, entry)}"
