"""The firmware part of the page: capacity, ports, timing diagram, hierarchy, vendor's numbers, links."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from report_build import COMMANDS, LAYERS, LUTS, TAGGER, jet_design, put_json, resource_record

from l1ml.estimation.parts import CAPACITIES
from l1ml.report.build import report_of, write_report
from l1ml.report.capacity import floor_plan
from l1ml.report.classification import class_metrics
from l1ml.report.firmware import firmware_part, port_rows
from l1ml.report.hierarchy import hierarchy
from l1ml.report.inputs import load
from l1ml.report.page import render_page
from l1ml.report.records import Cells
from l1ml.report.vendor_numbers import comparison, vendor_numbers
from l1ml.report.waves import LEFT, WIDTH, waves

VENDOR = Path(__file__).parent.parent / "vendor/reports"


def cells(**numbers: float) -> Cells:
    return Cells.model_validate(dict.fromkeys(("lut", "ff", "dsp", "bram", "carry"), 0) | numbers)


def report_and_page(build: Path) -> tuple[dict[str, Any], str]:
    """What `write_report` writes, without the seconds that figures take."""
    data = load(build)
    report = report_of(data) | {"vitis": vendor_numbers(build, data.design.name)}
    page = render_page(
        report,
        data,
        metrics=class_metrics(data),
        headline="accuracy",
        sections=[("firmware", "Firmware", [])],
        commands=[],
        firmware=firmware_part(report, data, build),
    )
    return report, page


@pytest.fixture
def vendor_build(build: Path) -> Path:
    """A build with reports of Vitis HLS and of Vivado, where `l1ml firmware --run` leaves them."""
    hls = build / "firmware/vitis/project/solution1/syn/report"
    vivado = build / "firmware/vivado/results/jet_tagger"
    for folder in (hls, vivado):
        folder.mkdir(parents=True)
    shutil.copy2(VENDOR / "vitis_hls_2022.2_csynth.xml", hls / "csynth.xml")
    shutil.copy2(VENDOR / "vivado_2023.2_utilization.rpt", vivado / "routed_utilization.rpt")
    shutil.copy2(VENDOR / "vivado_2024.1_timing.rpt", vivado / "routed_timing.rpt")
    (vivado / "routed_hierarchy.txt").write_text("Utilization Design Information\n")
    return build


# Capacity


@pytest.mark.parametrize("device", CAPACITIES)
def test_a_bar_is_as_long_as_the_share_of_the_part(device: str) -> None:
    held = CAPACITIES[device]
    plan = floor_plan(device, cells(lut=held.lut // 4, ff=held.ff // 8, bram=held.bram / 2))
    assert plan is not None
    assert [bar.fill for bar in plan.bars] == pytest.approx([25, 12.5, 0, 50])
    assert plan.fitting == 2
    assert plan.regions == held.slr and len(plan.borders) == held.slr - 1
    assert bool(plan.bars[0].of_region) == (held.slr > 1)
    if held.slr > 1:
        assert plan.bars[0].of_region.startswith(f"{100 * held.slr / 4:.2f} %")


def test_more_than_the_part_has_is_a_full_bar_and_marked() -> None:
    plan = floor_plan("xc7z020clg484-1", cells(dsp=440))
    assert plan is not None and (plan.bars[2].fill, plan.bars[2].over, plan.fitting) == (100, True, 0)
    assert plan.bars[2].share == "200.00 %"
    assert floor_plan("xc7a35t", cells(lut=1)) is None


# Timing diagram


@pytest.mark.parametrize(("latency", "interval"), [(11, 1), (38, 8), (1, 1), (2, 1), (3, 3), (5, 9), (9, 2), (16, 8)])
def test_the_diagram_shows_two_events_and_their_results_where_they_are(latency: int, interval: int) -> None:
    drawn = waves(jet_design().model_copy(update={"latency": latency, "initiation_interval": interval}))
    numbers = [cycle for cycle in drawn.cycles if cycle is not None]
    assert numbers == sorted(set(numbers)) and numbers[0] == 0
    signals = dict(drawn.signals)
    assert {len(slots) for slots in signals.values()} == {len(drawn.cycles)}

    def when(name: str) -> list[int | None]:
        return [c for c, slot in zip(drawn.cycles, signals[name], strict=True) if slot.level]

    def carried(name: str) -> dict[int | None, str]:
        return {c: s.label for c, s in zip(drawn.cycles, signals[name], strict=True) if s.label}

    assert when("in_valid") == [0, interval]
    assert when("out_valid") == [latency, latency + interval]
    assert carried("in_data") == {0: "x0", interval: "x1"}
    assert carried("out_data") == {latency: "y0", latency + interval: "y1"}
    for start, end, text in drawn.arrows:
        span = interval if text.startswith("II") else latency
        assert (drawn.cycles[start], drawn.cycles[end]) == (0, span)
        assert LEFT + WIDTH * end + 8 * len(text) < drawn.width
    gaps = [k for k, cycle in enumerate(drawn.cycles) if cycle is None]
    assert all(drawn.cycles[k + 1] - drawn.cycles[k - 1] > 2 for k in gaps)  # type: ignore[operator]
    steps = [(a, b) for a, b in zip(drawn.cycles, drawn.cycles[1:], strict=False) if None not in (a, b)]
    assert all(b == a + 1 for a, b in steps)  # type: ignore[operator]


# Ports and hierarchy


def test_ports_say_where_elements_lie() -> None:
    rows = {row.name: row for row in port_rows(jet_design())}
    assert rows["in_data"].bits == "256" and rows["out_data"].bits == "80"
    assert rows["[255:0]"].meaning == "fc1_input: 16 × fixed<16,6>"
    assert rows["[79:0]"].part


def test_the_hierarchy_adds_up_to_the_core(build: Path) -> None:
    nodes = hierarchy(load(build))
    top, *below = nodes
    assert top.cells is not None
    for kind in ("lut", "ff", "dsp", "bram"):
        assert sum(getattr(n.cells, kind) for n in below if n.cells) == getattr(top.cells, kind)
    modules = [n for n in below if n.depth == 1]
    assert [n.name for n in modules] == [*(f"jet_tagger_{name}" for name in LAYERS), "core itself"]
    assert modules[0].share == pytest.approx(100 * LUTS[0] / top.cells.lut)
    assert [n.name for n in below if n.depth == 2][:2] == ["fc1", "relu1"]


def test_levels_of_logic_are_shown_where_they_are_known(build: Path) -> None:
    report, page = report_and_page(build)
    assert "Levels of logic" in page and "the core's longest path has 7, the slowest module is jet_tagger_fc2" in page
    assert report["resources"]["timing"]["logic_levels"] == 7
    record = resource_record()  # as written by an earlier version
    for module in record["modules"].values():
        del module["levels"]
    del record["timing"]["logic_levels"]
    put_json(build / "rtl/resources.json", record)
    assert "Levels of logic" not in report_and_page(build)[1]


# Vendor's numbers


def test_reports_in_the_build_end_up_in_the_field_vitis_and_on_the_page(vendor_build: Path) -> None:
    write_report(vendor_build, vendor_build / "report", commands=COMMANDS, **TAGGER)
    page = (vendor_build / "report/report.html").read_text()
    report = json.loads((vendor_build / "report/report.json").read_text())
    assert report["vitis"]["synthesis"]["used"]["lut"] == 2000
    assert report["vitis"]["utilization"]["used"]["lut"] == 4824
    assert report["vitis"]["timing"]["wns_ns"] == -1.234
    assert "Estimates and vendor" in page and "Vivado 2023.2 (fully placed)" in page
    assert "No report of Vivado" not in page


def test_estimates_stand_beside_the_vendor_with_their_ratio(vendor_build: Path) -> None:
    report, _ = report_and_page(vendor_build)
    found = comparison(report)
    assert found is not None
    assert len(found.columns) == 3
    rows: dict[str, Any] = dict(found.rows)
    assert all(len(texts) == 3 for texts in rows.values())
    lut = report["resources"]["lut"]
    assert rows["LUT"] == [f"{lut:,}", f"4,824 ({4824 / lut:.2f} ×)", f"2,000 ({2000 / lut:.2f} ×)"]
    assert rows["Shortest period"][1] == "6.234 ns (WNS -1.234 ns, not met)"
    assert rows["Latency"] == ["11 cycles", "–", "11 cycles"]


def test_without_reports_the_page_says_how_to_get_them(build: Path) -> None:
    assert vendor_numbers(build, "jet_tagger") is None
    report, page = report_and_page(build)
    assert "No report of Vivado or Vitis is there yet" in page
    assert report["vitis"] is None


def test_a_report_that_is_cut_off_is_left_out_and_named(vendor_build: Path) -> None:
    results = vendor_build / "firmware/vivado/results/jet_tagger"
    file = results / "routed_utilization.rpt"
    file.write_text(file.read_text()[:900])
    report, page = report_and_page(vendor_build)
    assert (report["vitis"]["utilization"], report["vitis"]["timing"]["wns_ns"]) == (None, -1.234)
    (line,) = report["vitis"]["left_out"]
    assert line.startswith("routed_utilization.rpt: the end of a table is missing")
    assert '<p class="remark">Left out: routed_utilization.rpt: ' in page
    for other in results.glob("*timing*"):
        other.unlink()
    report, page = report_and_page(vendor_build)
    assert report["vitis"]["synthesis"]["used"]["lut"] == 2000
    assert "Left out: firmware/vivado/results/jet_tagger/routed_utilization.rpt: " in page


# Links


def test_links_lead_to_files_that_are_there(vendor_build: Path) -> None:
    (vendor_build / "firmware/README.md").touch()
    (vendor_build / "firmware/ip").mkdir()
    (vendor_build / "jets.golden").touch()
    (vendor_build / "report").mkdir()
    _, page = report_and_page(vendor_build)
    targets = [t for t in re.findall(r'<a href="([^"]+)"', page) if not t.startswith("#")]
    assert {"../firmware/ip", "../rtl/verilog", "../jets.golden"} <= set(targets)
    assert [t for t in targets if not (vendor_build / "report" / t).exists()] == []
    assert "firmware/wrappers" not in page
