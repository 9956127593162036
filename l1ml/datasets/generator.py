"""What all generators of data sets share: checks of arguments, chunks, the file at the end, errors."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.datasets.chunks import Arrays, Chunk, complete, plan, save
from l1ml.errors import L1mlError


@dataclass(frozen=True)
class Recipe:
    """The events of a data set: how many, who makes them, from which parameters."""

    what: str
    """The events in a word, plural: ``jets``."""
    sizes: Mapping[str, int]
    """Number of events of each class, in the order of labels."""
    chunk_size: int
    """Events of one class that a worker makes at a time, and that an interruption can cost each worker."""
    make: Callable[[Chunk], Arrays]
    """Makes the arrays of a chunk; a function of a module, for it runs in processes of its own."""
    names: Mapping[str, Sequence[str]]
    """Further arrays of the file, with names of columns and classes."""
    origin: Mapping[str, Any]
    """What the events depend on, apart from the chunk itself: package versions and all parameters."""


def check(n: int, least: int, what: str, packages: Sequence[str]) -> None:
    """See that n events can be made.

    Raises:
        L1mlError: A package of the ``generate`` extra is missing, or n is less than ``least``.
    """
    for package in packages:
        if util.find_spec(package) is None:
            raise L1mlError(f"the Python package {package!r} is not installed; run pip install 'l1ml[generate]'")
    if n < least:
        raise L1mlError(f"{n} {what} asked for; ask for at least {least}, so that there are some of each class")


def versions(packages: Sequence[str]) -> dict[str, str]:
    """Versions of packages, for the record in a data file."""
    return {package: metadata.version(package) for package in packages}


def write(recipe: Recipe, out: Path, *, seed: int, workers: int | None = None) -> Path:
    """Make all events and write them, in shuffled order, to an npz file.

    The file holds the arrays of the chunks, ``labels`` (n,) int8, the arrays of names, the ``seed``, the
    ``chunk_seeds`` (columns: label, index of the chunk, Pythia seed) and ``provenance``, the origin as a JSON text.

    Finished chunks lie in ``<out>.parts`` until the file is complete. If that folder is there from an interrupted
    run with the same seed and origin, its chunks are used. The result depends on neither interruptions nor the
    number of workers.

    Args:
        recipe: The events.
        out: The npz file to write; its folder is made.
        seed: Any whole number from 0.
        workers: Number of processes; the number of usable cores if absent.

    Returns:
        The path of the file.

    Raises:
        L1mlError: An argument is out of range, the output cannot be written, or a worker process was killed.
    """
    _check_run(out, seed, workers)
    chunks = plan(recipe.sizes, recipe.chunk_size, seed)
    parts = out.with_name(out.name + ".parts")
    title = recipe.what.capitalize()
    try:
        made = complete(chunks, recipe.make, parts, dict(recipe.origin), what=title, workers=workers)
        if made is None:
            raise L1mlError(f"{parts}: files vanished while running; run the same command again, alone")
        _write_file(out, recipe, chunks, made, seed)
        shutil.rmtree(parts)
    except OSError as error:
        raise L1mlError(f"{out}: cannot write ({error}); mend the folder or give another --out") from error
    except BrokenProcessPool as error:
        raise L1mlError(
            f"{out}: a worker process was killed, perhaps for want of memory; "
            "run the same command again with fewer workers, finished chunks are kept"
        ) from error
    return out


def round_mantissa(values: NDArray[np.float32], bits: int) -> NDArray[np.float32]:
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


def _check_run(out: Path, seed: int, workers: int | None) -> None:
    if seed < 0:
        raise L1mlError(f"the seed is {seed}; give a whole number from 0")
    if workers is not None and workers < 1:
        raise L1mlError(f"{workers} workers asked for; ask for at least 1")
    if out.suffix != ".npz":
        raise L1mlError(f"{out}: the output is an npz file; give a name that ends in .npz")
    if out.is_dir():
        raise L1mlError(f"{out}: is a folder; give the name of a file")


def _write_file(out: Path, recipe: Recipe, chunks: list[Chunk], made: list[Arrays], seed: int) -> None:
    labels = np.repeat([chunk.label for chunk in chunks], [chunk.size for chunk in chunks]).astype(np.int8)
    # The key follows those of the chunks, whose first entry is a label.
    shuffle = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(len(recipe.sizes),)))
    order = shuffle.permutation(len(labels))
    save(
        out,
        **{name: np.concatenate([part[name] for part in made])[order] for name in made[0]},
        labels=labels[order],
        **{name: np.array(names) for name, names in recipe.names.items()},
        seed=np.array(seed),
        chunk_seeds=np.array([(chunk.label, chunk.index, chunk.pythia_seed) for chunk in chunks]),
        provenance=np.array(json.dumps(recipe.origin, sort_keys=True)),
    )
