"""A trigger is one folder: the one beside this file is put among those of the package, and all commands know it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from l1ml.builds.dependencies import PACKAGE
from l1ml.paths import shared


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with one folder and one file more."""
    root = tmp_path_factory.mktemp("project")
    for folder in (PACKAGE, *(shared(name) for name in ("firmware_templates", "hls_projects", "sim"))):
        shutil.copytree(folder, root / folder.name, ignore=shutil.ignore_patterns("__pycache__", "sample.npz"))
    shutil.copytree(Path(__file__).with_name("toy"), root / "l1ml/triggers/toy")
    shutil.move(root / "l1ml/triggers/toy/toy.yaml", root / "hls_projects")
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
    other = command(project, "train", "toy", "--set", "noise.sigma=0")
    assert "1/6 Prepare events up to date" in other.stdout and "2/6 Train and prune up to date" not in other.stdout


def test_the_commands_know_it(project: Path) -> None:
    assert "Toy" in command(project, "list").stdout
    wrong = command(project, "build", "toy", "--set", "noise.sigma=-1")
    assert wrong.returncode == 1 and "noise.sigma" in wrong.stderr and "greater than or equal to 0" in wrong.stderr
    (project / "hls_projects/wrong.yaml").write_text("trigger: toy")
    listed = command(project, "list").stdout
    assert "Toy" in listed and "'project' is missing" in " ".join(listed.split()), "one that is wrong hides no other"
    none = command(project, "data", "generate", "toys", "--out", "toys.npz")
    assert "known: anomaly, rings, jets" in none.stderr


@pytest.mark.parametrize(
    ("file", "before", "after", "message"),
    [
        ("__init__.py", "TRIGGER = ", "OTHER = ", "l1ml.triggers.toy does not define TRIGGER"),
        ("spec.py", "SPEC = ", "OTHER = ", "l1ml.triggers.toy.spec does not define SPEC"),
        ("report.py", None, None, "stage dataset: the trigger toy has no file report.py"),
        ("preparation.py", "features=FEATURES", "features=FEATURES[:3]", "names for 3 features, but 4 elements"),
        ("preparation.py", "labels = (", "x[7] = np.nan\n    labels = (", "is not finite; leave it out"),
        ("preparation.py", 'classes=("apart", "alike")', 'classes=("apart",)', "not below 1, the number of classes"),
    ],
)  # fmt: skip
def test_what_a_folder_lacks_is_one_line(
    project: Path, file: str, before: str | None, after: str | None, message: str
) -> None:
    place = project / "l1ml/triggers/toy" / file
    text = place.read_text()
    try:
        if before is None or after is None:
            place.unlink()
        else:
            assert before in text
            place.write_text(text.replace(before, after))
        done = command(project, "data", "prepare", "toy", "--out", f"build/{file}")
        assert done.returncode == 1 and len(done.stderr.splitlines()) == 1, done.stderr
        assert message in done.stderr
    finally:
        place.write_text(text)
