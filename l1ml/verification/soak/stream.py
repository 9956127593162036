"""The events of a soak, in chunks that can be made alone and in any order."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from l1ml.compiler.design import Design
from l1ml.verification.vectors import corner_events, limits, random_events

LARGEST_CHUNK = 10_000
"""Events of a chunk, unless its bits would take too much memory."""

SHORT_SOAK = 20
"""Chunks of a soak that is too short to have large ones: each core gets some, and an interruption costs little."""

BITS_OF_CHUNK = 2_000_000
"""Bits on the wider bus in all events of a chunk; packing takes some 20 bytes for each."""

NUDGE = 3
"""Largest change, in LSB, of an input of a nudged event."""


@dataclass(frozen=True)
class Stream:
    """The events: those of the data set, then corners, then random ones and changed ones of the data set in turn.

    Attributes:
        design: The core.
        events: Number of events.
        seed: For all that is random.
        data: Integers in LSB of real events, shape (any, elements).
        settings: Inputs that are the same for all events of the data; every second of those gets random ones.
        largest_chunk: Events of a chunk, at most.
    """

    design: Design
    events: int
    seed: int
    data: NDArray[np.int64]
    settings: Collection[str] = ()
    largest_chunk: int = LARGEST_CHUNK

    @property
    def chunk_size(self) -> int:
        """Events of each chunk but the last."""
        design = self.design
        bits = max(t.beats * sum(other.bits for other in bus) for bus in (design.inputs, design.outputs) for t in bus)
        return max(1, min(self.largest_chunk, BITS_OF_CHUNK // bits, max(100, self.events // SHORT_SOAK)))

    @property
    def chunks(self) -> int:
        """Number of chunks."""
        return -(-self.events // self.chunk_size)

    @property
    def families(self) -> dict[str, int]:
        """Number of events of each kind: data and corners are at most half and a quarter of all."""
        data = min(len(self.data), self.events // 2)
        corner = min(len(self._corners()), self.events // 4)
        rest = self.events - data - corner
        changed = rest // 2 if data else 0
        return {"data": data, "corner": corner, "changed": changed, "random": rest - changed}

    def size(self, index: int) -> int:
        """Events of one chunk."""
        return min(self.chunk_size, self.events - index * self.chunk_size)

    def chunk(self, index: int) -> NDArray[np.int64]:
        """Integers in LSB of one chunk, shape (events, elements)."""
        rng = np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(index,)))
        families, corners = self.families, self._corners()
        start, stop = index * self.chunk_size, index * self.chunk_size + self.size(index)
        to_corners = families["data"]
        to_rest = to_corners + families["corner"]
        data = np.array(self.data[start : min(stop, to_corners)], dtype=np.int64)
        if self.settings:
            odd = np.flatnonzero((start + np.arange(len(data))) % 2)
            data[np.ix_(odd, self._is_setting())] = self._random(len(odd), rng)[:, self._is_setting()]
        corner = corners[max(start - to_corners, 0) : max(min(stop, to_rest) - to_corners, 0)]
        rest = self._random(stop - max(start, min(to_rest, stop)), rng)
        if families["changed"]:
            turn = (stop - len(rest) - to_rest + np.arange(len(rest))) % 2 == 1
            rest[turn] = self._changed(int(np.count_nonzero(turn)), rng)
        return np.concatenate([data, corner, rest])

    def _corners(self) -> NDArray[np.int64]:
        return corner_events(*self._range(), np.random.default_rng(self.seed))

    def _random(self, events: int, rng: np.random.Generator) -> NDArray[np.int64]:
        return random_events(*self._range(), events, rng)

    def _changed(self, events: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Events of the data, each with some inputs nudged or all of them made larger or smaller."""
        low, high = self._range()
        values = np.array(self.data[rng.integers(0, len(self.data), events)], dtype=np.int64)
        nudge = rng.integers(-NUDGE, NUDGE + 1, values.shape) * (rng.random(values.shape) < rng.random((events, 1)))
        scaled = np.rint(values * 2.0 ** rng.uniform(-2, 2, (events, 1))).astype(np.int64)
        changed = np.where(rng.random((events, 1)) < 0.5, values + nudge, scaled)
        return np.clip(changed, low, high)

    def _range(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Smallest and largest value of each element of an event."""
        return limits(self.design)

    def _is_setting(self) -> NDArray[np.bool_]:
        return np.concatenate([np.full(t.size, t.name in self.settings) for t in self.design.inputs])
