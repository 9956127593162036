"""The rounding behind a folded sum, part of which is done before and while the sum is made.

The constant that a rounding adds goes into the value from which the accumulator starts, and of the bits that leave
the accumulator only those are kept that count: none, if all lie below the LSB of the result, but for one bit that
remembers whether any of them was set (``RND_CONV`` has to know a tie).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from alkaid.trace import FVariable

from l1ml.compiler.programs.cast import finish_rounding, floor_to, overflow
from l1ml.fixed import FixedType
from l1ml.layers.family import Clip
from l1ml.layers.parameters import output_type
from l1ml.layers.registry import family_of

FOLDABLE = {"TRN": 0.0, "RND": 0.5, "RND_CONV": 0.5}
"""Rounding modes that begin with adding a constant, in LSB of the result."""


@dataclass(frozen=True)
class RoundingPlan:
    """The first rounding behind a dense layer, if it can be merged with its accumulators.

    Attributes:
        target: Type that is rounded to.
        cut: Type that is truncated to before that, without overflow; None if there is none.
        relu: Whether negative values become 0.
        layers: How many of the layers after the dense one are done with it.
    """

    target: FixedType
    cut: FixedType | None
    relu: bool
    layers: int

    @property
    def offset(self) -> float:
        """What to add before the sum is made."""
        return FOLDABLE[self.target.rounding] * self.target.lsb

    def finish(self, value: FVariable, sticky: FVariable | None) -> FVariable:
        """Round a sum to which ``offset`` has been added; ``sticky`` tells of lower bits that were dropped."""
        if self.cut is not None:
            value = floor_to(value, self.cut.fraction)
        rounded = finish_rounding(value, self.target, sticky)
        return overflow(rounded.relu() if self.relu else rounded, self.target)


def plan_rounding(
    layers: Sequence[Any], accum: FixedType, bounds: tuple[Fraction, ...], lsb: float
) -> RoundingPlan | None:
    """Find the first rounding behind a dense layer that can be merged with its accumulators.

    Args:
        layers: The dense layer and those that follow it in its segment.
        accum: Its ``accum_t``.
        bounds: Lowest and highest sum.
        lsb: Worth of the lowest bit of the sums.

    Returns:
        The plan, or None if there is nothing to merge: a value can overflow before, nothing is rounded at all, or
        the mode depends on the sign.
    """
    if not _holds(accum, bounds, lsb):
        return None
    steps = [(output_type(layers[0]), False, 0)]
    behind = family_of(layers[1]).bounds(layers[1]) if len(layers) > 1 else None
    if isinstance(behind, Clip):
        steps.append((output_type(layers[1]), behind.relu, 1))
    cut: FixedType | None = None
    for target, relu, count in steps:
        grid = max(lsb, cut.lsb) if cut else lsb
        if target.lsb > grid:
            # Adding the offset must not cost the lowest bit of what is rounded.
            fits = target.rounding in FOLDABLE and target.lsb / 2 >= grid
            plain = not relu and cut is None and target.rounding == "TRN" and len(steps) > 1
            if plain and _in_range(target, bounds) and steps[1][0].lsb > target.lsb:
                cut = target
                continue
            if not fits:
                break
            return RoundingPlan(target, cut, relu, count)
        if relu or not _holds(target, bounds, grid):
            break
    # A truncation that nothing follows is a rounding like any other.
    return RoundingPlan(cut, None, False, 0) if cut else None


def _holds(target: FixedType, bounds: tuple[Fraction, ...], lsb: float) -> bool:
    """Whether a cast changes nothing."""
    return target.lsb <= lsb and _in_range(target, bounds)


def _in_range(target: FixedType, bounds: tuple[Fraction, ...]) -> bool:
    """Whether a cast never overflows."""
    # Truncation goes down, by less than an LSB.
    low, high = (end * Fraction(target.lsb) for end in (target.lowest, target.maximum + 1))
    return low <= bounds[0] and bounds[1] < high
