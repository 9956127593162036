"""Two builds side by side: what differs is shown, with the numbers of both reports."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
import yaml
from command_line import error_of, l1ml
from report_build import put_json, resource_record, write_build

from l1ml.errors import L1mlError
from l1ml.report.build import report_of
from l1ml.report.comparing import Row, compare_builds, flat
from l1ml.report.inputs import load


@pytest.fixture(scope="module")
def pair(reported: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A build, and one with twice its LUTs, other settings and a fault."""
    other = write_build(tmp_path_factory.mktemp("other") / "folded")
    spec = yaml.safe_load((other / "spec.yaml").read_text())
    spec["hls"]["reuse_factor"] = 4
    spec["training"].pop("epochs")
    (other / "spec.yaml").write_text(yaml.safe_dump(spec))
    record = resource_record()
    record["total"]["lut"] *= 2
    del record["timing"]["logic_levels"]
    put_json(other / "rtl/resources.json", record)
    verdict = json.loads((other / "verify/verification.json").read_text())
    first = {"event": 1, "output": 2, "golden": 3, "rtl": 4, "layer": "fc1"}
    put_json(other / "verify/verification.json", verdict | {"mismatches": 1234, "first_mismatch": first})
    put_json(other / "report/report.json", report_of(load(other)))
    return reported, other


def rows_of(pair: tuple[Path, Path]) -> dict[str, Row]:
    return {row.key: row for _, rows in compare_builds(*pair).sections for row in rows}


def test_only_settings_that_differ_are_shown(pair: tuple[Path, Path]) -> None:
    title, rows = compare_builds(*pair).sections[0]
    assert title == "Spec"
    assert [(row.key, row.values, row.texts) for row in rows] == [
        ("hls.reuse_factor", (1, 4), ("1", "4")),
        ("training.epochs", (30, None), ("30", "–")),
    ]
    assert compare_builds(pair[0], pair[0]).sections[0][1] == []


def test_numbers_are_those_of_both_reports(pair: tuple[Path, Path]) -> None:
    rows, reports = rows_of(pair), [json.loads((f / "report/report.json").read_text()) for f in pair]
    for key in ("rtl.latency_cycles", "resources.lut", "resources.ff", "verification.mismatches", "model.hls.auc.g"):
        values = reports
        for name in key.split("."):
            values = [value[name] for value in values]
        assert rows[key].values == tuple(values)
    assert rows["resources.lut"].change == "2.00 ×"
    assert rows["resources.ff"].change == ""
    assert rows["latency_cycles_ns"].texts == ("55", "55")
    assert rows["verification.mismatches"].texts == ("BIT-EXACT", "1,234 mismatches")
    assert rows["resources.timing.logic_levels"].texts == ("7", "–")
    assert rows["model.hls.accuracy"].change == "+0.00 %"
    assert not any("error" in key for key in rows)


def test_the_command_prints_a_table_and_writes_both_files(pair: tuple[Path, Path], tmp_path: Path) -> None:
    done = l1ml("compare", *pair, "--out", tmp_path / "both", env={"COLUMNS": "100"})
    assert done.returncode == 0, done.stderr
    assert re.search(r"^ +LUT +11,660 +23,320 +2\.00 ×", done.stdout, re.M)
    content = json.loads((tmp_path / "both/compare.json").read_text())
    assert content["firmware"]["resources.lut"] == [11660, 23320]
    assert content["spec"] == {"hls.reuse_factor": [1, 4], "training.epochs": [30, None]}
    assert content["physics"]["model.hls.accuracy"][0] > 0.5
    page = (tmp_path / "both/compare.html").read_text()
    assert "1,234 mismatches" in page and "<script" not in page


def test_builds_without_a_report_are_errors_of_one_line(pair: tuple[Path, Path], tmp_path: Path) -> None:
    assert "has no report/report.json: give the folder of a finished build" in error_of(
        l1ml("compare", pair[0], tmp_path)
    )
    broken = shutil.copytree(pair[0], tmp_path / "broken")
    (broken / "report/report.json").write_text('{"rtl": ')
    with pytest.raises(L1mlError, match="is damaged"):
        compare_builds(pair[0], broken)
    (broken / "report/report.json").write_text('{"rtl": {}}')
    with pytest.raises(L1mlError, match="lacks 'verification'"):
        compare_builds(pair[0], broken)
    (broken / "spec.yaml").unlink()
    with pytest.raises(L1mlError, match=r"spec\.yaml is missing or damaged"):
        compare_builds(broken, pair[0])


def test_trees_become_dotted_keys() -> None:
    assert flat({"a": {"b": 1, "c": {"d": [2]}}, "e": None}) == {"a.b": 1, "a.c.d": [2], "e": None}
