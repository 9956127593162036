"""Generate a file of trigger events in parallel, resumably, and with the same result however it is run."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from l1ml.datasets.chunks import Arrays, Chunk
from l1ml.datasets.generator import Recipe, check, versions, write
from l1ml.triggers.anomaly_vae import events as anomaly_events
from l1ml.triggers.anomaly_vae.data import CLASSES, COCKTAIL, PROCESSES
from l1ml.triggers.anomaly_vae.hardware_objects import INPUTS

CHUNK_EVENTS = 5000
"""Events of one process that a worker makes at a time."""
SIGNAL_SHARE = 0.04
"""Of all events, for each signal; the others are background."""
LEAST_EVENTS = 20
POOL_EVENTS = 3000
"""Most collisions that are simulated to be laid over events as pile-up."""

_PACKAGES = ("pythia8mc", "fastjet", "awkward", "numpy")


def generate(n_events: int, out: Path, *, seed: int, workers: int | None = None) -> Path:
    """Simulate the background and the four signals, and write them to an npz file.

    The file holds ``objects`` (n, 57) int16, ``input_names``, ``class_names`` and what
    `l1ml.datasets.generator.write` adds; its ``labels`` are indices into `l1ml.triggers.anomaly_vae.data.PROCESSES`.

    Args:
        n_events: Number of events; a twenty-fifth of each signal, the others are background.
        out: The npz file to write; its folder is made.
        seed: Any whole number from 0.
        workers: Number of processes; the number of usable cores if absent.

    Returns:
        The path of the file.

    Raises:
        L1mlError: A package of the ``generate`` extra is missing, an argument is out of range, the output
            cannot be written, or a worker process was killed.
    """
    check(n_events, LEAST_EVENTS, "events", _PACKAGES)
    names = {"input_names": INPUTS, "class_names": PROCESSES}
    pool_events = min(POOL_EVENTS, LEAST_EVENTS + n_events)
    make = partial(_make, pool_events=pool_events)
    recipe = Recipe("events", sizes(n_events), CHUNK_EVENTS, make, names, provenance(pool_events))
    return write(recipe, Path(out), seed=seed, workers=workers)


def sizes(n_events: int) -> dict[str, int]:
    """Number of events of each process, at least one; the first one gets what rounding leaves."""
    signals = dict.fromkeys(CLASSES[1:], max(1, round(SIGNAL_SHARE * n_events)))
    background = n_events - sum(signals.values())
    shares = {name: max(1, round(share * background)) for name, share in COCKTAIL.items()}
    first = next(iter(shares))
    shares[first] += background - sum(shares.values())
    return {**shares, **signals}


def provenance(pool_events: int = POOL_EVENTS) -> dict[str, Any]:
    """Package versions and all parameters, as recorded in each file."""
    return {
        "versions": versions(_PACKAGES),
        "cocktail": COCKTAIL,
        "signal_share": SIGNAL_SHARE,
        "pool_events": pool_events,
        "parameters": anomaly_events.parameters(),
    }


@cache
def _pool(seed: int, size: int) -> anomaly_events.Pool:
    """Simulated once in each worker."""
    return anomaly_events.simulate_pool(seed, size)


def _make(chunk: Chunk, pool_events: int) -> Arrays:
    # The seed that a chunk of one process more would have, so that no process shares it.
    pool_seed = Chunk("pool", len(PROCESSES), 0, 0, chunk.seed).pythia_seed
    objects = anomaly_events.simulate(
        chunk.class_name,
        chunk.size,
        pythia_seed=chunk.pythia_seed,
        pool=_pool(pool_seed, pool_events),
        rng=np.random.default_rng(chunk.sequence().spawn(1)[0]),
    )
    return {"objects": objects}
