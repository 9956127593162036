"""Test vectors: events from data, corner values and random ones."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from l1ml.rtl.design import Design
from l1ml.rtl.graph import Network

FAMILIES = ("data", "corner", "random")
"""Where vectors come from, in their order."""


@dataclass(frozen=True)
class Vectors:
    """Inputs of a core and where they come from.

    Attributes:
        inputs: Integers in LSB, shape (events, elements of all inputs in order).
        families: Name and number of events of each family, in order.
    """

    inputs: NDArray[np.int64]
    families: dict[str, int]

    def family_of(self, event: int) -> str:
        """Name of the family of an event."""
        for name, count in self.families.items():
            if event < count:
                return name
            event -= count
        raise IndexError(event)


def make_vectors(
    design: Network | Design,
    events: int,
    *,
    data: NDArray[np.int64] | None = None,
    seed: int = 1,
    settings: Collection[str] = (),
) -> Vectors:
    """Vectors for a core: all corners, then data (as much as there is room for), then random values.

    Args:
        design: The core.
        events: Number of events; at least one eighth of them is random.
        data: Integers in LSB of real events, shape (any, elements).
        seed: For the random ones.
        settings: Inputs that are the same for all events of the data; every second of those gets random ones instead.
    """
    rng = np.random.default_rng(seed)
    low = np.concatenate([np.full(t.size, t.type.minimum) for t in design.inputs])
    high = np.concatenate([np.full(t.size, t.type.maximum) for t in design.inputs])
    corners = corner_events(low, high, rng)
    corners = corners[: max(1, events // 2)]
    room = events - len(corners)
    taken = np.zeros((0, len(low)), dtype=np.int64) if data is None else data[: room - (room + 7) // 8]
    random = random_events(low, high, max(room - len(taken), 0), rng)
    if settings:
        is_setting = np.concatenate([np.full(t.size, t.name in settings) for t in design.inputs])
        taken = taken.copy()
        taken[1::2, is_setting] = random_events(low, high, len(taken) // 2, rng)[:, is_setting]
    families = dict(zip(FAMILIES, (len(taken), len(corners), len(random)), strict=True))
    return Vectors(np.concatenate([taken, corners, random]), families)


def corner_events(low: NDArray[np.int64], high: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """All inputs at their ends, and each input at and beside its ends and zero while the others rest or vary."""
    zero = np.clip(0, low, high)
    rows = [
        low,
        high,
        zero,
        np.where(np.arange(len(low)) % 2, low, high),
        np.where(np.arange(len(low)) % 2, high, low),
    ]
    for i in range(len(low)):
        values = {low[i], low[i] + 1, -1, 0, 1, high[i] - 1, high[i]}
        for value in sorted(v for v in values if low[i] <= v <= high[i]):
            for background in (zero, rng.integers(low, high + 1)):
                row = background.copy()
                row[i] = value
                rows.append(row)
    return np.array(rows, dtype=np.int64)


def random_events(
    low: NDArray[np.int64], high: NDArray[np.int64], events: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Random events of random size, so that small values, where nothing saturates, are as common as large ones."""
    values = rng.integers(low, high + 1, size=(events, len(low)))
    most = int(np.max(high - low)).bit_length()
    return values >> rng.integers(0, most + 1, size=(events, 1))
