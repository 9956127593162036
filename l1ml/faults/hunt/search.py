"""The search for events that show faults: what has led to new values within the core is led on from.

It is what coverage-guided fuzzing does with branches of a program, here done with values of the wires around a fault.
An event that gives a wire a value that it did not have before is kept, with those kept apart in which the fault makes
a difference at its place; the next events are made of what was kept. Those in which it makes a difference are played
to the core with the fault, until the result is another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from l1ml.compiler.design import Design
from l1ml.faults.hunt.neighbours import neighbours
from l1ml.faults.hunt.watch import Watch
from l1ml.faults.hunt.watcher import Watcher
from l1ml.verification.vectors import limits

BATCH = 16_384
"""Events of a round; they are made in equal shares for the faults that are left."""

TRIED = 1024
"""Events of a round in which a fault is tried."""

SUMMIT, DEEPEST = 16, 64
"""Events that are kept at each end of a wire and next to 0, and of those in which a fault is seen farthest."""

KEPT = 16_384
"""Events that are kept for one fault because they gave something new; of more, the older half goes."""

EXACT = 512
"""Values of wires up to this one count as different; above, those of a few per mille distance do."""


@dataclass
class Trail:
    """What was kept for one fault.

    Attributes:
        fault: Its number.
        wires: Indices of its signals.
        active: Index of the signal that says whether it makes a difference at its place.
        found: Whether there is an event that shows it.
        rows: Events that gave something new.
        lively: Indices of those of them in which the fault made a difference at its place.
        known: What is no longer new.
        ends: For each signal, either end or what is nearest to 0, and all or only lively events: how far the farthest
            events went, and they.
        deep: Of events in which the fault made a difference at its place, how far that was seen, and the events.
    """

    fault: int
    wires: list[int]
    active: int | None
    found: bool = False
    rows: list[NDArray[np.int64]] = field(default_factory=list)
    lively: list[int] = field(default_factory=list)
    known: set[int] = field(default_factory=set)
    ends: dict[tuple[int, int, bool], Ranked] = field(default_factory=dict)
    deep: Ranked = field(default_factory=lambda: Ranked(DEEPEST))

    def learn(self, events: NDArray[np.int64], ends: NDArray[np.int64], active: NDArray[np.bool_]) -> None:
        """Keep the events that gave something new."""
        fresh: list[int] = []
        some = self.active is not None and active.any()
        values = ends[:, self.wires].reshape(len(events), -1)
        for column, value in enumerate(values.T):
            scale = np.where(np.abs(value) < EXACT, value, _logarithmic(value))
            keys = (scale * 2 + active) * 64 + column
            new, where = np.unique(keys, return_index=True)
            for key, event in zip(new.tolist(), where.tolist(), strict=True):
                if key not in self.known:
                    self.known.add(key)
                    fresh.append(event)
            for sign in (-1, 0, 1):  # the lowest, those nearest to 0, where comparisons turn, and the highest
                height = sign * value if sign else -np.abs(value)
                self.ends.setdefault((column, sign, False), Ranked(SUMMIT)).add(height, events)
                if some:
                    self.ends.setdefault((column, sign, True), Ranked(SUMMIT)).add(height[active], events[active])
        if not self.rows:  # nothing is watched of faults of the top
            fresh += range(len(events))
        for event in dict.fromkeys(fresh):
            if active[event] and self.active is not None:
                self.lively.append(len(self.rows))
            self.rows.append(events[event].copy())  # a view would keep all events of its round
        if len(self.rows) > KEPT:
            old = len(self.rows) - KEPT // 2
            self.rows, self.lively = self.rows[old:], [row - old for row in self.lively if row >= old]

    def parents(self, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Some of what was kept: the newest, those at the ends and those in which the fault is seen farthest."""
        kept, lively, ends = len(self.rows), len(self.lively), list(self.ends.values())
        chosen = []
        for way in rng.random(count):
            if way < 0.2 and len(self.deep.rows):
                chosen.append(self.deep.any(rng))
            elif way < 0.4 and ends:
                chosen.append(ends[rng.integers(len(ends))].any(rng))
            elif way < 0.7 and lively:
                newest = max(0, lively - 64) if way < 0.55 else 0
                chosen.append(self.rows[self.lively[rng.integers(newest, lively)]])
            else:
                newest = max(0, kept - 256) if way < 0.85 else 0
                chosen.append(self.rows[rng.integers(newest, kept)])
        return np.array(chosen)


class Ranked:
    """The events that went farthest."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.heights = np.zeros(0, dtype=np.int64)
        self.rows = np.zeros((0, 0), dtype=np.int64)

    def add(self, heights: NDArray[np.int64], rows: NDArray[np.int64]) -> None:
        """Keep the farthest, of equals the newest."""
        if len(heights) > self.most:
            top = np.argpartition(-heights, self.most - 1)[: self.most]
            heights, rows = heights[top], rows[top]
        if len(self.rows):
            heights, rows = np.concatenate([heights, self.heights]), np.concatenate([rows, self.rows])
        best = np.argsort(-heights, kind="stable")[: self.most]
        self.heights, self.rows = heights[best], rows[best]

    def any(self, rng: np.random.Generator) -> NDArray[np.int64]:
        """One of them."""
        return self.rows[rng.integers(len(self.rows))]


def _logarithmic(value: NDArray[np.int64]) -> NDArray[np.int64]:
    size = np.maximum(np.abs(value), 1).astype(np.float64) / EXACT
    return (np.sign(value) * (EXACT + np.rint(np.log2(size) * 256))).astype(np.int64)


def _depths(watch: Watch, right: NDArray[np.int64], wrong: NDArray[np.int64]) -> NDArray[np.int64]:
    """How far a fault is seen in each event: the last module with a wrong output, and its wrong bits."""
    depths = np.zeros(len(right), dtype=np.int64)
    for number, bus in enumerate(watch.buses, start=1):
        bits = np.bitwise_count(right[:, bus, 0] ^ wrong[:, bus, 0]).sum(axis=1).astype(np.int64)
        depths = np.where(bits > 0, (number << 16) + bits, depths)
    return depths


def search(
    watcher: Watcher,
    design: Design,
    start: NDArray[np.int64],
    faults: int,
    *,
    rounds: int,
    seed: int,
    tell: Callable[[int, int], None] = lambda done, found: None,
) -> list[NDArray[np.int64]]:
    """Look for events that show faults.

    Args:
        watcher: The core with the faults.
        design: The core.
        start: Events to start from, shape (any, elements of all inputs).
        faults: How many.
        rounds: How often events are made of what was kept.
        seed: For the search.
        tell: Called after each round with its number and with how many faults have been found.

    Returns:
        An event for each fault for which one was found.
    """
    rng = np.random.default_rng(seed)
    watch = watcher.watch
    found: list[NDArray[np.int64]] = []
    trails = [Trail(i + 1, watch.wires[i], watch.active[i]) for i in range(faults)]
    low, high = limits(design)
    sizes = [tensor.size for tensor in design.inputs]
    events = start[rng.permutation(len(start))]
    owner = np.arange(len(events)) % faults
    for number in range(rounds):
        seen = watcher.run(events)
        for trail in trails:
            active = np.ones(len(events), dtype=bool)
            if trail.active is not None:
                active = (seen.ends[:, trail.active] != 0).any(axis=1)
            trail.learn(events, seen.ends, active)
            tried = np.flatnonzero(active & ((owner == trail.fault - 1) | (trail.active is not None)))
            tried = rng.permutation(tried)[:TRIED]
            if len(tried):
                wrong = watcher.run(events[tried], trail.fault)
                shown = tried[(wrong.outputs != seen.outputs[tried]).any(axis=1)]
                if len(shown):
                    found.append(events[shown[0]])
                    trail.found = True
                trail.deep.add(_depths(watch, seen.ends[tried], wrong.ends), events[tried])
        trails = [trail for trail in trails if not trail.found]
        tell(number + 1, len(found))
        if not trails:
            break
        share = BATCH // len(trails)
        batches = []
        for trail in trails:
            parents = np.stack([trail.parents(share, rng), trail.parents(share, rng)])
            foreign = rng.random(share) < 0.2
            parents[1, foreign] = start[rng.integers(len(start), size=int(foreign.sum()))]
            batches.append(neighbours(parents, low, high, sizes, rng))
        events = np.concatenate(batches)
        owner = np.repeat([trail.fault - 1 for trail in trails], share)
    return found
