"""A report that is empty, cut off, damaged or foreign is an error in one line that names the file."""

from __future__ import annotations

from pathlib import Path

import pytest
from shared_data import SHARED

from l1ml.errors import L1mlError
from l1ml.vendor import read_report

SMALL = Path(__file__).parent / "reports"
REAL = SHARED / "vitis_reports"
FILES = [*sorted(SMALL.iterdir()), *sorted(file for file in REAL.glob("*/*") if file.stat().st_size < 100_000)]


@pytest.mark.parametrize("file", FILES, ids=[file.name for file in FILES])
def test_a_report_that_is_cut_off_is_an_error_or_lacks_nothing_that_is_read(file: Path, tmp_path: Path) -> None:
    text, whole = file.read_text(), read_report(file)
    cut = tmp_path / file.name
    errors = 0
    for end in range(0, len(text), max(5, len(text) // 200)):
        cut.write_text(text[:end])
        try:
            assert read_report(cut) == whole, end
        except L1mlError as error:
            errors += 1
            assert str(error).startswith(str(cut))
            assert "\n" not in str(error)
    assert errors > 100


def test_an_empty_report(tmp_path: Path) -> None:
    (tmp_path / "csynth.xml").write_text(" \n")
    with pytest.raises(L1mlError, match=r"csynth\.xml is empty: run the tool"):
        read_report(tmp_path / "csynth.xml")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(L1mlError, match=r"csynth\.xml cannot be read: No such file"):
        read_report(tmp_path / "csynth.xml")


@pytest.mark.parametrize(
    "content",
    [
        b"LUT 5\n",
        b"<html><body>32195 LUT</body></html>",
        b'<?xml version="1.0"?><spirit:component/>',
        b"\x89PNG\r\n\x1a\n\x00\xff\xfe",
        b"| Command : report_power\n| Design : tagger\n",
    ],
)
def test_a_foreign_file(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.rpt").write_bytes(content)
    with pytest.raises(L1mlError, match=r"x\.rpt is not a report that l1ml knows: give one of csynth\.xml.*"):
        read_report(tmp_path / "x.rpt")


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("vivado_hls_2018.2_csynth.rpt", "|    1900|", "|    19O0|", "lut of the design is '19O0'"),
        ("vivado_hls_2018.2_csynth.rpt", "|   12|", "|  1.2|", "latency_min is '1.2'"),
        ("vivado_hls_2018.2_csynth.rpt", "   4.17|", "4.17 kg|", "the target clock is '4.17 kg'"),
        ("vivado_hls_2018.2_csynth.rpt", "|Available  ", "|Remaining  ", "the row 'Total' or 'Available' is missing"),
        ("vivado_hls_2018.2_csynth.rpt", "* Target device", "* Device", "'Target device' is missing"),
        ("vivado_hls_2018.3_csynth.xml", "<FF>111</FF>", "", "ff of the design is missing"),
        ("vivado_hls_2018.3_csynth.xml", "<unit>ns</unit>", "<unit>kg</unit>", "TargetClockPeriod> is '2.50 kg'"),
        ("vivado_hls_2018.3_csynth.xml", "Worst-case", "Bad-case", "<.*Worst-caseLatency> is missing"),
        ("vitis_hls_2023.1_summary.rpt", "Interval", "Interwal", "a column of the table of modules and loops"),
        ("vitis_hls_2024.2_cosim.rpt", "|   Verilog|", "|   SystemC|", "the language is 'SystemC'"),
        ("vivado_2019.2_utilization.rpt", "| DSPs ", "| DSPx ", "the row 'DSPs' is missing"),
        ("vivado_2019.2_utilization.rpt", "| 13788 |", "| 13,788 |", "CLB LUTs is '13,788'"),
        ("vivado_2024.2_hierarchy.rpt", "DSP Blocks", "DSQ Blocks", "the column 'DSP Blocks' is missing"),
        ("vivado_2024.2_hierarchy.rpt", "(top)", "(tip)", "the row of the top module is missing"),
        ("vivado_2020.2_timing.rpt", "0.179", "     ", "a column of slacks is missing"),
        ("vivado_2020.2_timing.rpt", "0.179", "0.17q", "WNS is '0.17q'"),
    ],
)
def test_a_damaged_report(name: str, old: str, new: str, message: str, tmp_path: Path) -> None:
    text = (SMALL / name).read_text()
    assert old in text
    (tmp_path / name).write_text(text.replace(old, new))
    with pytest.raises(L1mlError, match=message) as error:
        read_report(tmp_path / name)
    assert str(error.value).startswith(f"{tmp_path / name}: ")
    assert "\n" not in str(error.value)


def test_of_several_rows_that_are_missing_always_the_first_is_named(tmp_path: Path) -> None:
    text = (SMALL / "vivado_2019.2_utilization.rpt").read_text()
    (tmp_path / "u.rpt").write_text(text.replace("DSPs", "DSPx").replace("Block RAM Tile", "Block"))
    with pytest.raises(L1mlError, match="the row 'Block RAM Tile' is missing"):
        read_report(tmp_path / "u.rpt")
