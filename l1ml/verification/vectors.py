"""Test vectors: events from data, events near them, corner values and random ones."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from l1ml.compiler.design import Design
from l1ml.compiler.network import Network

FAMILIES = ("data", "corner", "near", "directed", "random")
"""Where the vectors of a build come from, in their order; those that are looked for are made in ``directed.py``."""


@dataclass(frozen=True)
class Vectors:
    """Inputs of a core and where they come from.

    Attributes:
        inputs: Integers in LSB, shape (events, elements of all inputs in order).
        families: Name and number of events of each family, in order.
    """

    inputs: NDArray[np.int64]
    families: dict[str, int]

    @classmethod
    def of_data(cls, inputs: NDArray[np.int64]) -> Vectors:
        """Events that somebody brought."""
        return cls(inputs, {"data": len(inputs)})

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
    """Vectors for a core: all corners, then data (as much as there is room for), events near them, and random values.

    What data never do is where faults hide: values beside theirs, and sums that overflow. So a quarter of the events
    is data that have been changed, and what the injection of faults found too seldom (``l1ml mutate``) is among them.

    Args:
        design: The core.
        events: Number of events. Of what corners leave, at least one eighth is random and, if there are data, a quarter
            is near them.
        data: Integers in LSB of real events, shape (any, elements).
        seed: For the random ones.
        settings: Inputs that are the same for all events of the data; every second of those gets random ones instead.
    """
    rng = np.random.default_rng(seed)
    low, high = limits(design)
    corners = corner_events(low, high, rng)
    corners = corners[: max(1, events // 2)]
    room = events - len(corners)
    real = np.zeros((0, len(low)), dtype=np.int64) if data is None else data
    beside = room // 4 if len(real) else 0
    taken = real[: max(room - beside - (room + 7) // 8, 0)]
    near = nearby(real[rng.integers(len(real), size=(2, beside))], low, high, rng) if beside else taken[:0]
    random = random_events(low, high, max(room - len(taken) - len(near), 0), rng)
    if settings:
        is_setting = np.concatenate([np.full(t.size, t.name in settings) for t in design.inputs])
        taken = taken.copy()
        taken[1::2, is_setting] = random_events(low, high, len(taken) // 2, rng)[:, is_setting]
    families = {"data": len(taken), "corner": len(corners), "near": len(near), "random": len(random)}
    return Vectors(np.concatenate([taken, corners, near, random]), families)


def limits(design: Network | Design) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Lowest and highest integer of each input."""
    low, high = (np.concatenate([np.full(t.size, t.limits[end]) for t in design.inputs]) for end in (0, 1))
    return low, high


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


def nearby(
    data: NDArray[np.int64], low: NDArray[np.int64], high: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Events made of two that are given, shape (2, events, elements): beside them, between them, beyond them.

    One way is to let the elements cancel, as a sum near zero is what a norm divides by.
    """
    first, second = data
    shape = first.shape
    some = rng.random(shape) < rng.choice([0.1, 0.5, 0.9], (len(first), 1))
    ways = [
        first + some * rng.integers(-1, 2, shape),
        np.where(some, first, second),
        np.where(some, rng.integers(low, high + 1, shape), first),
        np.where(
            np.arange(shape[1]) == rng.integers(0, shape[1], (len(first), 1)), rng.integers(low, high + 1, shape), first
        ),
        np.rint(first * 2.0 ** rng.uniform(-2, 6, (len(first), 1))).astype(np.int64),
        first + (first - second) * (1 << rng.integers(0, 5, (len(first), 1))),
        np.where(first > second, high, low),
        np.where(some, np.where(first > second, high, low), first),
        _balanced(
            np.where(some, rng.integers(low, high + 1, shape) >> rng.integers(0, 12, shape), first), low, high, rng
        ),
        _balanced(np.where(some, np.where(first > second, high, low), first), low, high, rng),
        _one_against_all(first, low, high, rng),
    ]
    chosen = np.choose(np.arange(len(first))[:, None] % len(ways), ways)
    return np.clip(chosen, low, high)


def _balanced(
    rows: NDArray[np.int64], low: NDArray[np.int64], high: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Events of which some elements are changed so that, where the types allow, the sum of all is small."""
    rows, every = rows.copy(), np.arange(len(rows))
    for bits in (0, 2, 4, 8):
        one = rng.integers(0, rows.shape[1], len(rows))
        wanted = rng.integers(-(1 << bits), 1 + (1 << bits), len(rows))
        rows[every, one] = np.clip(rows[every, one] - rows.sum(axis=1) + wanted, low[one], high[one])
    return rows


def _one_against_all(
    rows: NDArray[np.int64], low: NDArray[np.int64], high: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Events in which one element is some powers of two larger than the sum of all, where the types allow it."""
    count, size = rows.shape
    every, one = np.arange(count), rng.integers(0, size, count)
    value = rng.integers(low[one], high[one] + 1) >> rng.integers(0, 4, count)
    total = value / 2.0 ** rng.uniform(-1, 8, count)
    rest = rows >> 6  # what the others are besides
    rest[every, one] = 0
    others = rest + np.rint((total - value - rest.sum(axis=1)) / max(size - 1, 1)).astype(np.int64)[:, None]
    others[every, one] = value
    return others


def random_events(
    low: NDArray[np.int64], high: NDArray[np.int64], events: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Random events of random size, so that small values, where nothing saturates, are as common as large ones."""
    values = rng.integers(low, high + 1, size=(events, len(low)))
    most = int(np.max(high - low)).bit_length()
    return values >> rng.integers(0, most + 1, size=(events, 1))
