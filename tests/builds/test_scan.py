"""A scan builds each value once, shares what the key does not touch, and tells what came out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command_line import SmallBuild, error_of, l1ml, manifests
from matplotlib.figure import Figure

import l1ml as package
from l1ml.builds.flow import STAGES
from l1ml.builds.scan import Scan, ScanPoint, parse_values
from l1ml.console import console
from l1ml.errors import L1mlError
from l1ml.report.scan import scan_table, write_scan
from l1ml.report.scan_figure import scan_figure

NAMES = [stage.name for stage in STAGES]


@pytest.fixture
def place(copy_build: Callable[..., Path], tmp_path: Path) -> Path:
    """A folder in which the small build lies where l1ml looks for it, so that scans there start from its stages."""
    (tmp_path / "build").mkdir()
    copy_build(to=tmp_path / "build/small_tagger")
    return tmp_path


def seconds(folder: Path) -> dict[str, float]:
    """What each stage took when it was made, wherever that was."""
    return {name: json.loads((folder / name / "manifest.json").read_text())["seconds"] for name in manifests(folder)}


# Builds


def test_only_what_the_key_touches_is_made_for_each_value_and_only_once(place: Path, small_build: SmallBuild) -> None:
    def scan(values: str) -> str:
        done = l1ml("scan", small_build.spec, f"rtl.stage_delay={values}", "--until", "rtl", cwd=place)
        assert done.returncode == 0, done.stderr
        return done.stdout

    out = place / "build/small_tagger-scan-stage_delay"
    assert scan("5,0").count("copied from small_tagger") == 4  # all that the build of the default has
    first = manifests(out / "stage_delay-5.0")
    said = scan("5,0,2.5")
    assert said.count("up to date") == 4
    assert said.count("copied from stage_delay-5.0") == 3
    assert said.count("Write Verilog") == 2
    assert manifests(out / "stage_delay-5.0") == first
    assert list(first) == NAMES[:4]
    before = [manifests(folder) for folder in out.glob("stage_delay-*")]
    again = scan("5,0,2.5")
    assert again.count("up to date") == 8
    assert "copied" not in again
    assert [manifests(folder) for folder in out.glob("stage_delay-*")] == before

    found = json.loads((out / "scan.json").read_text())
    assert [point["value"] for point in found["points"]] == [5.0, 0, 2.5]
    shallow, refused, deep = found["points"]
    assert refused["report"] is None
    assert "rtl.stage_delay: should be greater than 0, got 0" in refused["error"]
    assert "rtl.stage_delay = 0 failed: " in again
    assert deep["report"]["rtl"]["latency_cycles"] > shallow["report"]["rtl"]["latency_cycles"]
    resources = json.loads((out / deep["folder"] / "rtl/resources.json").read_text())
    assert deep["report"]["resources"]["lut"] == resources["total"]["lut"]
    assert "verification" not in deep["report"]
    assert "not simulated" in again
    assert {"scan.json", "scan.html", "scan.png", "scan.svg"} <= {file.name for file in out.iterdir()}


def test_the_api_gives_whole_builds_with_their_reports(
    place: Path, small_build: SmallBuild, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    scan = package.scan(small_build.spec, "title", ["One", "Two"], out=Path("titles"))
    assert scan.folder == place / "titles"
    assert [(point.value, point.error, point.mismatches) for point in scan.points] == [
        ("One", None, 0),
        ("Two", None, 0),
    ]
    built = seconds(place / "build/small_tagger")
    for point in scan.points:
        folder = scan.folder / point.folder
        assert point.report == json.loads((folder / "report/report.json").read_text())
        assert list(manifests(folder)) == NAMES
        assert {name: seconds(folder)[name] for name in NAMES[:-1]} == {name: built[name] for name in NAMES[:-1]}
        assert point.value in (folder / "report/report.html").read_text()
        assert str(folder.relative_to(place)) in (folder / "report/report.html").read_text()
        assert f'href="{point.folder}/report/report.html"' in (scan.folder / "scan.html").read_text()
    with pytest.raises(L1mlError, match=r"titles is the output of project 'small_tagger \(scan\)'"):
        package.build(small_build.spec, out=scan.folder)


def test_a_mismatch_is_marked_and_ends_in_exit_code_1(place: Path, small_build: SmallBuild) -> None:
    verdict = place / "build/small_tagger/verify/verification.json"
    found = json.loads(verdict.read_text())
    first = {"event": 3, "output": 1, "golden": 5, "rtl": 6, "layer": "fc1 (Dense)"}
    verdict.write_text(json.dumps({**found, "mismatches": 7, "first_mismatch": first}))
    done = l1ml("scan", small_build.spec, "title=One,Two", "--until", "verify", "--out", place / "out", cwd=place)
    assert error_of(done) == "RTL and C++ differ for title = One, Two"
    assert "7 / 400" in done.stdout
    page = (place / "out/scan.html").read_text()
    assert page.count("RTL ≠ C++") >= 2
    assert "BIT-EXACT" not in page


def test_a_stage_that_fails_is_listed_and_the_rest_goes_on(place: Path, small_build: SmallBuild) -> None:
    good, bad, out = small_build.spec.with_name("jets.npz"), place / "nowhere.npz", place / "out"
    values = f"dataset.path={bad},{good}"
    done = l1ml("scan", small_build.spec, values, "--until", "rtl", "--out", out, cwd=place)
    assert done.returncode == 0, done.stderr
    failed, built = json.loads((out / "scan.json").read_text())["points"]
    assert failed["error"].startswith("stage dataset: ")
    assert failed["report"] is None
    assert built["error"] is None
    assert str(bad) in (out / "scan.html").read_text()


def test_a_scan_without_any_build_ends_in_exit_code_1(place: Path, small_build: SmallBuild) -> None:
    done = l1ml("scan", small_build.spec, "dataset.path=a.npz,b.npz", "--out", place / "out", cwd=place)
    assert error_of(done) == "no value of dataset.path could be built"
    assert done.stdout.count("no such file") == 4  # when it happens, and in the comparison
    assert "no value could be built" in (place / "out/scan.html").read_text()
    assert not (place / "out/scan.png").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["hls.reuse_factor"], "'hls.reuse_factor' is not understood; write it like hls.reuse_factor=1,2,4"),
        (["hls.reuse_facto=1,2"], "unknown key 'hls.reuse_facto'; did you mean 'reuse_factor'?"),
        (["hls.reuse_factor=0,-1"], "hls.reuse_factor: should be greater than or equal to 1, got 0"),
        (["hls.reuse_factor=1,2", "hls.strategy=auto"], "a scan is over one key; scan hls.reuse_factor alone"),
        (["hls.reuse_factor=1", "--until", "train"], "a scan ends with one of rtl, verify, report, not 'train'"),
    ],
)
def test_what_cannot_be_scanned_is_one_line_and_leaves_nothing(arguments: list[str], told: str, tmp_path: Path) -> None:
    assert told in error_of(l1ml("scan", "jet_tagger", *arguments, "--out", tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_the_folder_of_a_build_is_refused(copy_build: Callable[..., Path], small_build: SmallBuild) -> None:
    folder = copy_build(["dataset"])
    message = error_of(l1ml("scan", small_build.spec, "hls.reuse_factor=1", "--out", folder))
    assert message == f"{folder} is the output of project 'small_tagger'; choose another folder with --out"


# Values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1,2,4", [1, 2, 4]),
        ("Latency, Resource", ["Latency", "Resource"]),
        ("[64,32],[32]", [[64, 32], [32]]),
        ("fixed<8,3>,fixed<16,6,RND,SAT>", ["fixed<8,3>", "fixed<16,6,RND,SAT>"]),
        ("\"a,b\",'c=d'", ["a,b", "c=d"]),
    ],
)
def test_values_are_yaml_and_brackets_hold_them_together(text: str, values: list[Any]) -> None:
    assert parse_values(f"some.key={text}") == ("some.key", values)


@pytest.mark.parametrize("text", ["key=", "=1", "key=1,,2", "key=1,2,", "key=[1,2", "key={a: b: c}"])
def test_values_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(L1mlError, match=r"is not understood|is not YAML"):
        parse_values(text)


# The comparison, of made-up builds


def report_of(lut: int = 9000, cycles: int = 9, **changes: Any) -> dict[str, Any]:
    resources = {"tool": "Yosys", "family": "xcup", "kind": "estimate", "lut": lut, "ff": 400, "dsp": 0, "bram": 0}
    return {
        "part": "xcvu13p-flga2577-2-e",
        "clock_ns": changes.get("clock_ns", 2.5),
        "model": {"hls": {"accuracy": changes.get("accuracy", 0.7), "accuracy_error": 0.003}},
        "rtl": {"latency_cycles": cycles, "initiation_interval": 1},
        "verification": {"mismatches": changes.get("mismatches", 0), "events": 12_000, "outputs": 5},
        "resources": resources | {"dsp": changes.get("dsp", 0), "timing": changes.get("timing")},
    }


def made_up(folder: Path, points: dict[Any, dict[str, Any]], key: str = "hls.reuse_factor") -> Scan:
    built = [ScanPoint(value, f"at-{value}", report) for value, report in points.items()]
    return Scan("small", "accuracy", key, "verify", tuple(built), folder)


def drawn(figure: Figure) -> list[str]:
    """Labels of the numbers of each panel."""
    return [axes.get_ylabel() for axes in figure.axes]


def printed(scan: Scan) -> str:
    with console.capture() as capture:
        console.print(scan_table(scan), width=80)
    assert max(map(len, capture.get().splitlines())) <= 80
    return capture.get()


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        ([1, 2, 4, 8, 16], "log"),
        ([2, 3, 4, 5, 6], "linear"),
        ([0, 1, 10], "linear"),
        ([1, 2], "linear"),
        ([3], "linear"),
    ],
)
def test_the_axis_of_the_values_is_the_one_on_which_they_lie_evenly(
    values: list[int], scale: str, tmp_path: Path
) -> None:
    figure = scan_figure(made_up(tmp_path, {value: report_of() for value in values[::-1]})).figure
    for axes in figure.axes:
        assert axes.get_xscale() == scale
        assert [tick.get_text() for tick in axes.get_xticklabels()] == [str(value) for value in values]
        assert list(axes.lines[0].get_xdata()) == values


def test_the_figure_has_a_panel_for_what_there_is(tmp_path: Path) -> None:
    plain = made_up(tmp_path, {1: report_of(), 2: report_of(lut=500)})
    assert drawn(scan_figure(plain).figure) == ["Cells", "Clock cycles"]
    assert "no DSP and no block RAM used" in scan_figure(plain).caption
    rich = made_up(tmp_path, {1: report_of(dsp=5), 2: report_of(accuracy=0.6)})
    assert drawn(scan_figure(rich).figure) == ["Cells", "Cells", "Clock cycles", "Accuracy [%]"]
    clocks = made_up(tmp_path, {2: report_of(clock_ns=2.0), 4: report_of(clock_ns=4.0)})
    figure = scan_figure(clocks).figure
    assert drawn(figure) == ["Cells", "Time [ns]"]
    assert list(figure.axes[1].lines[0].get_ydata()) == [18, 36]
    far = scan_figure(made_up(tmp_path, {1: report_of(lut=100), 2: report_of(lut=9000)})).figure
    assert [axes.get_yscale() for axes in far.axes] == ["log", "linear"]


def test_names_get_bars_and_those_that_differ_from_the_cpp_a_mark(tmp_path: Path) -> None:
    points = {"Latency": report_of(lut=123), "Resource": report_of(lut=456, mismatches=2)}
    scan = made_up(tmp_path, points, key="hls.strategy")
    axes = scan_figure(scan).figure.axes[0]
    assert [bar.get_width() for bar in axes.patches] == [123, 456, 400, 400]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["Latency", "Resource\nRTL ≠ C++"]
    assert "2 / 12,000" in printed(scan)


def test_table_and_page_show_the_same_and_leave_out_what_there_is_not(tmp_path: Path) -> None:
    plain = made_up(tmp_path, {1: report_of(lut=13_788, cycles=9), 8: report_of(lut=4_821, cycles=38)})
    text = printed(plain)
    row = next(line for line in text.splitlines() if line.startswith("8 "))
    assert row.split() == ["8", "4,821", "400", "0", "0", "38", "95", "1", "0", "/", "12,000", "70.00", "%"]
    assert "path" not in text
    assert "accuracy" in text
    other = Scan("small", "auc_signals", *(getattr(plain, name) for name in ("key", "until", "points", "folder")))
    assert "accuracy" not in printed(other), "the headline of another trigger"
    more = {v: report_of(accuracy=v / 10, timing={"longest_path_ns": v / 4, "delays": "of a part"}) for v in (5, 6)}
    rich = made_up(tmp_path, more)
    row = next(line for line in printed(rich).splitlines() if line.startswith("6 "))
    assert row.split()[5] == "1.5"
    assert row.endswith("60.00 %")
    write_scan(rich)
    page = (tmp_path / "scan.html").read_text()
    for part in ("BIT-EXACT", "Longest path [ns]", ">1.5<", ">60.00 %<", "0 / 12,000"):
        assert part in page
