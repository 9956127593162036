"""The page on vendors' reports: its example prints what it says, its tables name every field."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from l1ml.estimation import parts
from l1ml.vendor.records import Cosimulation, CosimulationRun, Instance, Synthesis, Timing, Utilization

SMALL = Path(__file__).parent / "reports"
PAGE = (Path(__file__).parents[2] / "docs" / "vendor_reports.md").read_text()


def test_the_example_prints_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "tagger_prj"
    project.mkdir()
    shutil.copy(SMALL / "vitis_hls_2022.2_csynth.xml", project)
    shutil.copy(SMALL / "vivado_2023.2_utilization.rpt", project)
    shutil.copy(SMALL / "vivado_2024.1_timing.rpt", project)
    monkeypatch.chdir(tmp_path)
    code, said = re.findall(r"```(?:python)?\n(.*?)```", PAGE, re.S)[:2]
    exec(code, {})
    assert capsys.readouterr().out == said


@pytest.mark.parametrize("record", [Synthesis, Cosimulation, CosimulationRun, Utilization, Timing, Instance])
def test_the_page_names_every_field(record: type[Synthesis]) -> None:
    assert [name for name in record.model_fields if name != "kind" and f"`{name}`" not in PAGE] == []


def test_the_page_names_every_part() -> None:
    names = {known.removeprefix("xc").upper().replace("7VX690T", "V7-690T") for known in parts.CAPACITIES}
    assert {name for name in names if not re.search(rf"\b{name}\b", PAGE)} == set()
