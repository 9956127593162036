"""The vectors of a build that were verified: those of its stage, and those that were looked for since."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from l1ml.errors import L1mlError
from l1ml.folders import unchanged, write_whole
from l1ml.verification.vectors import Vectors

SOUGHT = "sought"
"""Family of the vectors that were looked for because faults were not seen."""

FILE = f"{SOUGHT}.npz"
"""Where they lie in a build, beside its stages, so that the stage that verifies takes them when it runs again."""

Integers = NDArray[np.int64]


def load_verified(build: Path) -> tuple[Vectors, Integers]:
    """Inputs and what the RTL made of them: shape (events, elements of all inputs), and of all outputs.

    Args:
        build: Folder of a build that is verified.

    Raises:
        L1mlError: If there are not as many events as were verified, or a file is damaged.
    """
    with unchanged(build):
        return _load_verified(build)


def _load_verified(build: Path) -> tuple[Vectors, Integers]:
    file, record = build / "verify/vectors.npz", build / "verify/verification.json"
    try:
        families: dict[str, int] = json.loads(record.read_text())["families"]
        with np.load(file) as arrays:
            inputs, outputs = arrays["inputs"], arrays["outputs"]
    except (OSError, ValueError, KeyError) as error:
        raise L1mlError(f"{build / 'verify'} is damaged: {error}; run l1ml verify again") from None
    total = sum(families.values())
    if total != len(inputs):
        raise L1mlError(f"{file} holds {len(inputs)} events where {total} were verified: run l1ml verify again")
    more, answers = load_sought(build)
    known = families.get(SOUGHT, 0)
    if len(more) > known:  # found after the stage ran
        families = {**families, SOUGHT: len(more)}
        inputs, outputs = np.concatenate([inputs, more[known:]]), np.concatenate([outputs, answers[known:]])
    return Vectors(inputs, families), outputs


def load_sought(build: Path) -> tuple[Integers, Integers]:
    """The events that were looked for and what a right core answers; none if there are none, shape (0, 0)."""
    file = build / FILE
    if not file.is_file():
        return np.zeros((0, 0), dtype=np.int64), np.zeros((0, 0), dtype=np.int64)
    try:
        with np.load(file) as arrays:
            return arrays["inputs"], arrays["outputs"]
    except (OSError, ValueError, KeyError) as error:
        raise L1mlError(f"{file} is damaged: {error}; remove it, and look for events again") from None


def add_sought(build: Path, inputs: Integers, outputs: Integers) -> None:
    """Keep events with a build that were looked for and verified."""
    before = load_sought(build)
    pairs = zip(before, (inputs, outputs), strict=True)
    kept = [np.concatenate([old, new]) if len(old) else new for old, new in pairs]
    packed = io.BytesIO()
    np.savez_compressed(packed, inputs=kept[0], outputs=kept[1])
    write_whole(build / FILE, packed.getvalue())
