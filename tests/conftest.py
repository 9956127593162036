"""One small build that the tests share."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
import yaml
from command_line import SmallBuild, l1ml

from l1ml.datasets import jets
from l1ml.flow import STAGES

JETS = 2500
"""Jets of the small data set."""


@pytest.fixture(scope="session")
def small_build(tmp_path_factory: pytest.TempPathFactory) -> SmallBuild:
    """The small build, made once for all workers of pytest-xdist."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    spec, folder, log = shared / "small.yaml", shared / "small", shared / "small.log"
    with (shared / "small.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not log.exists():
            spec.write_text(yaml.safe_dump(_small_spec(shared)))
            done = l1ml("build", spec, "--out", folder)
            log.write_text(done.stdout + done.stderr)
    if not (folder / "report").exists():  # tried once, not for every test
        pytest.fail(f"the small build failed:\n{log.read_text()}", pytrace=False)
    return SmallBuild(spec, folder, log.read_text())


@pytest.fixture
def copy_build(small_build: SmallBuild, tmp_path: Path) -> Callable[..., Path]:
    """Copies of the small build with its first stages, all of them by default."""

    def copy(stages: Iterable[str] = [stage.name for stage in STAGES], to: Path = tmp_path / "copy") -> Path:
        to.mkdir(exist_ok=True)
        for file in ("l1ml.json", "spec.yaml"):
            shutil.copy2(small_build.folder / file, to)
        for stage in stages:
            shutil.copytree(small_build.folder / stage, to / stage, ignore=shutil.ignore_patterns("sim"))
        return to

    return copy


def _small_spec(folder: Path) -> dict[str, object]:
    sample = jets.load()
    np.savez(
        folder / "jets.npz",
        features=sample.features[:JETS],
        labels=sample.labels[:JETS],
        feature_names=np.array(jets.FEATURES),
        class_names=np.array(jets.CLASSES),
    )
    return {
        "project": "small_tagger",
        "trigger": "jet_tagger",
        "title": "Small jet tagger",
        "dataset": {"source": "generated", "path": str(folder / "jets.npz")},
        "model": {"hidden": [4], "weight_bits": 5, "activation_bits": 5, "input_precision": "auto"},
        "training": {"epochs": 2, "batch_size": 128, "learning_rate": 0.02},
        "pruning": {"sparsity": 0.5, "ramp_epochs": 1},
        "verification": {"events": 400},
    }
