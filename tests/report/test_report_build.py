"""The report stage as a whole: report.json, its files, and that it stays light."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from report_build import MATCHING, SECONDS, TAGGER, put_json

from l1ml.errors import L1mlError
from l1ml.report.build import report_of, write_report
from l1ml.report.classification import CLASSIFICATION, confusion
from l1ml.report.inputs import BuildData, load
from l1ml.report.style import Plot

FIGURES = {"roc", "confusion", "timeline", "resources", "history", "weights"}


def _json(file: Path) -> dict:
    return json.loads(file.read_text())


def test_report_json_is_the_contract(reported: Path) -> None:
    report = _json(reported / "report/report.json")
    assert list(report) == [
        *("project", "reuse_factor", "strategy", "part", "clock_ns", "model", "labels", "rtl"),
        *("verification", "deviation", "resources", "vitis", "seconds"),
    ]
    assert set(report["model"]) == {"float", "quantized", "hls", "sparsity"}
    assert set(report["rtl"]) == {"top", "latency_cycles", "initiation_interval"}
    assert set(report["verification"]) == {
        *("simulator", "events", "outputs", "mismatches", "seconds", "events_per_second")
    }
    cells = {"lut", "ff", "dsp", "bram", "carry"}
    assert set(report["resources"]) == {"tool", "family", *cells, "kind", "definition", "timing"}
    assert report["vitis"] is None


def test_report_json_agrees_with_the_stages(reported: Path) -> None:
    report = _json(reported / "report/report.json")
    design = _json(reported / "rtl/verilog/design.json")
    verification = _json(reported / "verify/verification.json")
    counted = _json(reported / "rtl/resources.json")
    trained = _json(reported / "train/metrics.json")
    assert (report["project"], report["reuse_factor"], report["strategy"]) == (
        "jet_tagger",
        1,
        "distributed_arithmetic",
    )
    assert (report["part"], report["clock_ns"]) == (design["part"], design["clock_ns"])
    assert report["model"]["float"] == trained["float"]
    assert report["model"]["quantized"] == trained["quantized"]
    assert report["model"]["hls"] == _json(reported / "convert/metrics.json")["hls"]
    assert report["model"]["sparsity"] == trained["sparsity"]
    assert report["rtl"] == {"top": design["name"], "latency_cycles": 11, "initiation_interval": 1}
    assert report["verification"].items() <= verification.items()
    assert {k: report["resources"][k] for k in counted["total"]} == counted["total"]
    assert report["resources"]["timing"] == counted["timing"]
    assert report["seconds"] == SECONDS


def test_files(reported: Path) -> None:
    folder = reported / "report/figures"
    assert {file.name for file in folder.iterdir()} == {f"{n}.{e}" for n in FIGURES for e in ("png", "svg")}
    for name in FIGURES:
        assert (folder / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert ElementTree.parse(folder / f"{name}.svg").getroot().tag.endswith("svg")


def test_other_triggers_bring_their_own_figures_and_the_dict_is_the_file(build: Path, tmp_path: Path) -> None:
    def turn_on(data: BuildData) -> Plot:
        return replace(confusion(data), name="turn_on", title="Turn-on curve")

    report = write_report(
        build, tmp_path / "out", commands=[], trigger=replace(CLASSIFICATION, figures=(turn_on,)), headline="accuracy"
    )
    assert report == _json(tmp_path / "out/report.json")
    names = {file.stem for file in (tmp_path / "out/figures").iterdir()}
    assert names == (FIGURES - {"roc", "confusion"}) | {"turn_on"}
    page = (tmp_path / "out/report.html").read_text()
    assert "Turn-on curve" in page
    assert "Latency timeline" in page


def test_equal_builds_give_equal_pages(reported: Path, tmp_path: Path) -> None:
    from report_build import COMMANDS, TAGGER

    write_report(reported, tmp_path, commands=COMMANDS, **TAGGER)
    for name in ("report.html", "report.json", "figures/roc.svg", "figures/timeline.png"):
        assert (tmp_path / name).read_bytes() == (reported / "report" / name).read_bytes(), name


def test_failed_verification_is_in_report_json(build: Path) -> None:
    first = {"event": 17, "output": 3, "golden": -1234, "rtl": -1235, "layer": "fc2", "name": "y[3]", "lsb": 0.25}
    put_json(build / "verify/verification.json", MATCHING | {"mismatches": 2, "first_mismatch": first})
    verification = report_of(load(build))["verification"]
    assert verification["mismatches"] == 2
    assert verification["first_mismatch"] == first


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("hls: {reuse_factor: 8, strategy: Resource}", (8, "Resource", "jet_tagger")),
        ("name: tagger\nhls: {reuse_factor: {fc1: 2, fc2: 4}}", (4, "Latency, Resource", "tagger")),
        ("project: p\nhls:", (4, "Latency, Resource", "p")),
    ],
)
def test_folding_of_the_whole_network(build: Path, spec: str, expected: tuple[int, str, str]) -> None:
    (build / "spec.yaml").write_text(spec)
    layers = json.loads((build / "convert/layers.json").read_text())
    for layer, reuse, strategy in ((layers[0], 2, "Latency"), (layers[2], 4, "Resource")):
        layer.update(reuse_factor=reuse, strategy=strategy)
    put_json(build / "convert/layers.json", [layers[0], layers[1], layers[2]])
    report = report_of(load(build))
    assert (report["reuse_factor"], report["strategy"], report["project"]) == expected


def test_nothing_is_written_for_a_damaged_build(build: Path, tmp_path: Path) -> None:
    (build / "train/metrics.json").write_text("{}")
    with pytest.raises(L1mlError, match=r"train/metrics\.json"):
        write_report(build, tmp_path / "out", commands=[], **TAGGER)
    assert not (tmp_path / "out").exists()


def test_needs_no_training_software() -> None:
    heavy = "{m.split('.')[0] for m in sys.modules} & {'tensorflow', 'tf_keras', 'keras', 'qkeras', 'pythia8'}"
    code = f"import sys, l1ml.report.build, l1ml.report.summary; print({heavy})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
