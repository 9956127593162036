"""Each report of Vivado and Vitis is read exactly.

The files of ``reports/`` are small ones in the form of real ones of each tool and version, with names and numbers of
their own. The real ones are in the shared data, which may be absent.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from shared_data import SHARED

from l1ml.errors import L1mlError
from l1ml.vendor import read_report
from l1ml.vendor.records import Cells, Cosimulation, Synthesis, Timing, Utilization

SMALL = Path(__file__).parent / "reports"
REAL = SHARED / "vitis_reports"

needs_real = pytest.mark.skipif(not REAL.exists(), reason="the shared data with real reports is not here")


def cells(lut: int, ff: int, dsp: int, bram_18k: int, uram: int | None) -> Cells:
    return Cells(lut=lut, ff=ff, dsp=dsp, bram_18k=bram_18k, uram=uram)


def fields(record: Any, *names: str) -> tuple[Any, ...]:
    return tuple(getattr(record, name) for name in names)


def clocks(report: Synthesis) -> tuple[Any, ...]:
    return fields(report, "target_clock_ns", "estimated_clock_ns", "clock_uncertainty_ns")


def cycles(report: Any) -> tuple[int | None, ...]:
    return fields(report, "latency_min", "latency_max", "interval_min", "interval_max")


def synthesis(file: Path) -> Synthesis:
    report = read_report(file)
    assert isinstance(report, Synthesis)
    return report


# C synthesis


@needs_real
@pytest.mark.parametrize("name", ["myproject_csynth.xml", "myproject_csynth.rpt"])
def test_a_real_report_of_vivado_hls(name: str) -> None:
    report = synthesis(REAL / "hector_3" / name)
    assert fields(report, "tool", "version", "top") == ("Vivado HLS", "2019.2", "myproject")
    assert report.part == "xcu250-figd2104-2L-e"
    assert clocks(report) == (5.0, 4.066, 0.62)
    assert cycles(report) == (9, 9, 1, 1)
    assert report.used == cells(32_195, 2_762, 23, 4, 0)
    assert report.available == cells(1_728_000, 3_456_000, 12_288, 5_376, 1_280)


@needs_real
@pytest.mark.parametrize("name", ["csynth.xml", "myproject_csynth.xml", "myproject_csynth.rpt"])
def test_a_real_report_of_vitis_hls(name: str) -> None:
    report = synthesis(REAL / "lrozzy_oml_2.1_p60" / name)
    assert fields(report, "tool", "version", "top") == ("Vitis HLS", "2024.1", "myproject")
    assert report.part == "xcu50-fsvh2104-2-e"
    assert clocks(report) == (5.0, 3.621, 1.35)
    assert cycles(report) == (14, 14, 1, 1)
    assert report.used == cells(35_326, 8_462, 817, 8, 0)
    assert report.available == cells(871_680, 1_743_360, 5_952, 2_688, 640)


@needs_real
def test_a_real_summary_of_vitis_hls() -> None:
    report = synthesis(REAL / "lrozzy_oml_2.1_p60/csynth.rpt")
    assert cycles(report) == (None, 14, None, 1)
    assert report.used == cells(35_326, 8_462, 817, 8, 0)
    assert fields(report, "tool", "version", "part") == ("Vitis HLS", "2024.1", "xcu50-fsvh2104-2-e")
    assert (*clocks(report), report.available) == (None, None, None, None)


@needs_real
@pytest.mark.parametrize(
    ("name", "total"),
    [
        ("hector_3/myproject_csynth.rpt", (32_153, 144, 23, 4)),
        ("lrozzy_oml_2.1_p60/myproject_csynth.rpt", (35_276, 5_003, 817, 8)),
        ("lrozzy_oml_2.1_p60/csynth.xml", (35_276, 5_003, 817, 8)),
        ("lrozzy_oml_2.1_p60/csynth.rpt", (35_276, 5_003, 817, 8)),
    ],
)
def test_the_instances_of_real_reports_add_up_to_what_the_report_says(name: str, total: tuple[int, ...]) -> None:
    used = [instance.used for instance in synthesis(REAL / name).instances]
    assert len(used) == 8
    sums = [sum(getattr(cell, key) for cell in used) for key in ("lut", "ff", "dsp", "bram_18k")]
    assert tuple(sums) == total


@needs_real
def test_text_and_xml_of_a_real_report_have_the_same_instances() -> None:
    folder = REAL / "lrozzy_oml_2.1_p60"
    text, xml = (synthesis(folder / name).instances for name in ("myproject_csynth.rpt", "csynth.xml"))
    assert set(text) == set(xml)
    softmax = next(i for i in xml if i.module.startswith("softmax"))
    assert cycles(softmax) == (4, 4, 1, 1)
    assert softmax.used == cells(790, 445, 5, 8, 0)


def test_vivado_hls_2018_has_no_absolute_latency_and_no_uram() -> None:
    report = synthesis(SMALL / "vivado_hls_2018.2_csynth.rpt")
    assert fields(report, "tool", "version", "top") == ("Vivado HLS", "2018.2", "tagger")
    assert report.part == "xc7vx690tffg1927-2"
    assert clocks(report) == (4.17, 3.571, 0.52)
    assert cycles(report) == (12, 15, 2, 3)
    assert report.used == cells(1_900, 601, 41, 3, None)
    assert report.available == cells(433_200, 866_400, 3_600, 2_940, None)
    dense, multiplier = report.instances
    assert (dense.name, dense.module, cycles(dense)) == ("grp_fc1_fu_9", "fc1", (5, 6, 1, 2))
    assert dense.used == cells(1_880, 499, 40, 3, None)
    assert (multiplier.name, cycles(multiplier)) == ("mul_8s_U1", (None,) * 4)
    assert multiplier.used == cells(20, 1, 1, 0, None)


def test_latencies_that_the_tool_does_not_know_are_none() -> None:
    report = synthesis(SMALL / "vitis_hls_2025.1_csynth.rpt")
    assert fields(report, "tool", "version", "top") == ("Vitis HLS", "2025.1", "rings")
    assert clocks(report) == (10.0, 6.912, 2.7)
    assert cycles(report) == (None,) * 4
    assert report.used == cells(116, 64, 0, 1, 2)
    assert report.instances == ()
    report = synthesis(SMALL / "vivado_hls_2018.3_csynth.xml")
    assert fields(report, "tool", "version") == ("Vivado HLS", "2018.3")
    assert clocks(report) == (2.5, 2.101, 0.31)
    assert cycles(report) == (7, None, 8, None)
    assert report.used == cells(222, 111, 5, 2, None)


def test_an_interval_that_varies_is_a_range() -> None:
    report = synthesis(SMALL / "vitis_hls_2022.2_csynth.xml")
    assert fields(report, "tool", "version", "part") == ("Vitis HLS", "2022.2", "xcvu7p-flva2104-2-e")
    assert cycles(report) == (9, 11, 4, 4)
    dense, slice_ = report.instances  # those of the top module, not those within them
    assert (dense.name, dense.module, cycles(dense)) == ("grp_fc1_fu_9", "fc1", (2, 4, 2, 4))
    assert dense.used == cells(1_800, 900, 8, 0, 0)
    assert (slice_.module, slice_.used) == ("regslice", None)


def test_a_summary_lists_the_modules_below_the_top() -> None:
    report = synthesis(SMALL / "vitis_hls_2023.1_summary.rpt")
    assert fields(report, "version", "top", "part") == ("2023.1", "tagger", "xcvu13p-flga2577-2-e")
    assert cycles(report) == (None, 33, None, 16)
    assert report.used == cells(7_001, 5_120, 32, 6, 0)
    dense, relu = report.instances
    assert (dense.module, cycles(dense)) == ("fc1", (None, 18, None, 16))
    assert dense.used == cells(6_000, 5_000, 32, 0, 0)
    assert (relu.module, cycles(relu)) == ("relu", (None,) * 4)


def test_a_summary_of_2025_has_columns_in_groups() -> None:
    report = synthesis(SMALL / "vitis_hls_2025.1_summary.rpt")
    assert fields(report, "version", "top", "part") == ("2025.1", "tagger", "xcvu7p-flva2104-2-e")
    assert cycles(report) == (None, 1207, None, 640)
    assert report.used == cells(31_007, 40_321, 96, 24, 2)
    assert [(i.module, i.latency_max, i.interval_max) for i in report.instances] == [
        ("entry_proc", 0, 0),
        ("fc1", 642, 640),
        ("relu1", 66, 66),
    ]


@pytest.mark.parametrize(
    ("written", "nanoseconds"),
    [("6.912 ns", 6.912), ("0.137 us", 137.0), ("950 ps", 0.95), ("2.5 ms", 2_500_000.0), ("1.2e+02 ns", 120.0)],
)
def test_times_are_in_nanoseconds_whatever_the_unit(written: str, nanoseconds: float, tmp_path: Path) -> None:
    text = (SMALL / "vitis_hls_2025.1_csynth.rpt").read_text()
    assert "|  6.912 ns|" in text
    (tmp_path / "t_csynth.rpt").write_text(text.replace("|  6.912 ns|", f"|{written:>10}|"))
    assert synthesis(tmp_path / "t_csynth.rpt").estimated_clock_ns == nanoseconds
    value, unit = written.split()
    xml = (SMALL / "vivado_hls_2018.3_csynth.xml").read_text()
    head, tail = xml.split("<SummaryOfTimingAnalysis>")
    tail = tail.replace("<unit>ns</unit>", f"<unit>{unit}</unit>").replace("2.101", value)
    (tmp_path / "t_csynth.xml").write_text(f"{head}<SummaryOfTimingAnalysis>{tail}")
    assert clocks(synthesis(tmp_path / "t_csynth.xml")) == (2.5, nanoseconds, 0.31)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("name", ["vitis_hls_2022.2_csynth.xml", "vivado_hls_2018.2_csynth.rpt"])
def test_a_byte_order_mark_and_lines_of_windows_change_nothing(name: str, encoding: str, tmp_path: Path) -> None:
    text = (SMALL / name).read_text().replace("\n", "\r\n")
    (tmp_path / name).write_bytes(text.encode(encoding))
    assert read_report(tmp_path / name) == read_report(SMALL / name)


# Cosimulation


def test_cosimulation() -> None:
    report = read_report(SMALL / "vivado_hls_2019.2_cosim.rpt")
    assert isinstance(report, Cosimulation)
    vhdl, verilog = report.runs
    assert (vhdl.rtl, vhdl.status, cycles(vhdl)) == ("VHDL", "Fail", (None,) * 4)
    assert (verilog.rtl, verilog.status, cycles(verilog)) == ("Verilog", "Pass", (12, 15, 2, 3))
    assert fields(verilog, "latency_avg", "interval_avg", "total_cycles") == (13, 2, None)


def test_cosimulation_of_a_single_call_has_no_interval() -> None:
    report = read_report(SMALL / "vitis_hls_2024.2_cosim.rpt")
    assert isinstance(report, Cosimulation)
    (verilog,) = report.runs  # VHDL was not simulated
    assert (verilog.rtl, verilog.status, cycles(verilog), verilog.total_cycles) == (
        "Verilog",
        "Pass",
        (14, 14, None, None),
        14,
    )


def test_cosimulation_that_has_not_run(tmp_path: Path) -> None:
    text = (SMALL / "vitis_hls_2024.2_cosim.rpt").read_text()
    (tmp_path / "c.rpt").write_text(text.replace("Verilog|      Pass", "Verilog|        NA"))
    with pytest.raises(L1mlError, match=r"c\.rpt: a simulated language .* is missing"):
        read_report(tmp_path / "c.rpt")


# Vivado


def test_utilization_of_ultrascale() -> None:
    report = read_report(SMALL / "vivado_2019.2_utilization.rpt")
    assert isinstance(report, Utilization)
    assert fields(report, "version", "design", "state") == ("2019.2", "tagger", "Synthesized")
    assert report.part == "xcvu9pflga2104-2L"
    assert report.used == cells(13_788, 5_180, 23, 5, 3)
    assert report.used.bram_36k == 2.5
    assert report.available == cells(1_182_240, 2_364_480, 6_840, 4_320, 960)


def test_utilization_of_the_7_series() -> None:
    report = read_report(SMALL / "vivado_2023.2_utilization.rpt")
    assert isinstance(report, Utilization)
    assert fields(report, "version", "part", "state") == ("2023.2", "7z020clg484-1", "Fully Placed")
    assert report.used == cells(4_824, 4_656, 7, 0, None)
    assert report.available == cells(53_200, 106_400, 220, 280, None)


@pytest.mark.parametrize(
    ("name", "version", "state", "used"),
    [
        ("vivado_2024.2_hierarchy.rpt", "2024.2", "Routed", cells(9_876, 6_543, 21, 7, 2)),
        ("vivado_2019.2_hierarchy.rpt", "2019.2", "Synthesized", cells(4_321, 2_765, 9, 9, None)),
    ],
)
def test_utilization_by_instance_counts_the_top_module(name: str, version: str, state: str, used: Cells) -> None:
    report = read_report(SMALL / name)
    assert isinstance(report, Utilization)
    assert fields(report, "version", "design", "state") == (version, "tagger", state)
    assert (report.used, report.available) == (used, None)


@pytest.mark.parametrize(
    ("name", "state", "met", "setup", "hold", "pulse"),
    [
        ("vivado_2020.2_timing.rpt", None, True, (0.179, 0.0, 0, 9_720), (0.022, 0.0, 0), (1.083, 0.0, 0)),
        ("vivado_2024.1_timing.rpt", "Routed", False, (-1.234, -56.78, 99, 9_720), (-0.01, -0.02, 2), (0.264, 0.0, 0)),
        ("vivado_2022.2_timing.rpt", "Synthesized", None, (None,) * 4, (None,) * 3, (None,) * 3),
    ],
)
def test_timing(name: str, state: str | None, met: bool | None, setup: Any, hold: Any, pulse: Any) -> None:
    report = read_report(SMALL / name)
    assert isinstance(report, Timing)
    assert fields(report, "design", "state", "met") == ("tagger", state, met)
    assert report.version == name.split("_")[1]
    assert fields(report, "wns_ns", "tns_ns", "failing_endpoints", "endpoints") == setup
    assert fields(report, "whs_ns", "ths_ns", "hold_failing_endpoints") == hold
    assert fields(report, "wpws_ns", "tpws_ns", "pulse_failing_endpoints") == pulse
