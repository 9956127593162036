"""Events of the toy trigger, which are made on the spot."""

from __future__ import annotations

import numpy as np
from l1ml.triggers.toy.spec import ToySpec

from l1ml.datasets.parts import Events, Prepared, split

EVENTS = 2000

FEATURES = ("a", "b", "c", "d")


def prepare(spec: ToySpec) -> Prepared:
    """Four normal numbers for each event; the first two decide."""
    asked = spec.dataset
    x = np.random.default_rng(asked.seed).normal(size=(EVENTS, len(FEATURES))).astype(np.float32)
    labels = (x[:, 0] * x[:, 1] > 0).astype(np.int64)
    rows = split(EVENTS, asked.test_fraction, asked.validation_fraction, asked.seed)
    return Prepared(
        parts={part: Events({"numbers": x[chosen]}, labels[chosen]) for part, chosen in rows.items()},
        classes=("apart", "alike"),
        features=FEATURES,
        source="normal numbers",
        labels={"alike": "on the same side"},
    )
