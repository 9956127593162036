"""The numbers of Vivado and Vitis that lie in a build, and the estimates beside them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from l1ml.errors import L1mlError
from l1ml.report import formats
from l1ml.vendor import vendor_summary

HLS_FOLDERS = ("firmware/vitis/project", "convert/hls")
"""Where C synthesis leaves its reports: of the project of ``l1ml firmware``, or of hls4ml's own."""

VIVADO_FOLDER = "firmware/vivado/results"
"""A folder below it for each module that was built."""

KINDS = ("synthesis", "cosimulation", "utilization", "timing")


def vendor_numbers(build: Path, core: str) -> dict[str, Any] | None:
    """What the vendor's tools found, for the field ``vitis`` of report.json.

    Args:
        build: Folder of the build.
        core: Name of the core. Of Vivado its numbers are taken, or those of the trigger around it; not of wrappers.

    Returns:
        The fields of `l1ml.vendor.vendor_summary`, or None without any report. What cannot be read is
        left out.
    """
    hls = [build / name for name in HLS_FOLDERS]
    vivado = [build / VIVADO_FOLDER / name for name in (core, f"{core}_trigger")]
    found: dict[str, Any] = dict.fromkeys(KINDS)
    left_out: list[str] = []
    for folders, pattern, kinds in ((hls, "*csynth.*", KINDS[:2]), (vivado, "*.rpt", KINDS[2:])):
        folder = next((folder for folder in folders if any(folder.rglob(pattern))), None)
        if folder is None:
            continue
        try:
            summary = vendor_summary(folder)
        except L1mlError as error:
            left_out.append(str(error).replace(f"{build}/", ""))
        else:
            found |= {kind: summary[kind] for kind in kinds}
            left_out += summary["left_out"]
    return {**found, "left_out": left_out} if left_out or any(found.values()) else None


@dataclass(frozen=True)
class Comparison:
    """A table of estimates and vendor's numbers.

    Attributes:
        columns: Headings: whose numbers.
        rows: Label and a text for each column.
        remark: Where the numbers are from.
        left_out: Reports that are not in the table, and why.
    """

    columns: list[str]
    rows: list[tuple[str, list[str]]]
    remark: str
    left_out: list[str]


def comparison(report: dict[str, Any]) -> Comparison | None:
    """The estimates of report.json beside the vendor's numbers in it, None where there are none."""
    vendor = report["vitis"]
    if vendor is None:
        return None
    cells, rtl, timing = report["resources"], report["rtl"], report["resources"]["timing"]
    hls, routed, slack = vendor["synthesis"], vendor["utilization"], vendor["timing"]
    estimate = f"{cells['tool']} ({cells['kind']})"
    columns = [f"Verilog: {estimate}"]
    columns += [f"Verilog: Vivado {routed['version']} ({routed['state'].lower()})"] if routed else []
    columns += [f"HLS C++: {hls['tool']} {hls['version']} (estimate)"] if hls else []
    rows = []
    for label, key in (("LUT", "lut"), ("Flip-flops", "ff"), ("DSP", "dsp"), ("Block RAM (36 kb)", "bram")):
        values = [float(cells[key])] + [_cells(found["used"], key) for found in (routed, hls) if found]
        texts = [formats.count(value) for value in values]
        if values[0]:
            texts[1:] = [f"{t} ({v / values[0]:.2f} ×)" for t, v in zip(texts[1:], values[1:], strict=True)]
        rows.append((label, texts))
    unknown = [["–"] if routed else [], ["–"] if hls else []]
    latency = [[formats.cycles(rtl["latency_cycles"])], unknown[0], _text(hls, "latency_max", "cycles")]
    interval = [[formats.cycles(rtl["initiation_interval"])], unknown[0], _text(hls, "interval_max", "cycles")]
    period = [
        [f"{formats.quantity(timing['longest_path_ns'])} ns ({timing['delays']})" if timing else "–"],
        [_period(report["clock_ns"], slack)] if routed else [],
        _text(hls, "estimated_clock_ns", "ns"),
    ]
    for label, parts_of in (("Latency", latency), ("Initiation interval", interval), ("Shortest period", period)):
        rows.append((label, [text for part in parts_of for text in part]))
    return Comparison(columns, rows, _remark(vendor), vendor.get("left_out", []))


def _cells(used: dict[str, Any], key: str) -> float:
    return used["bram_18k"] / 2 if key == "bram" else float(used[key])


def _text(found: dict[str, Any] | None, key: str, unit: str) -> list[str]:
    if found is None:
        return []
    value = found[key]
    return ["–" if value is None else f"{formats.quantity(value)} {unit}"]


def _period(clock_ns: float, slack: dict[str, Any] | None) -> str:
    """Clock period less the slack that is left."""
    if slack is None or slack["wns_ns"] is None:
        return "–"
    verdict = {True: "met", False: "not met", None: "no constraints"}[slack["met"]]
    return f"{formats.quantity(clock_ns - slack['wns_ns'])} ns (WNS {slack['wns_ns']:+.3f} ns, {verdict})"


def _remark(vendor: dict[str, Any]) -> str:
    runs = (vendor["cosimulation"] or {}).get("runs", ())
    simulated = [f"cosimulation in {run['rtl']}: {run['status']}, {run['latency_max']} cycles" for run in runs]
    files = [f"{kind}: {vendor[kind]['file']}" for kind in KINDS if vendor[kind]]
    return "; ".join([*simulated, *files])
