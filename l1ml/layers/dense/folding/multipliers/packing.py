"""Which multiplication happens where and when: the nonzero weights of a layer packed onto shared multipliers.

A *group* is a few multipliers side by side, its lanes, whose sums are added. It works for one neuron after the other,
each for as many clock cycles, its slots, as it has products to share between the lanes. Zero weights take no slot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from math import ceil

import numpy as np
from numpy.typing import NDArray

ALIGNED_SURPLUS = 1.4
"""How many more multipliers a neuron may take, if its inputs then come in the common order and need no selection."""

Lane = tuple[int | None, ...]
"""Which input a multiplier takes in each slot, as an index into the layer's inputs; None if it is idle."""


@dataclass(frozen=True)
class Task:
    """One neuron's turn in a group: the slots from ``first`` to ``last``."""

    output: int
    first: int
    last: int


@dataclass(frozen=True)
class Group:
    """Multipliers that work together.

    Attributes:
        tasks: Neurons in the order of their turns; slots after the last one are idle.
        lanes: What each multiplier does in each slot.
    """

    tasks: tuple[Task, ...]
    lanes: tuple[Lane, ...]

    def output_at(self, slot: int) -> int | None:
        """The neuron whose turn it is."""
        return next((t.output for t in self.tasks if t.first <= slot <= t.last), None)


@dataclass(frozen=True)
class Prices:
    """What parts of a group cost in LUTs.

    Attributes:
        lane: A multiplier with the selection of its input and its weights.
        adder: Adding one more lane's sum.
        result: Rounding and activation of one group.
    """

    lane: float
    adder: float
    result: float

    def of(self, lanes: int) -> float:
        """Price of a group."""
        return lanes * self.lane + (lanes - 1) * self.adder + self.result


def pack(used: NDArray[np.bool_], positions: Sequence[int], reuse_factor: int, prices: Prices) -> list[Group]:
    """Pack the multiplications of a layer.

    Args:
        used: Which weights are not zero, shape (rows, n_out).
        positions: Index of each row among all inputs of the layer; ``reuse_factor`` inputs in a row form a block.
        reuse_factor: Slots.
        prices: What groups cost.

    Returns:
        Groups that hold every weight once; neurons without weights are in none.
    """
    groups: list[Group] = []
    rest: list[tuple[int, list[int]]] = []
    for output in np.flatnonzero(used.any(axis=0)):
        rows = [int(r) for r in np.flatnonzero(used[:, output])]
        aligned = _aligned(int(output), rows, positions, reuse_factor)
        if aligned is not None:
            groups.append(aligned)
        else:
            rest.append((int(output), rows))
    rest.sort(key=lambda item: -len(item[1]))
    while rest:
        lanes, members = _best_group(rest, reuse_factor, prices)
        groups.append(_fill(members, lanes, reuse_factor))
        taken = {output for output, _ in members}
        rest = [item for item in rest if item[0] not in taken]
    return groups


def _aligned(output: int, rows: list[int], positions: Sequence[int], slots: int) -> Group | None:
    """A neuron whose weights fill whole blocks, as block pruning leaves them: each lane takes one block in order.

    All lanes of a block select their input alike, so that the selection exists once.
    """
    blocks: dict[int, list[int]] = {}
    for row in rows:
        blocks.setdefault(positions[row] // slots, []).append(row)
    if len(blocks) > ALIGNED_SURPLUS * len(rows) / slots:
        return None
    lanes = []
    for members in blocks.values():
        lane: list[int | None] = [None] * slots
        for row in members:
            lane[positions[row] % slots] = row
        lanes.append(tuple(lane))
    return Group((Task(output, 0, slots - 1),), tuple(lanes))


def _best_group(
    rest: list[tuple[int, list[int]]], slots: int, prices: Prices
) -> tuple[int, list[tuple[int, list[int]]]]:
    """The group with the largest remaining neuron that costs least for each of its products."""
    largest = len(rest[0][1])
    fewest = ceil(largest / slots)
    candidates = []
    for lanes in range(fewest, fewest + 4):
        members, free = [], slots
        for item in rest:
            turns = ceil(len(item[1]) / lanes)
            if turns <= free:
                members.append(item)
                free -= turns
        products = sum(len(rows) for _, rows in members)
        candidates.append((prices.of(lanes) / products, lanes, members))
    _, lanes, members = min(candidates, key=lambda c: c[:2])
    return lanes, members


def _fill(members: list[tuple[int, list[int]]], lanes: int, slots: int) -> Group:
    """Give each lane its inputs, the same ones again where it can be, as each distinct one must be selected."""
    plan: list[list[int | None]] = [[] for _ in range(lanes)]
    known: list[set[int]] = [set() for _ in range(lanes)]
    tasks, start = [], 0
    for output, rows in members:
        turns = ceil(len(rows) / lanes)
        shares: list[list[int]] = [[] for _ in range(lanes)]
        new = []
        for row in rows:
            home = next((q for q in range(lanes) if row in known[q] and len(shares[q]) < turns), None)
            if home is None:
                new.append(row)
            else:
                shares[home].append(row)
        for row in new:
            home = min((q for q in range(lanes) if len(shares[q]) < turns), key=lambda q: (len(known[q]), q))
            shares[home].append(row)
            known[home].add(row)
        for lane, share in zip(plan, shares, strict=True):
            ordered = sorted(share)
            lane.extend([*ordered, *[None] * (turns - len(ordered))])
        tasks.append(Task(output, start, start + turns - 1))
        start += turns
    return Group(tuple(tasks), tuple((*lane, *[None] * (slots - start)) for lane in plan))


def share_selections(lanes: Sequence[Lane]) -> tuple[list[Lane], list[int]]:
    """Sequences of inputs that serve all lanes; idle slots of one may serve another.

    Returns:
        The sequences, and for each lane the index of its own.
    """
    if not lanes:
        return [], []
    wanted = np.array([[-1 if row is None else row for row in lane] for lane in lanes])
    merged = np.full_like(wanted, -1)
    homes: list[int] = [0] * len(lanes)
    size = 0
    for index in sorted(range(len(lanes)), key=lambda i: -int((wanted[i] >= 0).sum())):
        lane = wanted[index]
        fits = np.all((merged[:size] == lane) | (lane < 0) | (merged[:size] < 0), axis=1)
        home = int(np.argmax(fits)) if fits.any() else size
        size = max(size, home + 1)
        merged[home] = np.where(lane >= 0, lane, merged[home])
        homes[index] = home
    return [tuple(int(r) if r >= 0 else None for r in row) for row in merged[:size]], homes


@dataclass(frozen=True)
class Node:
    """A selection of one of up to four values.

    Attributes:
        sources: Inputs of the layer (as indices from 0) or earlier nodes (as -1 - index).
        level: Nodes of the same level share their two select bits.
    """

    sources: tuple[int, ...]
    level: int


@dataclass(frozen=True)
class Selection:
    """One of many inputs in each slot, by selections of four: (n - 1) / 3 LUTs for each bit.

    Attributes:
        nodes: In order; the last one gives the result. None if there is only one input.
        select: For each level, the position that is chosen in each slot.
    """

    nodes: tuple[Node, ...]
    select: tuple[tuple[int, ...], ...]


def selection(sequence: Lane) -> Selection:
    """Make the selection that gives a sequence of inputs; idle slots repeat what was there."""
    current: list[int] = sorted({row for row in sequence if row is not None})
    at = {row: i for i, row in enumerate(current)}
    before = next(row for row in sequence if row is not None)
    places = []
    for row in sequence:
        before = before if row is None else row
        places.append(at[before])
    nodes: list[Node] = []
    select: list[tuple[int, ...]] = []
    for level in count():
        if len(current) == 1:
            return Selection(tuple(nodes), tuple(select))
        # Only as many are joined as leave four, or as all but a few can be: no LUT is half used.
        joined = 1 if len(current) <= 4 else min(ceil((len(current) - 4) / 3), len(current) // 4)
        size = min(4, len(current))
        chosen = [place % size if place < joined * size else 0 for place in places]
        select.append(tuple(chosen))
        first = len(nodes)
        nodes += [Node(tuple(current[size * q : size * (q + 1)]), level) for q in range(joined)]
        current = [-1 - (first + q) for q in range(joined)] + current[joined * size :]
        places = [p // size if p < joined * size else p - joined * (size - 1) for p in places]
    raise AssertionError
