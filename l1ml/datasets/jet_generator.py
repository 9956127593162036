"""Generate a jet data set file in parallel, resumably, and with the same result however it is run."""

from __future__ import annotations

import json
import shutil
from concurrent.futures.process import BrokenProcessPool
from importlib import metadata, util
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.datasets import jet_events
from l1ml.datasets.chunks import Arrays, Chunk, complete, plan, save
from l1ml.datasets.jets import CLASSES, FEATURES
from l1ml.errors import L1mlError

CHUNK_JETS = 2000
"""Jets of one class that a worker makes at a time, and that an interruption can cost each worker."""
MANTISSA_BITS = 11
"""Bits of the float32 mantissa that are kept, a rounding below 2.5e-4 that halves the file."""

_PACKAGES = ("pythia8mc", "fastjet", "numpy")


def generate(n_jets: int, out: Path, *, seed: int, workers: int | None = None) -> Path:
    """Simulate jets, equally many of each class, and write them to an npz file.

    The file holds ``features`` (n, 16) float32 and ``labels`` (n,) int8 in shuffled order, their names
    (``feature_names``, ``class_names``), the ``seed``, the ``chunk_seeds`` (columns: label, index of the
    chunk, Pythia seed) and ``provenance``, a JSON text with package versions and all parameters.

    Finished chunks lie in ``<out>.parts`` until the file is complete. If that folder is there from an
    interrupted run with the same seed, parameters and package versions, its chunks are used. The
    result depends on neither interruptions nor the number of workers.

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
    out = Path(out)
    _check(n_jets, out, seed, workers)
    chunks = plan(n_jets, CLASSES, CHUNK_JETS, seed)
    origin = provenance()
    parts = out.with_name(out.name + ".parts")
    try:
        made = complete(chunks, _make, parts, origin, what="Jets", workers=workers)
        if made is None:
            raise L1mlError(f"{parts}: files vanished while running; run the same command again, alone")
        _write_file(out, chunks, [part["features"] for part in made], seed, origin)
        shutil.rmtree(parts)
    except OSError as error:
        raise L1mlError(f"{out}: cannot write ({error}); mend the folder or give another --out") from error
    except BrokenProcessPool as error:
        raise L1mlError(
            f"{out}: a worker process was killed, perhaps for want of memory; "
            "run the same command again with fewer workers, finished chunks are kept"
        ) from error
    return out


def round_mantissa(values: NDArray[np.float32], bits: int = MANTISSA_BITS) -> NDArray[np.float32]:
    """Round to the nearest float32 with only the leading ``bits`` of the mantissa set, ties to even.

    Args:
        values: Finite, any shape.
        bits: 1 to 22.

    Returns:
        The same shape; relative rounding at most 2^-(bits + 1).
    """
    drop = 23 - bits
    raw = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    half = np.uint32((1 << (drop - 1)) - 1) + ((raw >> np.uint32(drop)) & np.uint32(1))
    kept = (raw + half) & np.uint32(~((1 << drop) - 1) & 0xFFFFFFFF)
    return kept.view(np.float32)


def _check(n_jets: int, out: Path, seed: int, workers: int | None) -> None:
    for package in _PACKAGES:
        if util.find_spec(package) is None:
            raise L1mlError(f"the Python package {package!r} is not installed; run pip install 'l1ml[generate]'")
    if n_jets < len(CLASSES):
        raise L1mlError(f"{n_jets} jets asked for; ask for at least {len(CLASSES)}, one per class")
    if seed < 0:
        raise L1mlError(f"the seed is {seed}; give a whole number from 0")
    if workers is not None and workers < 1:
        raise L1mlError(f"{workers} workers asked for; ask for at least 1")
    if out.suffix != ".npz":
        raise L1mlError(f"{out}: the output is an npz file; give a name that ends in .npz")
    if out.is_dir():
        raise L1mlError(f"{out}: is a folder; give the name of a file")


def provenance() -> dict[str, Any]:
    """Package versions and all parameters, as recorded in each file."""
    return {
        "versions": {package: metadata.version(package) for package in _PACKAGES},
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
    return {"features": round_mantissa(features)}


def _write_file(
    out: Path,
    chunks: list[Chunk],
    features: list[NDArray[np.float32]],
    seed: int,
    origin: dict[str, Any],
) -> None:
    labels = np.repeat([chunk.label for chunk in chunks], [chunk.size for chunk in chunks]).astype(np.int8)
    # The key follows those of the chunks, whose first entry is a label.
    shuffle = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(len(CLASSES),)))
    order = shuffle.permutation(len(labels))
    save(
        out,
        features=np.concatenate(features)[order],
        labels=labels[order],
        feature_names=np.array(FEATURES),
        class_names=np.array(CLASSES),
        seed=np.array(seed),
        chunk_seeds=np.array([(chunk.label, chunk.index, chunk.pythia_seed) for chunk in chunks]),
        provenance=np.array(json.dumps(origin, sort_keys=True)),
    )
