"""A trigger is one folder: the one beside this file is put among those of the package, and all commands know it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from l1ml.builds.dependencies import PACKAGE
from l1ml.paths import shared

SPEC = {
    "project": "toy",
    "trigger": "toy",
    "title": "Toy",
    "training": {"epochs": 3, "batch_size": 128, "learning_rate": 0.02},
    "pruning": {"sparsity": 0.2, "ramp_epochs": 1},
    "noise": {"sigma": 0.05},
    "verification": {"events": 400},
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with one folder and one file more."""
    root = tmp_path_factory.mktemp("project")
    for folder in (PACKAGE, *(shared(name) for name in ("firmware_templates", "hls_projects", "sim"))):
        shutil.copytree(folder, root / folder.name, ignore=shutil.ignore_patterns("__pycache__", "sample.npz"))
    shutil.copytree(Path(__file__).with_name("toy"), root / "l1ml/triggers/toy")
    (root / "hls_projects/toy.yaml").write_text(yaml.safe_dump(SPEC))
    return root


def command(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line of that project."""
    code = "import sys; from l1ml.cli import main; sys.exit(main())"
    environment = {**os.environ, "PYTHONPATH": str(project)}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=project, env=environment, capture_output=True, text=True
    )


def test_a_trigger_of_one_folder_becomes_verified_firmware_with_a_report(project: Path) -> None:
    done = command(project, "build", "toy", "--set", "hls.reuse_factor=2")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((project / "build/toy/report/report.json").read_text())
    assert report["verification"]["mismatches"] == 0 and report["verification"]["outputs"] == 2
    assert report["model"]["hls"]["accuracy"] > 0.4
    assert "on the same side" in (project / "build/toy/report/report.html").read_text()
    again = command(project, "build", "toy", "--set", "hls.reuse_factor=2")
    assert again.stdout.count("up to date") == 6
    other = command(project, "build", "toy", "--set", "hls.reuse_factor=2", "--set", "noise.sigma=0")
    assert "1/6 Prepare events up to date" in other.stdout and "2/6 Train and prune up to date" not in other.stdout


def test_the_commands_know_it(project: Path) -> None:
    assert "Toy" in command(project, "list").stdout
    wrong = command(project, "build", "toy", "--set", "noise.sigma=-1")
    assert wrong.returncode == 1 and "noise.sigma" in wrong.stderr and "greater than or equal to 0" in wrong.stderr
    none = command(project, "data", "generate", "toys", "--out", "toys.npz")
    assert "known: anomaly, rings, jets" in none.stderr
