"""Stage 1: events, standardised and split into training, validation and test."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from l1ml.datasets import jets, public_jets
from l1ml.errors import L1mlError
from l1ml.flow import Build
from l1ml.spec import DatasetSpec


def run(build: Build, folder: Path) -> None:
    """Write ``data.npz`` (standardised features, labels) and ``dataset.json``."""
    spec = build.spec.dataset
    sample = _load(spec)
    order = np.random.default_rng(spec.seed).permutation(len(sample))
    n_test = round(spec.test_fraction * len(order))
    n_validation = round(spec.validation_fraction * len(order))
    parts = dict(zip(("test", "validation", "train"), np.split(order, [n_test, n_test + n_validation]), strict=True))
    train = sample.features[parts["train"]]
    mean, scale = train.mean(axis=0, dtype=np.float64), train.std(axis=0, dtype=np.float64)
    if np.any(scale == 0):
        raise L1mlError(f"feature {jets.FEATURES[int(np.argmin(scale))]} is the same for all jets of the data set")
    arrays = {}
    for name, rows in parts.items():
        arrays[f"x_{name}"] = ((sample.features[rows] - mean) / scale).astype(np.float32)
        arrays[f"y_{name}"] = sample.labels[rows]
    np.savez(folder / "data.npz", mean=mean, scale=scale, **arrays)
    about = {
        "source": str(spec.path or spec.source),
        "features": list(jets.FEATURES),
        "classes": list(jets.CLASSES),
        "sizes": {name: len(parts[name]) for name in ("train", "validation", "test")},
    }
    (folder / "dataset.json").write_text(json.dumps(about, indent=2))


def _load(spec: DatasetSpec) -> jets.JetDataset:
    if spec.source == "sample":
        return jets.load()
    if spec.path is None:
        raise L1mlError(f"dataset.source is {spec.source!r}: give its file with dataset.path")
    return jets.load(spec.path) if spec.source == "generated" else public_jets.load(spec.path)
