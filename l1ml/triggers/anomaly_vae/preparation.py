"""Collisions as the trigger gets them."""

from __future__ import annotations

import numpy as np

from l1ml.datasets.parts import Events, Prepared, split
from l1ml.errors import L1mlError
from l1ml.triggers.anomaly_vae import data, public
from l1ml.triggers.anomaly_vae.data import OBJECTS_INPUT
from l1ml.triggers.anomaly_vae.hardware_objects import INPUTS
from l1ml.triggers.anomaly_vae.spec import AnomalyDatasetSpec, AnomalyVaeSpec


def prepare(spec: AnomalyVaeSpec) -> Prepared:
    """Hardware integers as they are; signals are in the test part alone, in random order with its background."""
    asked = spec.dataset
    sample = _load(asked)
    background, signals = (np.flatnonzero(chosen) for chosen in (sample.labels == 0, sample.labels != 0))
    if not len(background) or not len(signals):
        raise L1mlError(f"{asked.path or asked.source}: there must be events of the background and of signals")
    rows = split(len(background), asked.test_fraction, asked.validation_fraction, asked.seed)
    events = Events({OBJECTS_INPUT: sample.objects.astype(np.float32)}, sample.labels)
    parts = {part: background[chosen] for part, chosen in rows.items()}
    parts["test"] = np.random.default_rng(asked.seed).permutation(np.concatenate([parts["test"], signals]))
    return Prepared(
        parts={part: events.take(chosen) for part, chosen in parts.items()},
        classes=data.CLASSES,
        features=INPUTS,
        source=str(asked.path or asked.source),
        labels=data.LABELS,
    )


def _load(spec: AnomalyDatasetSpec) -> data.AnomalyDataset:
    if spec.source == "sample":
        return data.load()
    return data.load(spec.file) if spec.source == "generated" else public.load_public(public.find_files(spec.file))
