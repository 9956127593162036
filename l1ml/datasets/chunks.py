"""Make a data set in chunks: in parallel, resumably, and with the same result however it is run.

A chunk is some events of one class with seeds of its own. Finished chunks lie in a folder until the data set is
complete, each with a text that says what it was made from; one that was made from something else is made again.
"""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.console import progress_bar
from l1ml.folders import written_whole
from l1ml.tools import usable_cores

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Chunk:
    """Some events of one class."""

    class_name: str
    label: int
    index: int
    """Number of the chunk within its class."""
    size: int
    """Number of events."""
    seed: int
    """Of the whole data set."""

    @property
    def name(self) -> str:
        """Name of its file."""
        return f"{self.class_name}-{self.index:05d}.npz"

    def sequence(self) -> np.random.SeedSequence:
        """The root of all its random numbers."""
        return np.random.SeedSequence(self.seed, spawn_key=(self.label, self.index))

    @property
    def pythia_seed(self) -> int:
        """Pythia takes seeds from 1 to 900,000,000."""
        return 1 + int(self.sequence().generate_state(1, np.uint64)[0] % 900_000_000)


def equal_shares(n: int, classes: Sequence[str]) -> dict[str, int]:
    """Split n events among classes; the first classes get the remainder."""
    share, rest = divmod(n, len(classes))
    return {name: share + (label < rest) for label, name in enumerate(classes)}


def plan(sizes: Mapping[str, int], chunk_size: int, seed: int) -> list[Chunk]:
    """Split the events of each class into chunks.

    Args:
        sizes: Number of events of each class, in the order of labels.
        chunk_size: Largest number of events in a chunk.
        seed: Seed of the data set. A larger one with the same seed begins with the same chunks.
    """
    return [
        Chunk(name, label, index, min(chunk_size, events - start), seed)
        for label, (name, events) in enumerate(sizes.items())
        for index, start in enumerate(range(0, events, chunk_size))
    ]


def complete(
    chunks: list[Chunk],
    make: Callable[[Chunk], Arrays],
    folder: Path,
    origin: dict[str, Any],
    *,
    what: str,
    workers: int | None = None,
) -> list[Arrays] | None:
    """Make the chunks that the folder does not hold yet.

    Args:
        chunks: All chunks of the data set.
        make: Makes the arrays of a chunk; the length of each is the chunk's. It must be a function of a module, for
            it runs in processes of its own.
        folder: Where finished chunks are kept; it is made, and left to the caller.
        origin: What the events depend on, apart from the chunk itself.
        what: Title of the progress bar.
        workers: Number of processes; the number of usable cores if absent.

    Returns:
        The arrays of each chunk, in order; None if files vanished from the folder meanwhile.

    Raises:
        OSError: The folder cannot be written.
        BrokenProcessPool: A process was killed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    todo = [chunk for chunk in chunks if _read(folder, chunk, origin) is None]
    if todo:
        _run(todo, make, folder, origin, what, sum(c.size for c in chunks), workers or usable_cores())
    parts = [part for chunk in chunks if (part := _read(folder, chunk, origin)) is not None]
    return parts if len(parts) == len(chunks) else None


def save(path: Path, **arrays: NDArray[Any]) -> None:
    """Write an npz file that is at no time seen half written."""
    with written_whole(path) as partial, partial.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def _run(
    todo: list[Chunk],
    make: Callable[[Chunk], Arrays],
    folder: Path,
    origin: dict[str, Any],
    what: str,
    total: int,
    workers: int,
) -> None:
    # Spawned, not forked: no state of this process can then reach a worker and change its events.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(workers, len(todo)), mp_context=context, initializer=_silence)
    with progress_bar() as bar:
        task = bar.add_task(what, total=total, completed=total - sum(chunk.size for chunk in todo), note="")
        try:
            futures = [pool.submit(_make, chunk, make, folder, origin) for chunk in todo]
            for future in as_completed(futures):
                chunk = future.result()
                bar.update(task, advance=chunk.size, note=f"last: {chunk.class_name}")
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _silence() -> None:
    # Programs in C++ write straight to file descriptor 1, into the progress bar.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _make(chunk: Chunk, make: Callable[[Chunk], Arrays], folder: Path, origin: dict[str, Any]) -> Chunk:
    save(folder / chunk.name, **make(chunk), identity=np.array(_identity(chunk, origin)))
    return chunk


def _identity(chunk: Chunk, origin: dict[str, Any]) -> str:
    """What a chunk must have been made from to be used again."""
    made_from = {"seed": chunk.seed, "label": chunk.label, "index": chunk.index, "size": chunk.size}
    return json.dumps({**made_from, **origin}, sort_keys=True)


def _read(folder: Path, chunk: Chunk, origin: dict[str, Any]) -> Arrays | None:
    """The arrays of a finished chunk; None if it is missing, damaged or made from something else."""
    path = folder / chunk.name
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    # Damaged bytes make zipfile, zlib and numpy raise nearly anything; the chunk is then made again.
    except Exception:
        return None
    identity = arrays.pop("identity", None)
    if identity is None or str(identity) != _identity(chunk, origin):
        return None
    return arrays if all(len(array) == chunk.size for array in arrays.values()) else None
