"""Sums of digits by tables, the constant of each sum given with the digits for which that takes the fewest LUTs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from l1ml.compiler.circuit import Bit, Net
from l1ml.layers.dense.folding.digits.plan import Accumulator, DigitPlan, Later, accumulator, digit_net
from l1ml.layers.dense.folding.digits.tables import TableSum, Weighted, table_sum


def strobe_of(digit: int) -> Net:
    """The flag that is set with a digit, an address bit of tables."""
    return Net(f"strobe{digit}")


def tabled(weights: NDArray[np.int64], start: int, plan: DigitPlan, additions: int) -> tuple[TableSum, Accumulator]:
    """Tables and accumulator of one output.

    Args:
        weights: Integers of its column, shape (n_in,).
        start: The constant of its sum, in LSB of the first digit's sum.
        plan: The digits.
        additions: Most additions in a chain of tables.
    """
    worth = [1 << k for k in range(plan.digit_bits)] + [-(1 << plan.digit_bits)] * plan.signed
    digits = [
        Weighted(Bit(digit_net(plan, index), place), int(weight) * value)
        for index, weight in enumerate(weights)
        if weight
        for place, value in enumerate(worth)
    ]

    def inputs(later: Later) -> list[Weighted]:
        return [*digits, *(Weighted(strobe_of(digit), constant) for digit, constant in later)]

    def cost(way: tuple[int, Later]) -> int:
        rest, later = way
        return table_sum(inputs(later), additions, trials=0).cost + accumulator(weights, rest, plan, later).width

    rest, later = min(_starts(start, plan), key=cost)
    return table_sum(inputs(later), additions), accumulator(weights, rest, plan, later)


def _starts(start: int, plan: DigitPlan) -> Iterator[tuple[int, Later]]:
    """Ways to give a constant: with the first digit alone, or most of it with one in the middle, the last, or both."""
    last = plan.digits - 1
    for with_last in (False, True):
        for middle in (0, *range(1, last)):
            rest, later = start, []
            for place in [last] * with_last + [middle] * (middle > 0):
                unit = 1 << (plan.digit_bits * place)
                constant = (rest + unit // 2) // unit
                rest -= constant * unit
                later += [(place, constant)] * (constant != 0)
            yield rest, tuple(later)
