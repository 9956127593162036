"""Test vectors that are looked for: events that drive each neuron to its ends, and pairs on both sides of a decision.

Random events seldom do either, and then sums that overflow, tables and thresholds are not seen. The C++ tells how far
an event goes, so the search needs no RTL.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from l1ml.compiler.design import Design
from l1ml.verification.emulator import Emulator
from l1ml.verification.vectors import Vectors, limits, nearby

ROUNDS = 16
"""Generations of the search for extreme events."""

POPULATION = 400
"""Events of a generation; fewer if fewer are asked for."""

TIGHTEST = 2
"""Of so many pairs on both sides of a decision, the closest one is kept."""

SHARE = 3
"""One event in so many is looked for."""


def add_directed(vectors: Vectors, emulator: Emulator, design: Design, events: int, seed: int) -> Vectors:
    """Put events that are looked for in front of the random ones.

    Args:
        vectors: What there is, fewer than ``events``.
        emulator: The C++.
        design: The core.
        events: How many there shall be.
        seed: For the search.
    """
    rng = np.random.default_rng(seed)
    room = events - len(vectors.inputs)
    edges = edge_events(vectors.inputs, emulator, design, room // 3, rng)
    extremes = extreme_events(vectors.inputs, emulator, design, room - len(edges), rng)
    families = dict(vectors.families)
    last = families.popitem()
    split = len(vectors.inputs) - last[1]
    rows = [vectors.inputs[:split], extremes, edges, vectors.inputs[split:]]
    families |= {"directed": room} | dict([last])
    return Vectors(np.concatenate(rows), families)


def extreme_events(
    start: NDArray[np.int64], emulator: Emulator, design: Design, events: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Events in which neurons of any layer have their lowest and highest values, and events near those.

    Of each generation, the events that go farthest for an element of a layer are kept, and the next one is made of
    what was kept. After that, every event that was kept is returned, with as many near it as there is room for.

    Args:
        start: Events to start from, shape (any, elements).
        emulator: The C++.
        design: The core.
        events: How many to return.
        rng: For the search.
    """
    if not events:
        return start[:0]
    low, high = limits(design)
    sizes = emulator.layer_sizes()
    population = min(POPULATION, events)
    rows = _some(start, population, rng)
    best, kept = np.zeros(0), rows[:0]
    for _ in range(ROUNDS):
        layers = emulator.trace(rows, sizes)
        values = np.concatenate([layers[name] for name in sizes], axis=1)
        values = np.concatenate([values, -values], axis=1)
        if not len(best):
            best, kept = np.full(values.shape[1], -np.inf), np.repeat(rows[:1], values.shape[1], axis=0)
        leader = values.argmax(axis=0)
        farthest = values.max(axis=0)
        better = farthest > best
        best[better], kept[better] = farthest[better], rows[leader[better]]
        partners = np.where(rng.random((population, 1)) < 0.7, *(_some(r, population, rng) for r in (kept, start)))
        rows = nearby(np.stack([_some(kept, population, rng), partners]), low, high, rng)
    found = np.unique(kept, axis=0)
    found = found[rng.permutation(len(found))][:events]
    more = events - len(found)
    pairs = np.stack([_some(found, more, rng), _some(found, more, rng)])
    between = pairs[0] + (_some(start, more, rng) - pairs[0]) * rng.random((more, 1))
    near = nearby(pairs, low, high, rng)
    near[::2] = np.rint(between[::2]).astype(np.int64)
    return np.concatenate([found, near])


def _some(rows: NDArray[np.int64], count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    return rows[rng.integers(len(rows), size=count)]


def edge_events(
    start: NDArray[np.int64], emulator: Emulator, design: Design, events: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Pairs of events that differ by next to nothing and are decided otherwise, for outputs of one bit.

    Args:
        start: Events to start from, shape (any, elements).
        emulator: The C++.
        design: The core.
        events: How many to return at most; none if there is no such output.
        rng: For the choice of pairs and the search between them.
    """
    single = np.concatenate([np.full(t.size, t.type.width == 1) for t in design.outputs])
    if not single.any() or events < 2:
        return start[:0]
    first, second = (start[rng.integers(len(start), size=4 * events)] for _ in range(2))
    position, largest = 0, max(t.size for t in design.inputs)
    often = rng.random(len(first)) < 0.75
    for tensor in design.inputs:  # what thresholds belong to stays as it is, most of the time
        if tensor.size < largest:
            same = np.flatnonzero(often | (rng.random(len(first)) < 0.5))
            columns = slice(position, position + tensor.size)
            second[same, columns] = first[same, columns]
        position += tensor.size
    before, after = (emulator.run(rows)[:, single] for rows in (first, second))
    # Outputs in turn, so that those that seldom differ get pairs, too.
    chosen, bits = _one_of_each(before != after, TIGHTEST * (events // 2), rng)
    first, second, wanted = first[chosen], second[chosen], before[chosen, bits]
    for _ in range(40):
        step = second - first
        alone = np.abs(step).sum(axis=1) <= 1
        if alone.all():
            break
        half = np.fix(step / 2).astype(np.int64)
        stuck = (np.abs(step).max(axis=1) <= 1) & ~alone
        half[stuck] = step[stuck] * (rng.random(step[stuck].shape) < 0.5)
        middle = first + half
        like_first = emulator.run(middle)[:, single][np.arange(len(middle)), bits] == wanted
        first[like_first], second[~like_first] = middle[like_first], middle[~like_first]
    # The closer the other outputs, a score most of all, the closer is what decides.
    outputs = [emulator.run(rows) for rows in (first, second)]
    apart = np.abs(outputs[0] - outputs[1])[:, ~single].sum(axis=1)
    tight = np.lexsort((rng.random(len(first)), np.where(apart, apart, apart.max(initial=0) + 1)))[: events // 2]
    return np.concatenate([first[tight], second[tight]])


def _one_of_each(
    differs: NDArray[np.bool_], pairs: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of that many differences, columns in turn."""
    columns = [rng.permutation(np.flatnonzero(column)) for column in differs.T]
    deepest = max((len(c) for c in columns), default=0)
    found = [(c[turn], bit) for turn in range(deepest) for bit, c in enumerate(columns) if turn < len(c)][:pairs]
    return np.array([row for row, _ in found], dtype=np.int64), np.array([bit for _, bit in found], dtype=np.int64)
