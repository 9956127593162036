"""Generate a file of electron and jet rings in parallel, resumably, and with the same result however it is run."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from l1ml.datasets.chunks import Arrays, Chunk, equal_shares
from l1ml.datasets.generator import Recipe, check, round_mantissa, versions, write
from l1ml.errors import L1mlError
from l1ml.triggers.electron_rings import events as ring_events
from l1ml.triggers.electron_rings.data import CLASSES, RINGS

CHUNK_CANDIDATES = 1000
"""Candidates of one class that a worker makes at a time."""
MANTISSA_BITS = 7
"""Bits of the mantissa of float16 that are kept, a rounding below 0.4 %, less than the calorimeter's resolution."""
STEP = 2.0**-9
"""GeV, of which rings are multiples: 2 MeV, far below the noise of a cell. With it a file is a fifth smaller."""
PILEUP = (0.0, 200.0)
"""Range of the mean number of collisions in a crossing, up to that of the High-Luminosity LHC."""

_PACKAGES = ("pythia8mc", "awkward", "numpy")
_LARGEST = 60_000.0  # GeV, below the largest float16


def generate(
    n_candidates: int,
    out: Path,
    *,
    seed: int,
    pileup: tuple[float, float] = PILEUP,
    workers: int | None = None,
) -> Path:
    """Simulate candidates, half electrons and half jets, and write them to an npz file.

    The file holds ``rings`` (n, 100) float16 and ``et`` (n,) float16, both in GeV of transverse energy, ``eta`` (n,)
    and ``pileup`` (n,) float16, ``ring_names``, ``class_names`` and what `l1ml.datasets.generator.write` adds.

    Args:
        n_candidates: Number of candidates, at least one per class.
        out: The npz file to write; its folder is made.
        seed: Any whole number from 0.
        pileup: Range of the mean number of collisions in a crossing, from which each candidate's is drawn; (0, 0)
            for none.
        workers: Number of processes; the number of usable cores if absent.

    Returns:
        The path of the file.

    Raises:
        L1mlError: A package of the ``generate`` extra is missing, an argument is out of range, the output
            cannot be written, or a worker process was killed.
    """
    check(n_candidates, len(CLASSES), "candidates", _PACKAGES)
    if not 0 <= pileup[0] <= pileup[1] <= 1000:
        raise L1mlError(f"the pile-up is {pileup[0]} to {pileup[1]} collisions; give a range within 0 to 1000")
    recipe = Recipe(
        "candidates",
        equal_shares(n_candidates, CLASSES),
        CHUNK_CANDIDATES,
        partial(_make, pileup=pileup),
        {"ring_names": RINGS, "class_names": CLASSES},
        provenance(pileup),
    )
    return write(recipe, Path(out), seed=seed, workers=workers)


def provenance(pileup: tuple[float, float]) -> dict[str, Any]:
    """Package versions and all parameters, as recorded in each file."""
    return {
        "versions": versions(_PACKAGES),
        "mantissa_bits": MANTISSA_BITS,
        "step_gev": STEP,
        "pileup": list(pileup),
        "parameters": ring_events.parameters(),
    }


def _make(chunk: Chunk, pileup: tuple[float, float]) -> Arrays:
    found = ring_events.simulate(
        chunk.class_name,
        chunk.size,
        pythia_seed=chunk.pythia_seed,
        rng=np.random.default_rng(chunk.sequence().spawn(1)[0]),
        pileup=pileup,
    )
    energy = np.round(np.clip(found.rings / 1000.0, -_LARGEST, _LARGEST) / STEP) * STEP
    return {
        "rings": round_mantissa(energy.astype(np.float32), MANTISSA_BITS).astype(np.float16),
        "et": (found.et / 1000).astype(np.float16),
        "eta": found.eta.astype(np.float16),
        "pileup": found.pileup.astype(np.float16),
    }
