"""The command line: quick, helpful, and never a traceback for a mistake of its user."""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest
from command_line import SmallBuild, error_of, l1ml

from l1ml.builds.specs import projects

COMMANDS = ["build", "verify", "train", "convert", "rtl", "report", "scan", "list", "doctor", "data"]
HEAVY = ["tensorflow", "tf_keras", "keras", "hls4ml", "alkaid", "matplotlib", "numpy", "sklearn", "cocotb", "pyosys"]


def cpu_seconds_of(*arguments: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert l1ml(*arguments).returncode == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def path_without(folder: Path, *programs: str) -> dict[str, str]:
    """An environment whose PATH has the programs of a shell, but not these."""
    folder.mkdir()
    for name in {"bash", "sh", "env", "make", "perl", "g++", "python3", "uname", "rm", "cat"} - set(programs):
        found = subprocess.run(["which", name], capture_output=True, text=True).stdout.strip()
        (folder / name).symlink_to(found)
    return {"PATH": str(folder)}


def test_help_answers_within_half_a_second() -> None:
    # Seconds of the processor, not of the clock: other tests run beside this one.
    assert min(cpu_seconds_of("--help") for _ in range(3)) <= 0.5


def test_importing_the_command_line_imports_nothing_heavy() -> None:
    code = "import json, sys, l1ml.cli; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(HEAVY) & set(json.loads(done.stdout))


def test_help_lists_every_command() -> None:
    text = l1ml("--help").stdout
    assert [command for command in COMMANDS if f" {command} " not in text] == []


@pytest.mark.parametrize("command", [*COMMANDS, "data prepare", "data generate", "data download"])
def test_every_command_explains_itself(command: str) -> None:
    done = l1ml(*command.split(), "--help")
    assert done.returncode == 0
    usage, _, explanation = done.stdout.partition("Usage: l1ml ")[2].partition("\n")
    assert usage.startswith(command)
    assert len(explanation.split("╭")[0].split()) >= 4


def test_list_shows_every_shipped_spec() -> None:
    done = l1ml("list")
    assert done.returncode == 0
    for name in projects():
        assert re.search(rf"^{name} .*\bhls_projects/{name}\.yaml$", done.stdout, re.MULTILINE), "no path is cut"


def test_the_version_is_that_of_the_package() -> None:
    assert l1ml("--version").stdout == f"l1ml {version('l1ml')}\n"


def test_quiet_leaves_only_errors() -> None:
    assert l1ml("--quiet", "list").stdout == ""
    failed = l1ml("-q", "build", "absent")
    assert failed.returncode == 1 and failed.stderr.startswith("error: ")


def test_doctor_finds_everything_that_the_tests_need() -> None:
    done = l1ml("doctor")
    assert done.returncode == 0, done.stdout
    assert "missing" not in done.stdout
    assert re.search("Everything( is here| that models of your own need is here; the rest is optional).", done.stdout)
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_doctor_with_an_empty_path_says_what_is_missing_and_how_to_get_it() -> None:
    done = l1ml("doctor", env={"PATH": ""})
    assert done.returncode == 1
    for program in ("g++", "make", "perl"):
        row = next(line for line in done.stdout.splitlines() if line.strip().startswith(program))
        assert "missing" in row
        assert f"apt-get install {program}" in done.stdout
    assert "Something is missing" in done.stdout


def test_doctor_names_the_extra_to_install_when_a_package_is_missing(tmp_path: Path) -> None:
    code = """
import importlib.util as util, sys
found = util.find_spec
util.find_spec = lambda name, *rest: None if name in ("qkeras", "pythia8mc") else found(name, *rest)
from l1ml.cli import main
main()
"""
    done = subprocess.run([sys.executable, "-c", code, "doctor"], capture_output=True, text=True)
    rows = {line.split()[0]: line for line in done.stdout.splitlines() if line.strip()}
    assert "not here" in rows["qkeras"]
    assert "pip install 'l1ml[train]'" in done.stdout
    assert "not here" in rows["pythia8mc"]
    assert "pip install 'l1ml[generate]'" in done.stdout
    assert done.returncode == 0 and "the rest is optional" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.parametrize("command", ["build", "verify", "train", "convert", "rtl", "report", "data prepare"])
def test_a_spec_that_does_not_exist_is_one_line(command: str, tmp_path: Path) -> None:
    message = error_of(l1ml(*command.split(), "nonsense", "--out", tmp_path / "out"))
    assert message == f"there is no spec 'nonsense': give a path, or one of {', '.join(projects())}"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("hls.reuse_facto=2", "jet_tagger.yaml: unknown key 'hls.reuse_facto'; did you mean 'reuse_factor'?"),
        ("model.input_precision=fixed<a,b>", "jet_tagger.yaml: model.input_precision: precision 'fixed<a,b>'"),
        ("hls.strategy='[/red] [bold]'", "got '[/red] [bold]'"),
        ("hls.reuse_factor", "write it like --set hls.reuse_factor=8"),
        ("dataset.source=generated", "give its file or folder with dataset.path"),
        ("dataset.path=jets.npz", "yaml: dataset: path 'jets.npz' is not read by source 'sample'; give another source"),
        ("dataset={source: generated, path: nowhere.npz}", "nowhere.npz: no such file"),
    ],
)
def test_a_wrong_setting_is_one_line_and_leaves_no_stage(setting: str, told: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert told in error_of(l1ml("build", "jet_tagger", "--set", setting, "--out", out))
    assert not (out / "dataset").exists()


def test_an_unknown_kind_of_data_set_is_one_line(tmp_path: Path) -> None:
    for command, known in (("generate", "anomaly, rings, jets"), ("download", "jets")):
        message = error_of(l1ml("data", command, "muons", "--out", tmp_path / "x.npz"))
        assert message == f"there is no data set of kind 'muons' for this command; known: {known}"


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("jets", "2 jets asked for; ask for at least 5"),
        ("rings", "1 candidates asked for; ask for at least 2"),
        ("anomaly", "2 events asked for; ask for at least 20"),
    ],
)
@pytest.mark.skipif(find_spec("pythia8mc") is None, reason="needs the extra l1ml[generate]")
def test_too_few_events_are_one_line(kind: str, told: str, tmp_path: Path) -> None:
    asked = told.partition(" ")[0]
    assert told in error_of(l1ml("data", "generate", kind, "--events", asked, "--out", tmp_path / "x.npz"))


def test_an_unknown_command_exits_with_a_usage_error_and_no_traceback() -> None:
    done = l1ml("biuld", "jet_tagger")
    assert done.returncode == 2
    assert "No such command 'biuld'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_square_bracket_in_an_error_is_printed_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "tensorflow.py").write_text("raise ImportError('as if it were not installed')")
    done = l1ml("train", "jet_tagger", "--out", tmp_path / "out", env={"PYTHONPATH": str(tmp_path)})
    assert error_of(done).endswith("install them: pip install 'l1ml[train]'")


@pytest.mark.parametrize("command", ["convert", "verify"])
def test_a_missing_compiler_is_one_line_and_leaves_no_stage(
    command: str, copy_build: Callable[..., Path], tmp_path: Path, small_build: SmallBuild
) -> None:
    before = {"convert": ["dataset", "train"], "verify": ["dataset", "train", "convert", "rtl"]}[command]
    folder = copy_build(before)
    message = error_of(l1ml(command, small_build.spec, "--out", folder, env=path_without(tmp_path / "bin", "g++")))
    assert message == f"stage {command}: g++ is not on PATH; install it (Debian: apt-get install g++)"
    assert sorted(p.name for p in folder.iterdir() if p.is_dir()) == sorted(before)
