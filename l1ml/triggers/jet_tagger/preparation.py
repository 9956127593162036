"""Jets as the tagger gets them."""

from __future__ import annotations

import numpy as np

from l1ml.datasets.parts import Events, Prepared, split
from l1ml.errors import L1mlError
from l1ml.triggers.jet_tagger import data, public
from l1ml.triggers.jet_tagger.spec import JetDatasetSpec, JetTaggerSpec


def prepare(spec: JetTaggerSpec) -> Prepared:
    """Standardise the features by the mean and the standard deviation of the training part."""
    asked = spec.dataset
    sample = _load(asked)
    rows = split(len(sample), asked.test_fraction, asked.validation_fraction, asked.seed)
    train = sample.features[rows["train"]]
    mean, scale = train.mean(axis=0, dtype=np.float64), train.std(axis=0, dtype=np.float64)
    if np.any(scale == 0):
        raise L1mlError(f"feature {data.FEATURES[int(np.argmin(scale))]} is the same for all jets of the data set")
    standard = ((sample.features - mean) / scale).astype(np.float32)
    return Prepared(
        parts={part: Events({data.INPUT: standard[r]}, sample.labels[r]) for part, r in rows.items()},
        classes=data.CLASSES,
        features=data.FEATURES,
        source=str(asked.path or asked.source),
        labels=data.LABELS,
        constants={"mean": mean, "scale": scale},
    )


def _load(spec: JetDatasetSpec) -> data.JetDataset:
    if spec.source == "sample":
        return data.load()
    return data.load(spec.file) if spec.source == "generated" else public.load(spec.file)
