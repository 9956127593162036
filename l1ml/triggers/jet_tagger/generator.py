"""Generate a jet data set file in parallel, resumably, and with the same result however it is run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from l1ml.datasets.chunks import Arrays, Chunk, equal_shares
from l1ml.datasets.generator import Recipe, check, round_mantissa, versions, write
from l1ml.triggers.jet_tagger import events as jet_events
from l1ml.triggers.jet_tagger.data import CLASSES, FEATURES

CHUNK_JETS = 2000
"""Jets of one class that a worker makes at a time."""
MANTISSA_BITS = 11
"""Bits of the float32 mantissa that are kept, a rounding below 2.5e-4 that halves the file."""

_PACKAGES = ("pythia8mc", "fastjet", "numpy")


def generate(n_jets: int, out: Path, *, seed: int, workers: int | None = None) -> Path:
    """Simulate jets, equally many of each class, and write them to an npz file.

    The file holds ``features`` (n, 16) float32, ``feature_names``, ``class_names`` and what
    `l1ml.datasets.generator.write` adds.

    Args:
        n_jets: Number of jets, at least one per class; the first classes get the remainder.
        out: The npz file to write; its folder is made.
        seed: Any whole number from 0.
        workers: Number of processes; the number of usable cores if absent.

    Returns:
        The path of the file.

    Raises:
        L1mlError: A package of the ``generate`` extra is missing, an argument is out of range, the
            output cannot be written, or a worker process was killed.
    """
    check(n_jets, len(CLASSES), "jets", _PACKAGES)
    names = {"feature_names": FEATURES, "class_names": CLASSES}
    recipe = Recipe("jets", equal_shares(n_jets, CLASSES), CHUNK_JETS, _make, names, provenance())
    return write(recipe, Path(out), seed=seed, workers=workers)


def provenance() -> dict[str, Any]:
    """Package versions and all parameters, as recorded in each file."""
    return {
        "versions": versions(_PACKAGES),
        "mantissa_bits": MANTISSA_BITS,
        "parameters": jet_events.parameters(),
    }


def _make(chunk: Chunk) -> Arrays:
    features = jet_events.simulate(
        chunk.class_name,
        chunk.size,
        pythia_seed=chunk.pythia_seed,
        rng=np.random.default_rng(chunk.sequence().spawn(1)[0]),
    )
    return {"features": round_mantissa(features, MANTISSA_BITS)}
