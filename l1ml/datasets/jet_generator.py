"""Generate a jet data set file in parallel, resumably, and with the same result however it is run."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.console import progress_bar
from l1ml.datasets import jet_events
from l1ml.datasets.jets import CLASSES, FEATURES
from l1ml.errors import L1mlError

CHUNK_JETS = 2000
"""Jets of one class that a worker makes at a time, and that an interruption can cost each worker."""
MANTISSA_BITS = 11
"""Bits of the float32 mantissa that are kept, a rounding below 2.5e-4 that halves the file."""

_PACKAGES = ("pythia8mc", "fastjet", "numpy")


@dataclass(frozen=True)
class _Chunk:
    label: int
    index: int
    jets: int
    seed: int

    @property
    def name(self) -> str:
        return f"{CLASSES[self.label]}-{self.index:05d}.npz"

    def sequence(self) -> np.random.SeedSequence:
        return np.random.SeedSequence(self.seed, spawn_key=(self.label, self.index))

    @property
    def pythia_seed(self) -> int:
        # Pythia takes seeds from 1 to 900,000,000.
        return 1 + int(self.sequence().generate_state(1, np.uint64)[0] % 900_000_000)


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
    chunks = _plan(n_jets, seed)
    origin = provenance()
    parts = out.with_name(out.name + ".parts")
    try:
        parts.mkdir(parents=True, exist_ok=True)
        found = [_read_part(parts, chunk, origin) is not None for chunk in chunks]
        todo = [chunk for chunk, done in zip(chunks, found, strict=True) if not done]
        if todo:
            _run(todo, n_jets, parts, origin, workers or _usable_cores())
        features = [f for chunk in chunks if (f := _read_part(parts, chunk, origin)) is not None]
        if len(features) < len(chunks):
            raise L1mlError(f"{parts}: files vanished while running; run the same command again, alone")
        _write_file(out, chunks, features, seed, origin)
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


def _usable_cores() -> int:
    # Not every system can tell which cores this process may use.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _plan(n_jets: int, seed: int) -> list[_Chunk]:
    share, rest = divmod(n_jets, len(CLASSES))
    chunks = []
    for label in range(len(CLASSES)):
        jets = share + (label < rest)
        for index, start in enumerate(range(0, jets, CHUNK_JETS)):
            chunks.append(_Chunk(label, index, min(CHUNK_JETS, jets - start), seed))
    return chunks


def provenance() -> dict[str, Any]:
    """Package versions and all parameters, as recorded in each file."""
    return {
        "versions": {package: metadata.version(package) for package in _PACKAGES},
        "mantissa_bits": MANTISSA_BITS,
        "parameters": jet_events.parameters(),
    }


def _identity(chunk: _Chunk, origin: dict[str, Any]) -> str:
    """What a part must have been made from to be used again."""
    made_from = {"seed": chunk.seed, "label": chunk.label, "index": chunk.index, "jets": chunk.jets}
    return json.dumps({**made_from, **origin}, sort_keys=True)


def _run(todo: list[_Chunk], n_jets: int, parts: Path, origin: dict[str, Any], workers: int) -> None:
    # Spawned, not forked: no state of this process can then reach a worker and change its jets.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(workers, len(todo)), mp_context=context, initializer=_silence)
    with progress_bar() as bar:
        kept = n_jets - sum(chunk.jets for chunk in todo)
        task = bar.add_task("Jets", total=n_jets, completed=kept, note="")
        try:
            futures = [pool.submit(_make_part, chunk, parts, origin) for chunk in todo]
            for future in as_completed(futures):
                chunk = future.result()
                bar.update(task, advance=chunk.jets, note=f"last: {CLASSES[chunk.label]}")
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _silence() -> None:
    # FastJet writes its banner from C++ straight to file descriptor 1, into the progress bar.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _make_part(chunk: _Chunk, parts: Path, origin: dict[str, Any]) -> _Chunk:
    features = jet_events.simulate(
        CLASSES[chunk.label],
        chunk.jets,
        pythia_seed=chunk.pythia_seed,
        rng=np.random.default_rng(chunk.sequence().spawn(1)[0]),
    )
    _save(
        parts / chunk.name,
        features=round_mantissa(features),
        identity=np.array(_identity(chunk, origin)),
    )
    return chunk


def _read_part(parts: Path, chunk: _Chunk, origin: dict[str, Any]) -> NDArray[np.float32] | None:
    """The features of a finished chunk; None if it is missing, damaged or made from something else."""
    path = parts / chunk.name
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as file:
            features, identity = file["features"], str(file["identity"])
    # Damaged bytes make zipfile, zlib and numpy raise nearly anything; the chunk is then made again.
    except Exception:
        return None
    if identity != _identity(chunk, origin) or features.shape != (chunk.jets, len(FEATURES)):
        return None
    return features.astype(np.float32)


def _write_file(
    out: Path,
    chunks: list[_Chunk],
    features: list[NDArray[np.float32]],
    seed: int,
    origin: dict[str, Any],
) -> None:
    labels = np.repeat([chunk.label for chunk in chunks], [chunk.jets for chunk in chunks]).astype(np.int8)
    # The key follows those of the chunks, whose first entry is a label.
    shuffle = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(len(CLASSES),)))
    order = shuffle.permutation(len(labels))
    _save(
        out,
        features=np.concatenate(features)[order],
        labels=labels[order],
        feature_names=np.array(FEATURES),
        class_names=np.array(CLASSES),
        seed=np.array(seed),
        chunk_seeds=np.array([(chunk.label, chunk.index, chunk.pythia_seed) for chunk in chunks]),
        provenance=np.array(json.dumps(origin, sort_keys=True)),
    )


def _save(path: Path, **arrays: NDArray[Any]) -> None:
    """Write an npz file that is at no time seen half written."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **arrays)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
