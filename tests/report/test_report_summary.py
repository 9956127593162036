"""The summary in the terminal, and numbers as text."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from report_build import TAGGER, put_json, resource_record
from rich.console import Console

from l1ml.report import formats
from l1ml.report.build import write_report
from l1ml.report.summary import summary_table


def _printed(report: dict[str, Any], width: int = 80) -> str:
    console = Console(width=width, file=io.StringIO(), color_system=None)
    console.print(summary_table(report))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert max(len(line) for line in text.splitlines()) <= width
    return text


@pytest.fixture
def report(reported: Path) -> dict[str, Any]:
    return json.loads((reported / "report/report.json").read_text())


def test_summary_at_80_columns(report: dict[str, Any]) -> None:
    text = _printed(report)
    for part in ("BIT-EXACT", "12,345 events × 5 outputs, 0 mismatches", "11 cycles = 55 ns", "11,660 LUT (0.7 %)"):
        assert part in text
    assert "3.572 ns, 7 levels of logic; slowest module: jet_tagger_fc2" in text
    assert "estimate by sta of Yosys 0.70: Artix-7 cells, without wires" in " ".join(text.split())
    row = next(line for line in text.splitlines() if "AUC, top" in line)
    for model in ("float", "quantized", "hls"):
        assert f"{report['model'][model]['auc']['t']:.4f}" in row
    accuracy = report["model"]["hls"]["accuracy"]
    assert f"{100 * accuracy:.2f} ±" in text
    assert "…" not in text


def test_summary_of_a_failure(report: dict[str, Any]) -> None:
    first = {"event": 4711, "output": 3, "golden": -1234, "rtl": -1235, "layer": "fc2 (Dense) → relu2 (relu)"}
    report["verification"].update(mismatches=17, first_mismatch=first)
    text = _printed(report)
    for part in ("FAIL", "17 mismatches", "event 4711, output 3", "C++ -1234", "RTL -1235", "fc2 (Dense)"):
        assert part in text
    assert "BIT-EXACT" not in text
    assert "HLS = RTL" not in text


def test_summary_names_reports_that_are_left_out(report: dict[str, Any]) -> None:
    assert "Left out" not in _printed(report)
    report["vitis"] = {"left_out": ["csynth.rpt: lut is 2002, not 2000 as in csynth.xml"]}
    assert re.search(r"Left out +csynth.rpt: lut is 2002", _printed(report))


def test_summary_and_page_without_a_longest_path(build: Path, tmp_path: Path) -> None:
    record = resource_record()
    del record["timing"]
    for cells in record["modules"].values():
        del cells["path_ns"]
    put_json(build / "rtl/resources.json", record)
    report = write_report(build, tmp_path / "out", commands=[], **TAGGER)
    assert report["resources"]["timing"] is None
    assert "Longest path" not in _printed(report) + (tmp_path / "out/report.html").read_text()


def test_summary_of_another_trigger(report: dict[str, Any]) -> None:
    report["part"] = "xcunknown-1"
    report["model"] = {m: {"efficiency": 0.912, "rate_khz": 3.25} for m in ("float", "quantized", "hls")}
    report["model"]["sparsity"] = 0.0
    text = _printed(report)
    assert "91.20 %" in text
    assert "Rate khz" in text
    assert "11,660 LUT," in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (formats.count(1234567), "1,234,567"),
        (formats.count(1.5), "1.5"),
        (formats.quantity(2.777777), "2.778"),
        (formats.quantity(5.0), "5"),
        (formats.cycles(1), "1 cycle"),
        (formats.cycles(1200), "1,200 cycles"),
        (formats.percent(0.5), "50.0 %"),
        (formats.percent(0.0001), "< 0.1 %"),
        (formats.percent(0.0), "0.0 %"),
        (formats.metric("accuracy", 0.76123, 0.001), "76.12 ± 0.10 %"),
        (formats.metric("auc", 0.94, 0.0004), "0.9400 ± 0.0004"),
        (formats.duration(0.271), "0.27 s"),
        (formats.duration(9.96), "10 s"),
        (formats.duration(59.7), "1 min 00 s"),
        (formats.duration(7800), "2 h 10 min"),
        (formats.pace(5.0), "one event every 5 ns: 5 for each 25 ns bunch crossing"),
        (formats.pace(25.0), "one event every 25 ns: 1 for each 25 ns bunch crossing"),
        (formats.pace(22.2), "one event every 22.2 ns: 1 for each 25 ns bunch crossing"),
        (formats.pace(40.0), "one event every 40 ns: 2 cores take every 25 ns bunch crossing"),
        (formats.pace(50.0), "one event every 50 ns: 2 cores take every 25 ns bunch crossing"),
    ],
)
def test_numbers_as_text(text: str, expected: str) -> None:
    assert text == expected
