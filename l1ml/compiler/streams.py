"""What modules share that take a tensor position by position, one in each clock cycle."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from l1ml.compiler.circuit import Choice, Compared, Constant, Item, Net, Register, Wire, next_count
from l1ml.compiler.network import Tensor
from l1ml.compiler.programs.trace import Interval

FIRST = Net("first")
"""Control input: the first position is there."""

AT_ONCE = float("inf")
"""Delay of a stage whose result is needed in the next clock cycle: no register may cut it."""

NOTES = {FIRST.name: "the first position is there, the others follow"}
"""What it means."""


def of_channels(intervals: Sequence[Interval], tensor: Tensor) -> list[Interval]:
    """What each channel can be at any position."""
    low, high, step = np.array(intervals, dtype=np.float64).reshape(tensor.beats, tensor.word, 3).T
    return [(float(lo.min()), float(hi.max()), float(st.min())) for lo, hi, st in zip(low, high, step, strict=True)]


def position(last: int) -> tuple[Net, tuple[Item, ...]]:
    """The index of the present position, which stays at ``last`` once it is there, and what counts it."""
    bits = max(1, last.bit_length())
    place, following = Net("place", bits), Net("following", bits)
    there = Compared("==", place, Constant(last, bits))
    return place, (
        Wire(place, Choice(FIRST, Constant(0, bits), following)),
        Register(following, Choice(there, place, next_count(place))),
    )
