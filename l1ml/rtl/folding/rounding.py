"""The rounding behind a folded sum, part of which is done before and while the sum is made.

The constant that a rounding adds goes into the value from which the accumulator starts, and of the bits that leave
the accumulator only those are kept that count: none, if all lie below the LSB of the result, but for one bit that
remembers whether any of them was set (``RND_CONV`` has to know a tie).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from alkaid.trace import FVariable

from l1ml.fixed import FixedType
from l1ml.rtl.cast import finish_rounding, overflow
from l1ml.rtl.lowering.registry import output_type

FOLDABLE = {"TRN": 0.0, "RND": 0.5, "RND_CONV": 0.5}
"""Rounding modes that begin with adding a constant, in LSB of the result."""


@dataclass(frozen=True)
class RoundingPlan:
    """The first rounding behind a dense layer, if it can be merged with its accumulators.

    Attributes:
        target: Type that is rounded to.
        relu: Whether negative values become 0.
        layers: How many of the layers after the dense one are done with it.
    """

    target: FixedType
    relu: bool
    layers: int

    @property
    def offset(self) -> float:
        """What to add before the sum is made."""
        return FOLDABLE[self.target.rounding] * self.target.lsb

    def finish(self, value: FVariable, sticky: FVariable | None) -> FVariable:
        """Round a sum to which ``offset`` has been added; ``sticky`` tells of lower bits that were dropped."""
        rounded = finish_rounding(value, self.target, sticky)
        return overflow(rounded.relu() if self.relu else rounded, self.target)


def plan_rounding(
    layers: Sequence[Any], accum: FixedType, bounds: tuple[float, float], lsb: float
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
    if len(layers) > 1 and layers[1].get_attr("activation") in ("linear", "relu"):
        steps.append((output_type(layers[1]), layers[1].get_attr("activation") == "relu", 1))
    for target, relu, count in steps:
        if target.lsb > lsb:
            # Adding the offset must not cost the lowest bit of the sum.
            fits = target.rounding in FOLDABLE and target.lsb / 2 >= lsb
            return RoundingPlan(target, relu, count) if fits else None
        if relu or not _holds(target, bounds, lsb):
            return None
    return None


def _holds(target: FixedType, bounds: tuple[float, float], lsb: float) -> bool:
    """Whether a cast changes nothing."""
    low, high = target.lowest * target.lsb, target.maximum * target.lsb
    return target.lsb <= lsb and low <= bounds[0] and bounds[1] <= high
