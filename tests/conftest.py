"""Small builds that the tests share."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml
from command_line import SmallBuild, l1ml
from four import Four
from public_files import particles, write_files

from l1ml.builds.flow import STAGES
from l1ml.triggers.anomaly_vae import data as anomaly
from l1ml.triggers.electron_rings import data as rings
from l1ml.triggers.jet_tagger import data as jets

JETS = 2500
"""Jets of the small data set."""

CANDIDATES = 2500
"""Electrons and jets of the small data set of rings."""

BACKGROUND, SIGNAL = 8000, 400
"""Events of the background, and of each signal, of the small data set of anomalies."""


BUILDERS = {"small_build", "electron_build", "anomaly_build", "copy_build", "project"}
"""Fixtures that build a trigger."""

SIMULATED = ("anomaly", "jet", "ring")
"""Whose events Pythia simulates."""

PLACES = {
    "simulates": (
        *(f"compiler/test_{name}.py" for name in ("cells", "circuit", "circuit_modules", "printed", "truth_tables")),
        *(
            "compiler/test_proved_casts.py",
            "layers/test_ring_builder_rtl.py",
            "verification",
            "wrappers",
            "estimation",
            "firmware",
            "golden/test_golden_vitis.py",
        ),
    ),
    "generates": ("datasets/test_generators.py", *(f"triggers/test_{name}_events.py" for name in SIMULATED)),
    "trains": ("learning", "triggers/test_jets.py"),
    "cpp": (
        "golden/test_project_packs.py",
        "triggers/test_axol1tl.py",
        "test_fixed.py",
        "test_architecture.py::test_the_backend_is_whole",
        "layers/test_hgq_layers.py",
        "layers/test_hgq2_networks.py",
    ),
    "builds": (
        "builds/test_dependencies.py",
        "test_guide.py",
        "test_docs.py::test_the_example_for_hls4ml_users",
        "test_docs.py::test_an_example_from_another_program",
    ),
}
"""Tests, and files and folders of tests, that simulate or synthesise, run Pythia, train, compile C++ or build."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what takes long, so that ``make quick`` leaves it out: what builds, compiles C++, simulates or generates."""
    for item in items:
        place, names = item.nodeid.removeprefix("tests/"), set(getattr(item, "fixturenames", ()))
        if isinstance(item, pytest.Function) and hasattr(item, "callspec"):
            names |= {value for value in item.callspec.params.values() if isinstance(value, str)}
        marks = [mark for mark, places in PLACES.items() if place.startswith(places)]
        marks += ["builds"] * bool(BUILDERS & names) + ["cpp"] * ("keras" in names)
        for mark in marks:
            item.add_marker(mark)


@pytest.fixture(scope="module")
def four() -> Iterator[Four]:
    """Four processes that begin at the same moment."""
    made = Four()
    yield made
    made.end()


@pytest.fixture(scope="session")
def small_build(tmp_path_factory: pytest.TempPathFactory) -> SmallBuild:
    """A small jet tagger, made once for all workers of pytest-xdist."""
    return _built(tmp_path_factory, "small", _small_spec)


@pytest.fixture(scope="session")
def electron_build(tmp_path_factory: pytest.TempPathFactory) -> SmallBuild:
    """A small electron trigger at reuse factor 8, made once for all workers of pytest-xdist."""
    return _built(tmp_path_factory, "electrons", _electron_spec)


@pytest.fixture(scope="session")
def anomaly_build(tmp_path_factory: pytest.TempPathFactory) -> SmallBuild:
    """A small anomaly trigger at reuse factor 8, its score the divergence, on files like those of the public benchmark.

    It is made once for all workers of pytest-xdist.
    """
    return _built(tmp_path_factory, "anomalies", _anomaly_spec)


def _built(factory: pytest.TempPathFactory, name: str, spec_of: Callable[[Path], dict[str, object]]) -> SmallBuild:
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    spec, folder, log, record = (shared / f"{name}{suffix}" for suffix in (".yaml", "", ".log", ".json"))
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not log.exists():
            spec.write_text(yaml.safe_dump(spec_of(shared)))
            audited = (sys.executable, Path(__file__).with_name("audited.py"), record)
            done = l1ml("build", spec, "--out", folder, program=audited)
            log.write_text(done.stdout + done.stderr)
    if not (folder / "report").exists():  # tried once, not for every test
        pytest.fail(f"the small build failed:\n{log.read_text()}", pytrace=False)
    trigger = yaml.safe_load(spec.read_text())["trigger"]
    return SmallBuild(spec, folder, log.read_text(), trigger, json.loads(record.read_text()))


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


def _electron_spec(folder: Path) -> dict[str, object]:
    with np.load(rings.sample_path()) as file:
        arrays = dict(file)
    for name in ("rings", "et", "eta", "pileup", "labels"):
        arrays[name] = arrays[name][:CANDIDATES]
    np.savez(folder / "rings.npz", **arrays)
    return {
        "project": "small_ringer",
        "trigger": "electron_rings",
        "dataset": {"source": "generated", "path": str(folder / "rings.npz"), "test_fraction": 0.4},
        "model": {"hidden": [4], "ring_precision": "fixed<12,8,RND,SAT>"},
        "training": {"epochs": 8, "batch_size": 64, "folds": 2},
        "pruning": {"sparsity": 0.7, "ramp_epochs": 1},
        "thresholds": {
            "et_edges": [10, 30],
            "eta_edges": [0, 1.2, 2.5],
            "working_points": {"tight": 0.8, "loose": 0.95},
        },
        "hls": {"reuse_factor": 8, "strategy": "distributed_arithmetic"},
        "verification": {"events": 2000},
    }


def _anomaly_spec(folder: Path) -> dict[str, object]:
    sample = anomaly.load()
    rows = [np.flatnonzero(sample.labels == k) for k in range(len(anomaly.CLASSES))]
    rng = np.random.default_rng(2)
    events = {
        name: particles(sample.objects[rng.choice(found, SIGNAL if label else BACKGROUND, replace=False)])
        for label, (name, found) in enumerate(zip(anomaly.CLASSES, rows, strict=True))
    }
    write_files(folder / "zenodo", events)
    return {
        "project": "small_axo",
        "trigger": "anomaly_vae",
        "dataset": {"source": "public", "path": str(folder / "zenodo")},
        "model": {"hidden": [8], "latent": 3, "score": "divergence"},
        "training": {"epochs": 6, "batch_size": 256},
        "pruning": {"sparsity": 0.85, "ramp_epochs": 2},
        "thresholds": {"rates_khz": {"loose": 3000, "tight": 300}},
        "hls": {"reuse_factor": 8, "strategy": "distributed_arithmetic"},
        "verification": {"events": 3000},
    }
