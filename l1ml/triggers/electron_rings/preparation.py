"""Electron candidates as the trigger gets them."""

from __future__ import annotations

import numpy as np

from l1ml.datasets.parts import Events, Prepared, split
from l1ml.triggers.electron_rings import data
from l1ml.triggers.electron_rings.data import ET, ETA, PILEUP, RINGS_INPUT
from l1ml.triggers.electron_rings.spec import ElectronRingsSpec, RingDatasetSpec

MEV = np.float32(1e-3)  # in GeV


def prepare(spec: ElectronRingsSpec) -> Prepared:
    """Energies in GeV as they are; the firmware normalises them."""
    asked = spec.dataset
    sample = _load(asked)
    rows = split(len(sample), asked.test_fraction, asked.validation_fraction, asked.seed)
    columns = {ET: sample.et * MEV, ETA: sample.eta, PILEUP: sample.pileup}
    inputs = {RINGS_INPUT: sample.rings * MEV, **{name: values[:, None] for name, values in columns.items()}}
    events = Events(inputs, sample.labels)
    return Prepared(
        parts={part: events.take(r) for part, r in rows.items()},
        classes=data.CLASSES,
        features=(*data.RINGS, *columns),
        source=str(asked.path or asked.source),
    )


def _load(spec: RingDatasetSpec) -> data.RingDataset:
    if spec.source == "sample":
        return data.load()
    return data.load(spec.file) if spec.source == "generated" else data.load_lorenzetti(spec.file)
