"""Cutting combinational logic into pipeline stages, with as few register bits as the delay allows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from alkaid.types import CombLogic
from numpy.typing import NDArray

from l1ml.compiler.programs.opcodes import Opcode


@dataclass(frozen=True)
class Schedule:
    """In which stage each operation happens.

    Attributes:
        stage: Stage of each operation of the program, counted from 0.
        stages: Number of stages; a register follows each, so this is the latency in clock cycles.
        register_bits: Number of flip-flops, those at the outputs not counted.
    """

    stage: tuple[int, ...]
    stages: int
    register_bits: int


def schedule(logic: CombLogic, max_delay: float) -> Schedule:
    """Assign operations to stages.

    The number of stages is the smallest for which no stage is longer than ``max_delay``, but for those of a single
    operation that is longer itself; among the places for the cuts, those are chosen that need the fewest register bits
    (dynamic programming).

    Args:
        logic: The program, its operations in topological order.
        max_delay: Longest delay within a stage, in alkaid's unit of about one adder.

    Raises:
        ValueError: If ``max_delay`` is not positive.
    """
    if max_delay <= 0:
        raise ValueError(f"the delay of a pipeline stage must be positive, got {max_delay}")
    ready = np.array([op.latency for op in logic.ops])
    times = np.unique(np.concatenate([[0.0], ready]))
    bits = _crossing_bits(logic, ready, times)
    cuts = _cheapest_cuts(times, bits, max_delay)
    stage = np.searchsorted(times[cuts], ready, side="left") if cuts else np.zeros(len(ready), dtype=int)
    return Schedule(tuple(int(s) for s in stage), len(cuts) + 1, int(sum(bits[c] for c in cuts)))


def _crossing_bits(logic: CombLogic, ready: NDArray[np.float64], times: NDArray[np.float64]) -> NDArray[np.int64]:
    """For each time, the bits of the values that are ready by then and used later."""
    last_use = np.full(len(ready), -1.0)
    for op, time in zip(logic.ops, ready, strict=True):
        for source in op.input_ids:
            last_use[source] = max(last_use[source], time)
    for index in logic.out_idxs:
        if index >= 0:
            last_use[index] = np.inf
    change = np.zeros(len(times) + 1, dtype=np.int64)
    for op, start, end in zip(logic.ops, ready, last_use, strict=True):
        if op.opcode == Opcode.CONSTANT or end <= start:
            continue
        first = int(np.searchsorted(times, start))
        last = len(times) if np.isinf(end) else int(np.searchsorted(times, end))
        change[first] += sum(op.qint.kif)
        change[last] -= sum(op.qint.kif)
    return np.cumsum(change)[:-1]


def _cheapest_cuts(times: NDArray[np.float64], bits: NDArray[np.int64], max_delay: float) -> list[int]:
    """Indices into ``times`` of the cuts; a stage lasts from one cut to the next."""
    count, end = _fewest_cuts(times, max_delay), len(times) - 1
    if count == 0:
        return []
    best: list[dict[int, tuple[int, int]]] = [{0: (0, -1)}]
    for level in range(count):
        row: dict[int, tuple[int, int]] = {}
        for here in range(1, end):
            options = [
                (cost + int(bits[here]), before)
                for before, (cost, _) in best[level].items()
                if before < here and _fits(times, before, here, max_delay)
            ]
            if options:
                row[here] = min(options)
        best.append(row)
    final = [(cost, at) for at, (cost, _) in best[count].items() if _fits(times, at, end, max_delay)]
    at = min(final)[1]
    cuts: list[int] = []
    for level in range(count, 0, -1):
        cuts.append(at)
        at = best[level][at][1]
    return cuts[::-1]


def _fewest_cuts(times: NDArray[np.float64], max_delay: float) -> int:
    cuts, start = 0, 0
    for here in range(1, len(times)):
        if not _fits(times, start, here, max_delay):
            cuts, start = cuts + 1, here - 1
    return cuts


def _fits(times: NDArray[np.float64], start: int, end: int, max_delay: float) -> bool:
    """Whether a stage may last from one time to another; a single step may, however long it is."""
    return bool(end == start + 1 or times[end] - times[start] <= max_delay + 1e-9)
