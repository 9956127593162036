"""What the FPGAs hold, and which FPGA a part number names."""

from __future__ import annotations

import pytest
from shared_data import SHARED

from l1ml.estimation import parts
from l1ml.vendor import read_report
from l1ml.vendor.records import Synthesis

REAL = SHARED / "vitis_reports"


def test_shares_of_a_part() -> None:
    assert parts.share("xcvu13p-flga2577-2-e", "lut", 1_728_000) == 1.0
    assert parts.share("XCU50-fsvh2104-2-e", "dsp", 2_976) == 0.5
    assert parts.share("xc7z020clg400-1", "bram", 3.5) == 0.025
    assert parts.share("xc7z020clg400-1", "uram", 0) is None  # it has none
    assert parts.share("xc7a35tcpg236-1", "lut", 1) is None


@pytest.mark.parametrize(
    ("part", "device"),
    [
        ("xcvu13p-flga2577-2-e", "xcvu13p"),
        ("xcvu9pflga2104-2L", "xcvu9p"),
        ("xcvu7p-flva2104-2-e", "xcvu7p"),
        ("xcu50-fsvh2104-2-e", "xcu50"),
        ("xcu250-figd2104-2L-e", "xcu250"),
        ("xczu9eg-ffvb1156-2-e", "xczu9eg"),
        ("xczu9egffvb1156-2", "xczu9eg"),
        ("7z020clg484-1", "xc7z020"),
        ("7z020-clg484", "xc7z020"),
        ("xc7vx690tffg1927-2", "xc7vx690t"),
        ("xcku115-flvb2104-2-i", "xcku115"),
        ("xczu9cg-ffvb1156-2-e", "xczu9cg"),
        ("xcu55c-fsvh2892-2L-e", "xcu55c"),
    ],
)
def test_the_device_of_a_part_number(part: str, device: str) -> None:
    assert parts.device(part) == device


@pytest.mark.parametrize("capacity", parts.CAPACITIES.values(), ids=parts.CAPACITIES)
def test_capacities_hang_together(capacity: parts.Capacity) -> None:
    assert capacity.ff == 2 * capacity.lut  # in a CLB and in a slice alike
    for number in (capacity.lut, capacity.dsp, capacity.bram, capacity.uram):
        assert number % capacity.slr == 0  # the dies of these devices are alike


@pytest.mark.skipif(not REAL.exists(), reason="the shared data with real reports is not here")
@pytest.mark.parametrize("folder", ["hector_3", "lrozzy_oml_2.1_p60"])
def test_capacities_are_those_that_hls_reports(folder: str) -> None:
    report = read_report(REAL / folder / "myproject_csynth.xml")
    assert isinstance(report, Synthesis)
    assert report.available is not None
    held = parts.CAPACITIES[parts.device(report.part)]
    assert (held.lut, held.ff, held.dsp) == (report.available.lut, report.available.ff, report.available.dsp)
    assert (held.bram, held.uram) == (report.available.bram_36k, report.available.uram)
