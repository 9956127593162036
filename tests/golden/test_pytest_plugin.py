"""``pytest --l1ml``: one run with firmware that is right and firmware that is not, and what its users get to see."""

from __future__ import annotations

import multiprocessing
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import pywellen
import yaml
from command_line import SmallBuild, own_environment

from l1ml.compiler.design import Design
from l1ml.errors import L1mlError
from l1ml.golden.making import freeze
from l1ml.golden.pack import Pack
from l1ml.golden.regression import _once, subjects_of
from l1ml.verification.packing import unpack
from l1ml.verification.vectors import FAMILIES


@dataclass(frozen=True)
class Run:
    """A finished run of pytest.

    Attributes:
        code: Exit code.
        output: What it printed.
        folder: Where it ran.
        cases: Properties of each test in its JUnit XML by class and name, the message of a failure as ``failure``.
    """

    code: int
    output: str
    folder: Path
    cases: dict[str, dict[str, str]]


def run_pytest(folder: Path, *arguments: str | Path) -> Run:
    """Run pytest as a user does, in a folder with a test of the user's own."""
    folder.mkdir(exist_ok=True)
    (folder / "tmp").mkdir()
    (folder / "test_own.py").write_text("def test_own(): pass\n")
    env = own_environment()
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--rootdir",
        ".",
        "-p",
        "no:cacheprovider",
        "--junitxml",
        "junit.xml",
        *map(str, arguments),
    ]
    done = subprocess.run(
        command, cwd=folder, env=env | {"TMPDIR": str(folder / "tmp")}, capture_output=True, text=True, timeout=500
    )
    cases = {}
    if (folder / "junit.xml").exists():
        for case in ElementTree.parse(folder / "junit.xml").iter("testcase"):
            found = {p.get("name", ""): p.get("value", "") for p in case.iter("property")}
            for failure in case.iter("failure"):
                found["failure"] = failure.text or ""
            cases[f"{case.get('classname')}.{case.get('name')}"] = found
    return Run(done.returncode, done.stdout + done.stderr, folder, cases)


@pytest.fixture(scope="module")
def pack_file(small_build: SmallBuild, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack without integers of layers."""
    file = tmp_path_factory.mktemp("pack") / "small.golden"
    freeze(small_build.folder, 120).save(file)
    return file


@pytest.fixture(scope="module")
def run(small_build: SmallBuild, pack_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The C++ of a pack, Verilog that is wrong in its last layer, and one family of a build that is up to date."""
    folder = tmp_path_factory.mktemp("run")
    wrong = folder / "wrong"
    shutil.copytree(small_build.folder / "rtl/verilog", wrong, ignore=shutil.ignore_patterns("sim"))
    file = wrong / "small_tagger_logits.sv"
    text, count = re.subn(r"( = .*\w\S*) - ", r"\1 + ", file.read_text(), count=1)
    assert count == 1
    file.write_text(text)
    builds = folder / "builds"
    shutil.copytree(small_build.folder, builds / "small_tagger", ignore=shutil.ignore_patterns("sim"))
    return run_pytest(
        folder, "-n", "2", "--l1ml", pack_file, "--l1ml", f"{pack_file}={wrong}", "--l1ml", small_build.spec,
        "--l1ml-builds", builds, "--l1ml-waves", "waves",
        "-k", "own or cpp or small_tagger_r1-2 or (small_tagger_r1-3 and corner)",
    )  # fmt: skip


def test_there_is_a_test_for_each_family_beside_those_of_the_user(run: Run) -> None:
    assert run.code == 1, run.output
    failed = {name for name, case in run.cases.items() if "failure" in case}
    assert failed == {f"l1ml.small_tagger_r1-2.{family}-rtl" for family in FAMILIES}
    passed = {f"l1ml.small_tagger_r1.{family}-cpp" for family in FAMILIES}
    assert run.cases.keys() - failed == passed | {"test_own.test_own", "l1ml.small_tagger_r1-3.corner-rtl"}
    assert "5 failed, 7 passed" in run.output


def test_properties_of_every_test_are_in_the_junit_file(run: Run, pack_file: Path) -> None:
    families = Pack.load(pack_file).manifest.families
    for family, count in families.items():
        passed = run.cases[f"l1ml.small_tagger_r1.{family}-cpp"]
        assert passed == {
            "l1ml_project": "small_tagger", "l1ml_reuse_factor": "1", "l1ml_family": family, "l1ml_form": "cpp",
            "l1ml_events": str(count), "l1ml_outputs": "5", "l1ml_mismatches": "0",
        }  # fmt: skip
    built = run.cases["l1ml.small_tagger_r1-3.corner-rtl"]
    assert (built["l1ml_mismatches"], built["l1ml_initiation_interval"]) == ("0", "1")


@pytest.mark.parametrize("family", FAMILIES)
def test_a_failure_names_event_integers_and_layer_and_its_waveform_shows_them(
    run: Run, family: str, small_build: SmallBuild, pack_file: Path
) -> None:
    case, pack = run.cases[f"l1ml.small_tagger_r1-2.{family}-rtl"], Pack.load(pack_file)
    event, output = int(case["l1ml_event"]), int(case["l1ml_output"])
    golden, found = int(case["l1ml_golden"]), int(case["l1ml_found"])
    assert case["l1ml_layer"] == "logits (Dense)"
    assert pack.vectors.family_of(event) == family
    assert pack.outputs[event, output] == golden != found
    fault, waveform = case["failure"].splitlines()[-2:]
    assert fault == (
        f"RTL and pack differ in {case['l1ml_mismatches']} outputs; event {event} ({family}), output {output}: "
        f"golden {golden}, RTL {found}; first difference in logits (Dense)"
    )
    file = run.folder / "waves" / f"small_tagger_r1-2-{family}-event{event}.fst"
    assert waveform == f"waveform: {file}"
    assert fault in run.output and str(file) in run.output
    shown = last_result(file, Design.load(small_build.folder / "rtl/verilog"))
    assert shown[output] == found


def last_result(file: Path, design: Design) -> list[int]:
    """Integers of the last result in a waveform, read by somebody else's program."""
    waveform = pywellen.Waveform(str(file))
    assert waveform.file_format == "FST"
    signals = {var.full_name: var.signal for var in waveform.all_vars()}
    valid, data = (signals[f"{design.name}.{port}"] for port in ("out_valid", "out_data"))
    assert any(name.startswith(f"{design.name}.") and "logits" in name for name in signals), "inner signals are there"
    end = 2000 * (4 + 9 + design.latency + 8)  # ps
    rows = [int(data.value_at(t)) for t in range(0, end, 1000) if str(valid.value_at(t)) == "1"]
    size = sum(t.bits for t in design.outputs) // 8 + 1
    row = np.frombuffer(rows[-1].to_bytes(size, "little"), dtype=np.uint8)[None, :]
    integers: list[int] = unpack(row, design.outputs)[0].tolist()
    return integers


def test_what_was_compiled_for_all_workers_is_removed_after_the_run(run: Run) -> None:
    assert [path.name for path in (run.folder / "tmp").iterdir() if path.name.startswith("l1ml-")] == []


def test_the_tests_can_be_listed_and_chosen_without_xdist(pack_file: Path, tmp_path: Path) -> None:
    listed = run_pytest(tmp_path, "-p", "no:xdist", "--collect-only", "-q", "--l1ml", pack_file, "-k", "corner")
    assert re.findall(r"small_tagger_r1::\S+", listed.output) == [
        "small_tagger_r1::corner-cpp", "small_tagger_r1::corner-rtl",
    ]  # fmt: skip


def test_a_damaged_pack_ends_the_run_before_any_test(pack_file: Path, tmp_path: Path) -> None:
    half = tmp_path / "half.golden"
    half.write_bytes(pack_file.read_bytes()[:-9])
    done = run_pytest(tmp_path / "run", "--l1ml", half)
    assert done.code == 4
    assert re.search(r"^ERROR: --l1ml: .*half.golden is truncated", done.output, re.M)
    assert "passed" not in done.output


def test_firmware_that_cannot_be_checked_fails_in_one_line_and_is_tried_once(
    pack_file: Path, small_build: SmallBuild, tmp_path: Path
) -> None:
    project = tmp_path / "hls"
    shutil.copytree(small_build.folder / "convert/hls", project)
    (project / "firmware/small_tagger.cpp").write_text("what\n")
    (subject,) = subjects_of(f"{pack_file}={project}", tmp_path)
    assert (subject.sides, subject.families) == (("cpp",), FAMILIES)
    for family in FAMILIES:
        with pytest.raises(L1mlError, match=r"the C\+\+ of small_tagger does not compile"):
            subject.check("cpp", family, tmp_path / "work")
        shutil.rmtree(project, ignore_errors=True)


def _make(work: Path, said: Path) -> None:
    def make() -> None:
        with said.open("a") as file:
            file.write("made\n")

    _once(work, "it", make)


def test_of_many_processes_one_compiles(tmp_path: Path) -> None:
    said = tmp_path / "said"
    processes = [multiprocessing.Process(target=_make, args=(tmp_path / "work", said)) for _ in range(8)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert said.read_text() == "made\n"


def test_what_a_user_may_name(small_build: SmallBuild, pack_file: Path, tmp_path: Path) -> None:
    (firmware := tmp_path / "firmware").mkdir()
    (firmware / pack_file.stem).symlink_to(small_build.folder / "rtl/verilog")
    names: list[tuple[str, str, tuple[str, ...]]] = [
        (f"{pack_file}", "small_tagger_r1", ("cpp", "rtl")),
        (f"{pack_file}={small_build.folder}", "small_tagger_r1", ("cpp", "rtl")),
        (f"{pack_file}={small_build.folder / 'rtl/verilog'}", "small_tagger_r1", ("rtl",)),
        (f"{pack_file}={small_build.folder / 'convert/hls'}", "small_tagger_r1", ("cpp",)),
        (f"{pack_file.parent}/", "small_tagger_r1", ("cpp", "rtl")),
        (f"{pack_file.parent}={firmware}", "small_tagger_r1", ("rtl",)),
        ("jet_tagger@8", "jet_tagger_r8", ("rtl",)),
        ("electron_rings", "electron_rings_r1", ("rtl",)),
    ]
    for text, name, sides in names:
        (subject,) = subjects_of(text, tmp_path)
        assert (subject.name.split("_r")[0], subject.sides) == (name.split("_r")[0], sides)
        assert subject.name == f"{subject.project}_r{subject.reuse_factor}"
    refused: list[tuple[str, str]] = [
        ("no_such_spec", "there is no spec"),
        ("no.golden", "cannot be read"),
        (f"{pack_file}={tmp_path}", "holds no Verilog"),
    ]
    for text, message in refused:
        with pytest.raises(L1mlError, match=message):
            subjects_of(text, tmp_path)


def test_the_examples_for_continuous_integration_run_as_they_are_without_a_pack_and_without_tests(
    tmp_path: Path,
) -> None:
    folder = Path(__file__).parents[2] / "docs/ci"
    pages = {file.name: file.read_text() for file in folder.iterdir()}
    assert pages.keys() == {"github-actions.yml", "gitlab-ci.yml"}
    steps = yaml.safe_load(pages["github-actions.yml"])["jobs"]["bit-accuracy"]["steps"]
    scripts = ["\n".join(step.get("run", "") for step in steps)]
    job = yaml.safe_load(pages["gitlab-ci.yml"])["bit-accuracy"]
    scripts.append("\n".join([*job["before_script"], *job["script"]]))
    (tmp_path / "golden").mkdir()
    (tmp_path / "requirements.txt").write_text("l1ml\npytest\npytest-xdist\n")
    env = own_environment()
    for script in scripts:
        own = "\n".join(line for line in script.splitlines() if "apt-get" not in line)
        done = subprocess.run(["bash", "-ec", own], cwd=tmp_path, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "no golden pack in golden: 'l1ml golden make BUILD --out golden/NAME.golden'" in done.stdout
        assert "1 skipped" in done.stdout and (tmp_path / "firmware.xml").exists()
    with pytest.raises(L1mlError, match="nowhere: there is no such folder of golden packs; 'l1ml golden make"):
        subjects_of("nowhere=firmware", tmp_path)


def test_the_plugin_costs_other_runs_nothing(tmp_path: Path) -> None:
    code = "import sys, l1ml.pytest_plugin; print(sorted({'numpy', 'pydantic', 'hls4ml', 'yaml'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout == "[]\n"
