"""A build does what must be done and nothing else, and whatever interrupts it, the next run carries on."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from command_line import L1ML, SmallBuild, error_of, l1ml, left_in, manifests
from four import TIMES, Four

from l1ml.builds import flow
from l1ml.builds.flow import STAGES
from l1ml.builds.specs import load_spec

NAMES = [stage.name for stage in STAGES]
WORK_BEGUN = {
    "dataset": "",
    "train": "",
    "convert": "hls/firmware/*.cpp",
    "rtl": "verilog/*.sv",
    "verify": "sim/*/*",
    "report": "figures/*",
}
"""For each stage, files within its temporary folder that tell that it is in the middle of its work."""


def started(spec: Path, folder: Path, stage: str) -> subprocess.Popen[bytes] | None:
    """A build in the middle of a stage; None if the stage was over before it could be seen."""
    process = subprocess.Popen(
        [L1ML, "build", spec, "--out", folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    scratch, pattern = folder / f".{stage}.partial", WORK_BEGUN[stage]
    while not scratch.exists() or (pattern and not any(scratch.glob(pattern))):
        if (folder / stage).exists():
            kill(process)
            return None
        assert process.poll() is None
        time.sleep(0.0005)
    return process


def kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def test_a_second_run_does_no_stage_again(small_build: SmallBuild, copy_build: Callable[..., Path]) -> None:
    folder = copy_build()
    before = manifests(folder)
    done = l1ml("build", small_build.spec, "--out", folder)
    assert done.returncode == 0
    assert done.stdout.count("up to date") == len(NAMES)
    assert manifests(folder) == before
    assert list(before) == NAMES


@pytest.mark.parametrize(
    ("command", "setting", "first"),
    [
        ("build", "title=Another title", "report"),
        ("build", "verification.seed=2", "verify"),
        ("rtl", "rtl.stage_delay=3", "rtl"),
    ],
)
def test_a_changed_key_runs_the_stages_that_depend_on_it_and_those_after(
    command: str, setting: str, first: str, copy_build: Callable[..., Path], small_build: SmallBuild
) -> None:
    folder = copy_build()
    before = manifests(folder)
    done = l1ml(command, small_build.spec, "--set", setting, "--out", folder)
    assert done.returncode == 0, done.stderr
    after = manifests(folder)
    start, end = NAMES.index(first), NAMES.index("report" if command == "build" else command) + 1
    assert [name for name in NAMES if after[name] != before[name]] == NAMES[start:end]
    assert done.stdout.count("up to date") == start
    if command == "build":
        assert list(json.loads((folder / "report/report.json").read_text())["seconds"]) == NAMES[:-1]


def test_a_changed_data_file_makes_the_data_stage_stale(tmp_path: Path, small_build: SmallBuild) -> None:
    jets, folder = tmp_path / "jets.npz", tmp_path / "out"
    shutil.copy2(small_build.spec.with_name("jets.npz"), jets)

    def prepared() -> int:
        setting = f"dataset.path={jets}"
        done = l1ml("data", "prepare", small_build.spec, "--set", setting, "--out", folder)
        assert done.returncode == 0, done.stderr
        return manifests(folder)["dataset"]

    first = prepared()
    assert prepared() == first
    with np.load(jets) as file:
        arrays = dict(file)
    np.savez(jets, **{**arrays, "features": arrays["features"] * 2})
    assert prepared() != first


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"key": 3}', "\0"])
def test_a_stage_with_a_damaged_manifest_is_done_again(
    damage: str, copy_build: Callable[..., Path], small_build: SmallBuild
) -> None:
    folder = copy_build(["dataset"])
    manifest, data = folder / "dataset" / "manifest.json", folder / "dataset" / "data.npz"
    good, wanted = manifest.read_text(), data.read_bytes()
    manifest.write_text(damage)
    data.write_bytes(b"")
    done = l1ml("data", "prepare", small_build.spec, "--out", folder)
    assert done.returncode == 0
    assert json.loads(manifest.read_text())["key"] == json.loads(good)["key"]
    assert data.read_bytes() == wanted


@pytest.mark.timeout(300)
@pytest.mark.parametrize("first", [pytest.param(0, marks=pytest.mark.slow), NAMES.index("rtl")])
def test_a_build_killed_in_the_middle_of_its_stages_ends_like_one_left_alone(
    first: int, small_build: SmallBuild, copy_build: Callable[..., Path]
) -> None:
    folder = copy_build(NAMES[:first])
    finished = manifests(folder)
    for number, stage in enumerate(NAMES[first:], start=first):
        while (process := started(small_build.spec, folder, stage)) is None:
            shutil.rmtree(folder / stage)
        kill(process)
        assert set(manifests(folder)) == set(NAMES[:number])
        assert not (folder / stage).exists()
        assert finished.items() <= manifests(folder).items()
        finished = manifests(folder)

    done = l1ml("build", small_build.spec, "--out", folder)
    assert done.returncode == 0, done.stderr
    assert left_in(folder) == set(NAMES)
    assert finished.items() <= manifests(folder).items()
    with np.load(folder / "train/weights.npz") as ours, np.load(small_build.folder / "train/weights.npz") as theirs:
        assert set(ours) == set(theirs)
        assert all(np.array_equal(ours[name], theirs[name]) for name in ours)
    for file in (small_build.folder / "rtl/verilog").glob("*.sv"):
        assert (folder / "rtl/verilog" / file.name).read_text() == file.read_text()
    assert without_times(folder) == without_times(small_build.folder)


def without_times(folder: Path) -> dict[str, object]:
    report = json.loads((folder / "report/report.json").read_text())
    del report["seconds"], report["verification"]["seconds"], report["verification"]["events_per_second"]
    return report


def test_an_interrupt_from_the_keyboard_is_one_line_and_leaves_no_half_stage(
    small_build: SmallBuild, copy_build: Callable[..., Path]
) -> None:
    folder = copy_build(["dataset"])
    command = [L1ML, "train", small_build.spec, "--out", folder]
    # A shell that runs the tests in the background lets its children ignore the keyboard.
    listen = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, preexec_fn=listen)
    while not (folder / ".train.partial").exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert output.splitlines()[-1] == "interrupted; the next run carries on from the last finished stage"
    assert errors == ""
    assert left_in(folder) == {"dataset"}


def test_what_a_killed_run_left_goes_even_if_its_stage_need_not_run(
    small_build: SmallBuild, copy_build: Callable[..., Path]
) -> None:
    folder = copy_build(["dataset"])
    for leftover in (".train.partial", ".dataset.old"):
        (folder / leftover / "deep").mkdir(parents=True)
    assert l1ml("data", "prepare", small_build.spec, "--out", folder).returncode == 0
    assert left_in(folder) == {"dataset"}


def test_the_folder_of_another_project_is_refused_and_stays_as_it_is(
    copy_build: Callable[..., Path], small_build: SmallBuild
) -> None:
    folder = copy_build(["dataset"])
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    done = l1ml("data", "prepare", small_build.spec, "--set", "project=other", "--out", folder)
    assert error_of(done) == f"{folder} is the output of project 'small_tagger'; choose another folder with --out"
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_folder_that_holds_something_else_is_refused_and_stays_as_it_is(
    tmp_path: Path, small_build: SmallBuild
) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    message = error_of(l1ml("data", "prepare", small_build.spec, "--out", tmp_path))
    assert message == f"{tmp_path} holds something else than a build of l1ml; choose another folder with --out"
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path, small_build: SmallBuild) -> None:
    file = tmp_path / "file"
    file.write_text("text")
    assert str(file) in error_of(l1ml("data", "prepare", small_build.spec, "--out", file))
    assert file.read_text() == "text"


@pytest.mark.parametrize("damage", ["[]", "{", '{"other": 1}'])
def test_a_damaged_marker_is_one_line(damage: str, copy_build: Callable[..., Path], small_build: SmallBuild) -> None:
    folder = copy_build(["dataset"])
    (folder / "l1ml.json").write_text(damage)
    message = error_of(l1ml("data", "prepare", small_build.spec, "--out", folder))
    assert message.startswith(f"{folder / 'l1ml.json'} is damaged")


def test_a_second_build_in_a_folder_that_is_in_use_is_refused_and_the_first_goes_on(
    small_build: SmallBuild, copy_build: Callable[..., Path]
) -> None:
    folder = copy_build(["dataset"])
    with in_train(small_build, folder) as first:
        message = error_of(l1ml("build", small_build.spec, "--out", folder))
        assert message == f"another l1ml is at work in {folder}; wait for it or choose another --out"
        assert first.poll() is None
        assert (folder / ".train.partial").exists()
    assert l1ml("data", "prepare", small_build.spec, "--out", folder).returncode == 0


@contextmanager
def in_train(small: SmallBuild, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = started(small.spec, folder, "train")
    assert process is not None
    try:
        yield process
    finally:
        kill(process)


def test_a_log_that_an_error_points_to_is_there_to_be_read(
    small_build: SmallBuild, copy_build: Callable[..., Path], tmp_path: Path
) -> None:
    folder = copy_build(NAMES[:4])
    broken = next((folder / "rtl/verilog").glob("*_logits.sv"))
    broken.write_text(broken.read_text().replace("endmodule", "endmodul"))
    message = error_of(l1ml("verify", small_build.spec, "--out", folder))
    assert message.startswith("stage verify: Verilator could not build small_tagger: see ")
    log = Path(message.rpartition(" see ")[2])
    assert broken.name in log.read_text()
    assert not (folder / "verify").exists()


@pytest.mark.timeout(300)
def test_verilog_that_was_tampered_with_fails_the_build_and_the_report_shows_it(
    small_build: SmallBuild, copy_build: Callable[..., Path]
) -> None:
    folder = copy_build()
    file = next((folder / "rtl/verilog").glob("*_fc1.sv"))
    lines = file.read_text().splitlines(keepends=True)
    sums = [i for i, line in enumerate(lines) if "wire" in line and " + " in line]
    chosen = sums[len(sums) // 2]
    lines[chosen] = lines[chosen].replace(" + ", " - ", 1)
    file.write_text("".join(lines))

    message = error_of(l1ml("build", small_build.spec, "--out", folder))
    report = json.loads((folder / "report/report.json").read_text())
    count, first = report["verification"]["mismatches"], report["verification"]["first_mismatch"]
    assert count > 0
    assert first["golden"] != first["rtl"]
    assert message == (
        f"RTL and C++ differ in {count} outputs; event {first['event']}, output {first['output']}: "
        f"C++ {first['golden']}, RTL {first['rtl']} ({first['name']}: {first['golden'] * first['lsb']:g}, "
        f"{first['rtl'] * first['lsb']:g}); first difference in {first['layer']}"
    )
    assert lines[1] == f"// {first['layer']}\n"
    with np.load(folder / "verify/vectors.npz") as vectors:
        assert vectors["outputs"][first["event"], first["output"]] == first["rtl"]

    page = (folder / "report/report.html").read_text()
    assert "FAIL" in page
    assert first["layer"].split(" (")[0] in page
    assert "FAIL" not in (small_build.folder / "report/report.html").read_text()

    stages = manifests(folder)  # the verdict is kept: the next run only repeats it
    assert error_of(l1ml("verify", small_build.spec, "--out", folder)) == message
    assert manifests(folder) == stages


def built(folder: Path) -> str:
    flow.run(load_spec(folder / "spec.yaml"), folder, until="verify")
    return "built"


@pytest.mark.parametrize("times", TIMES)
def test_one_build_is_made_by_one_of_many(
    four: Four, copy_build: Callable[..., Path], tmp_path: Path, times: int
) -> None:
    for k in range(times):
        folder = copy_build(NAMES[:4], to=tmp_path / str(k))
        ended = four(built, (folder,))
        assert "built" in ended and all(one == "built" or "another l1ml is at work in" in one for one in ended)
        assert json.loads((folder / "verify/verification.json").read_text())["mismatches"] == 0
        assert not [path.name for path in folder.iterdir() if path.name.startswith(".")]
        assert built(folder) == "built"
        shutil.rmtree(folder)
