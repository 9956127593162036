"""Generate a file of electron and jet rings in parallel, resumably, and with the same result however it is run."""

from __future__ import annotations

import json
import shutil
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from importlib import metadata, util
from pathlib import Path
from typing import Any

import numpy as np

from l1ml.datasets import ring_events
from l1ml.datasets.chunks import Arrays, Chunk, complete, plan, save
from l1ml.datasets.jet_generator import round_mantissa
from l1ml.datasets.rings import CLASSES, RINGS
from l1ml.errors import L1mlError

CHUNK_CANDIDATES = 1000
"""Candidates of one class that a worker makes at a time, and that an interruption can cost each worker."""
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
    and ``pileup`` (n,) float16, and ``labels`` (n,) int8 in shuffled order; names (``ring_names``, ``class_names``),
    the ``seed``, the ``chunk_seeds`` (columns: label, index of the chunk, Pythia seed) and ``provenance``, a
    JSON text with package versions and all parameters.

    Finished chunks lie in ``<out>.parts`` until the file is complete. If that folder is there from an interrupted
    run with the same seed, parameters and package versions, its chunks are used. The result depends on neither
    interruptions nor the number of workers.

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
    out = Path(out)
    _check(n_candidates, out, seed, pileup, workers)
    chunks = plan(n_candidates, CLASSES, CHUNK_CANDIDATES, seed)
    origin = provenance(pileup)
    parts = out.with_name(out.name + ".parts")
    make = partial(_make, pileup=pileup)
    try:
        made = complete(chunks, make, parts, origin, what="Candidates", workers=workers)
        if made is None:
            raise L1mlError(f"{parts}: files vanished while running; run the same command again, alone")
        _write_file(out, chunks, made, seed, origin)
        shutil.rmtree(parts)
    except OSError as error:
        raise L1mlError(f"{out}: cannot write ({error}); mend the folder or give another --out") from error
    except BrokenProcessPool as error:
        raise L1mlError(
            f"{out}: a worker process was killed, perhaps for want of memory; "
            "run the same command again with fewer workers, finished chunks are kept"
        ) from error
    return out


def provenance(pileup: tuple[float, float]) -> dict[str, Any]:
    """Package versions and all parameters, as recorded in each file."""
    return {
        "versions": {package: metadata.version(package) for package in _PACKAGES},
        "mantissa_bits": MANTISSA_BITS,
        "step_gev": STEP,
        "pileup": list(pileup),
        "parameters": ring_events.parameters(),
    }


def _check(n_candidates: int, out: Path, seed: int, pileup: tuple[float, float], workers: int | None) -> None:
    for package in _PACKAGES:
        if util.find_spec(package) is None:
            raise L1mlError(f"the Python package {package!r} is not installed; run pip install 'l1ml[generate]'")
    if n_candidates < len(CLASSES):
        raise L1mlError(f"{n_candidates} candidates asked for; ask for at least {len(CLASSES)}, one per class")
    if seed < 0:
        raise L1mlError(f"the seed is {seed}; give a whole number from 0")
    if not 0 <= pileup[0] <= pileup[1] <= 1000:
        raise L1mlError(f"the pile-up is {pileup[0]} to {pileup[1]} collisions; give a range within 0 to 1000")
    if workers is not None and workers < 1:
        raise L1mlError(f"{workers} workers asked for; ask for at least 1")
    if out.suffix != ".npz":
        raise L1mlError(f"{out}: the output is an npz file; give a name that ends in .npz")
    if out.is_dir():
        raise L1mlError(f"{out}: is a folder; give the name of a file")


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


def _write_file(out: Path, chunks: list[Chunk], made: list[Arrays], seed: int, origin: dict[str, Any]) -> None:
    labels = np.repeat([chunk.label for chunk in chunks], [chunk.size for chunk in chunks]).astype(np.int8)
    # The key follows those of the chunks, whose first entry is a label.
    shuffle = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(len(CLASSES),)))
    order = shuffle.permutation(len(labels))
    save(
        out,
        **{name: np.concatenate([part[name] for part in made])[order] for name in made[0]},
        labels=labels[order],
        ring_names=np.array(RINGS),
        class_names=np.array(CLASSES),
        seed=np.array(seed),
        chunk_seeds=np.array([(chunk.label, chunk.index, chunk.pythia_seed) for chunk in chunks]),
        provenance=np.array(json.dumps(origin, sort_keys=True)),
    )
