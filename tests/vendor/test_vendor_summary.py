"""All reports of a folder together: which one counts, and what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from shared_data import SHARED

from l1ml.errors import L1mlError
from l1ml.vendor import vendor_summary

SMALL = Path(__file__).parent / "reports"
REAL = SHARED / "vitis_reports"

XML, RPT = "vitis_hls_2022.2_csynth.xml", "vivado_hls_2018.2_csynth.rpt"
COSIM, SYNTHESIZED, PLACED = (
    "vitis_hls_2024.2_cosim.rpt",
    "vivado_2019.2_utilization.rpt",
    "vivado_2023.2_utilization.rpt",
)
TIMING = "vivado_2024.1_timing.rpt"


def put(folder: Path, **files: str) -> Path:
    """A project with small reports; ``__`` in a name stands for a slash."""
    for name, source in files.items():
        file = folder / name.replace("__", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(SMALL / source, file.with_suffix(Path(source).suffix))
    return folder


def test_a_project_with_all_reports(tmp_path: Path) -> None:
    put(tmp_path, prj__s1__syn__report__csynth=XML, prj__s1__sim__report__tagger_cosim=COSIM)
    put(tmp_path, vivado_synth=SYNTHESIZED, timing=TIMING)
    summary = vendor_summary(tmp_path)
    assert list(summary) == ["synthesis", "cosimulation", "utilization", "timing", "left_out"]
    assert summary["left_out"] == []
    assert summary["synthesis"]["file"] == "csynth.xml"
    assert (summary["synthesis"]["latency_max"], summary["synthesis"]["used"]["lut"]) == (11, 2_000)
    assert summary["cosimulation"]["runs"][0]["latency_max"] == 14
    assert summary["utilization"]["used"]["bram_18k"] == 5
    assert summary["timing"]["wns_ns"] == -1.234
    assert json.loads(json.dumps(summary)) == summary


def test_a_file_alone() -> None:
    summary = vendor_summary(SMALL / TIMING)
    assert summary["timing"]["met"] is False
    assert [summary[kind] for kind in ("synthesis", "cosimulation", "utilization")] == [None] * 3


@pytest.mark.skipif(not REAL.exists(), reason="the shared data with real reports is not here")
def test_real_reports_of_one_run_are_one_synthesis() -> None:
    summary = vendor_summary(REAL / "lrozzy_oml_2.1_p60")["synthesis"]
    assert summary["file"] == "csynth.xml"
    assert (summary["latency_min"], summary["interval_min"], summary["used"]["dsp"]) == (14, 1, 817)
    with pytest.raises(L1mlError, match="are of different designs; give the folder or file of one of them"):
        vendor_summary(REAL)


def test_the_top_module_is_taken_not_the_modules_within(tmp_path: Path) -> None:
    put(tmp_path, tagger_csynth=RPT)
    text = (SMALL / RPT).read_text().replace("'tagger'", "'fc1'").replace("grp_fc1_fu_9", "grp_mac_fu_9")
    text = text.replace("|fc1  ", "|mac  ").replace("|   12|", "|    5|")
    (tmp_path / "fc1_csynth.rpt").write_text(text)
    summary = vendor_summary(tmp_path)["synthesis"]
    assert (summary["file"], summary["top"], summary["latency_min"]) == ("tagger_csynth.rpt", "tagger", 12)


def test_the_state_nearest_to_the_fpga_counts(tmp_path: Path) -> None:
    put(tmp_path, a=SYNTHESIZED, b=PLACED)
    summary = vendor_summary(tmp_path)["utilization"]
    assert (summary["file"], summary["state"]) == ("b.rpt", "Fully Placed")


def test_hidden_folders_and_foreign_files_are_left_out(tmp_path: Path) -> None:
    put(tmp_path, syn__csynth=XML)
    put(tmp_path / ".autopilot", db__fc1_csynth=RPT)
    (tmp_path / "power.rpt").write_text("| Command : report_power\n")
    (tmp_path / "folder.rpt").mkdir()
    assert vendor_summary(tmp_path)["synthesis"]["top"] == "tagger"


def test_two_solutions(tmp_path: Path) -> None:
    put(tmp_path, prj__s1__csynth=XML, prj__s2__tagger_csynth=RPT)
    with pytest.raises(L1mlError, match=r"prj/s1/csynth\.xml and prj/s2/tagger_csynth\.rpt are of different designs"):
        vendor_summary(tmp_path)


def edited(folder: Path, name: str, source: str, *changes: tuple[str, str]) -> None:
    text = (SMALL / source).read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / name).write_text(text)


def test_a_report_that_is_cut_off_is_left_out_and_named(tmp_path: Path) -> None:
    put(tmp_path, csynth=XML, vivado__u=SYNTHESIZED)
    (tmp_path / "tagger_cosim.rpt").write_text((SMALL / COSIM).read_text()[:-200])
    (tmp_path / "vivado/empty.rpt").touch()
    summary = vendor_summary(tmp_path)
    assert (summary["synthesis"]["top"], summary["utilization"]["state"]) == ("tagger", "Synthesized")
    assert summary["cosimulation"] is None
    first, second = summary["left_out"]
    assert first.startswith("tagger_cosim.rpt: the end of a table is missing in this cosimulation report")
    assert second.startswith("vivado/empty.rpt is empty")


def test_a_better_form_of_the_same_report_is_taken(tmp_path: Path) -> None:
    put(tmp_path, csynth=XML)
    (tmp_path / "csynth.rpt").write_text("== Synthesis Summary Report of 'tagger'\n")
    (tmp_path / "fc1_csynth.rpt").write_text((SMALL / RPT).read_text()[:900])
    summary = vendor_summary(tmp_path)
    assert summary["synthesis"]["file"] == "csynth.xml"
    assert [line.split(":")[0] for line in summary["left_out"]] == ["fc1_csynth.rpt", "csynth.rpt"]


def test_a_module_is_not_taken_for_a_top_that_cannot_be_read(tmp_path: Path) -> None:
    put(tmp_path, cosim=COSIM)
    edited(tmp_path, "fc1_csynth.rpt", RPT, ("'tagger'", "'fc1'"), ("grp_fc1_fu_9", "grp_mac_fu_9"))
    (tmp_path / "tagger_csynth.rpt").write_text((SMALL / RPT).read_text()[:900])
    summary = vendor_summary(tmp_path)
    assert summary["synthesis"] is None
    assert summary["left_out"][0].startswith("tagger_csynth.rpt: ")


def test_nothing_that_can_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "tagger_csynth.rpt").write_text((SMALL / RPT).read_text()[:900])
    with pytest.raises(L1mlError, match=r"tagger_csynth\.rpt: .* is missing in this C-synthesis report"):
        vendor_summary(tmp_path)


def test_forms_of_one_report_may_differ(tmp_path: Path) -> None:
    """As in public reports: two LUT more in csynth.rpt than in the XML beside it, an interval of one cycle less."""
    new = "vitis_hls_2023.1_summary.rpt"
    used = (" 6 (~0%)| 32 (~0%)|  5120 (~0%)|  7001 (~0%)|    -", " 0 (~0%)| 10 (~0%)|  1000 (~0%)|  2002 (~0%)|    1")
    cycles = ("33|  82.500|         -|       16", "11|  82.500|         -|        3")
    part = ("xcvu13p-flga2577-2-e", "xcvu7p-flva2104-2-e")
    put(tmp_path, csynth=XML)
    edited(tmp_path, "csynth.rpt", new, used, cycles, part)
    summary = vendor_summary(tmp_path)
    assert summary["synthesis"]["used"]["lut"] == 2000
    assert summary["left_out"] == ["csynth.rpt: interval_max is 3, not 4, lut is 2002, not 2000 as in csynth.xml"]
    (tmp_path / "csynth.rpt").rename(tmp_path / "first_try_csynth.rpt")  # a copy may be of any run
    with pytest.raises(L1mlError, match=r"csynth\.xml and first_try_csynth\.rpt are of different designs"):
        vendor_summary(tmp_path)


def test_utilization_with_what_the_part_holds_is_taken(tmp_path: Path) -> None:
    put(tmp_path, hierarchy="vivado_2019.2_hierarchy.rpt")
    edited(tmp_path, "u.rpt", PLACED, ("Fully Placed", "Synthesized"), ("7z020clg484-1", "7z020clg400-1"))
    summary = vendor_summary(tmp_path)
    assert (summary["utilization"]["file"], summary["utilization"]["available"]["lut"]) == ("u.rpt", 53_200)
    assert summary["left_out"] == [
        "hierarchy.rpt: lut is 4321, not 4824, ff is 2765, not 4656, dsp is 9, not 7, bram_18k is 9, not 0 as in u.rpt"
    ]


def test_a_folder_without_reports(tmp_path: Path) -> None:
    with pytest.raises(L1mlError, match="has no report of Vivado or Vitis"):
        vendor_summary(tmp_path)
