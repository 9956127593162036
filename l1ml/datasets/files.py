"""Reading the npz files of data sets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.errors import L1mlError


def read_arrays(path: Path, mend: str) -> dict[str, NDArray[Any]]:
    """All arrays of an npz file by name.

    Args:
        path: The file.
        mend: What to do without it, for messages: "give an npz file of rings".

    Raises:
        L1mlError: If it does not exist, is damaged, or holds pickled objects.
    """
    if not path.is_file():
        raise L1mlError(f"{path}: no such file; {mend}")
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    # Damaged bytes make zipfile, zlib and numpy raise nearly anything, down to NotImplementedError.
    except Exception as error:
        raise L1mlError(f"{path}: damaged or not an npz file of plain values ({error}); {mend}") from error


def read_generated(
    path: Path, names: Sequence[str], labels: Mapping[str, Sequence[str]], mend: str
) -> dict[str, NDArray[Any]]:
    """The arrays of a file that a generator of `l1ml.triggers` wrote.

    Args:
        path: The file.
        names: The arrays that it must hold.
        labels: The arrays of names that it must hold as well, each with its values: names of columns, of classes.
        mend: What to do without it, for messages: "make one with `l1ml data generate jets`".

    Raises:
        L1mlError: If it does not exist, is damaged, or lacks an array, or its columns or classes are others.
    """
    arrays = read_arrays(path, mend)
    for name in (*names, *labels):
        if name not in arrays:
            raise L1mlError(f"{path}: no array {name!r}; {mend}")
    for name, values in labels.items():
        if arrays[name].tolist() != list(values):
            raise L1mlError(f"{path}: {name} differ from those of this version of l1ml; {mend}")
    return arrays


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Errors from within say which file they are about."""
    try:
        yield
    except L1mlError as error:
        raise L1mlError(f"{path}: {error}") from error
