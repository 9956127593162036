"""The sums of a folded dense layer in integers: what has to be computed, before it is decided how."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from alkaid.trace import FVArray
from numpy.typing import NDArray

from l1ml.compiler.network import Segment
from l1ml.compiler.programs.exact import reach
from l1ml.compiler.programs.trace import HARDWARE, Interval
from l1ml.constants import Constants, products
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType, integers
from l1ml.layers.dense.folding.rounding import RoundingPlan, plan_rounding
from l1ml.layers.dense.lowering import counts_bits, never_overflows, products_are_exact
from l1ml.layers.family import Sums
from l1ml.layers.registry import family_of


@dataclass(frozen=True)
class DenseSums:
    """Sum j is ``starts[j] + sum_i (x[i] * weights[i, j] >> dropped_bits)``, all of them integers.

    Attributes:
        rows: Index of each input that takes part; the others are constant or have no weights.
        inputs: What each of these can be, in real numbers.
        input_exponent: 1 in the integers of the inputs is worth ``2**input_exponent``.
        weights: Shape (rows, n_out).
        starts: Bias, constant inputs and the offset of the rounding; shape (n_out,).
        dropped_bits: Bits that ``accum_t`` truncates from each product.
        exponent: 1 in the sums is worth ``2**exponent``.
        rounding: The first rounding behind the sums, if its offset is in ``starts``.
        accum: Type of the accumulators.
    """

    rows: list[int]
    inputs: list[Interval]
    input_exponent: int
    weights: NDArray[np.int64]
    starts: NDArray[np.int64]
    dropped_bits: int
    exponent: int
    rounding: RoundingPlan | None
    accum: FixedType

    @property
    def lsb(self) -> float:
        """Worth of 1 in the integers of the inputs."""
        return 2.0**self.input_exponent

    @property
    def unit(self) -> float:
        """Worth of 1 in the sums."""
        return 2.0**self.exponent

    @property
    def limits(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Lowest and highest integer of each input."""
        ends = [[end * int(step / self.lsb) for end in reach(low, high, step)] for low, high, step in self.inputs]
        low, high = integers(np.array(ends, dtype=object).T)
        return low, high

    def product_bounds(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Lowest and highest value of each product after truncation, shape (rows, n_out)."""
        low, high = (products(ends[:, None], self.weights, len(ends)) for ends in self.limits)
        return np.minimum(low, high) >> self.dropped_bits, np.maximum(low, high) >> self.dropped_bits


def dense_sums(segment: Segment, intervals: list[Interval], *, may_truncate: bool) -> DenseSums:
    """What the dense layer at the head of a segment sums.

    Args:
        segment: The layers.
        intervals: What each input can be.
        may_truncate: Whether products that ``accum_t`` truncates can be reproduced.

    Raises:
        L1mlError: If the accumulator does what folding does not reproduce.
    """
    layer = segment.layers[0]
    parameters = family_of(layer).bounds(layer)
    assert isinstance(parameters, Sums)
    exact = _check_accumulator(layer, parameters, intervals, may_truncate=may_truncate)
    rows, accum = rows_that_count(parameters, intervals), parameters.accum
    inputs, weights = [intervals[i] for i in rows], parameters.weights.values[rows]
    input_exponent = int(Constants.of(np.array([step for _, _, step in inputs])).lowest.min())
    weight_exponent = int(Constants(weights, parameters.weights.exponent).lowest.min())
    product_exponent = input_exponent + weight_exponent
    start = _starts(parameters, intervals, exact=exact)
    exponent = min(product_exponent, int(start.lowest.min())) if exact else -accum.fraction
    # Products of constant inputs may be the only ones that lose bits.
    dropped = 0 if exact else max(0, exponent - product_exponent)
    plain = DenseSums(
        rows=rows,
        inputs=inputs,
        input_exponent=input_exponent,
        weights=Constants(weights, parameters.weights.exponent).at(exponent - input_exponent - dropped),
        starts=start.at(exponent),
        dropped_bits=dropped,
        exponent=exponent,
        rounding=None,
        accum=accum,
    )
    least, most = (plain.starts + bound.sum(axis=0) for bound in plain.product_bounds())
    bounds = tuple(int(bound) * Fraction(2) ** exponent for bound in (least.min(), most.max()))
    rounding = None if counts_bits(layer) else plan_rounding(segment.chain()[:2], accum, bounds, plain.unit)
    if rounding is None:
        return plain
    starts = integers(plain.starts.astype(object) + int(rounding.offset / plain.unit))
    return replace(plain, starts=starts, rounding=rounding)


def _starts(parameters: Sums, intervals: list[Interval], *, exact: bool) -> Constants:
    """What the sums start from if constant inputs are in it, each product of one cast as the accumulator does it."""
    still = Constants.of(np.array([low if low == high else 0.0 for low, high, _ in intervals]))
    weights, start = parameters.weights, parameters.start
    given = Constants(products(still.values[:, None], weights.values), still.exponent + weights.exponent)
    exponent = min(given.exponent, start.exponent) if exact else start.exponent
    total = start.at(exponent).astype(object) + given.at(exponent).astype(object).sum(axis=0)
    return Constants(integers(total), exponent)


def rows_that_count(parameters: Sums, intervals: list[Interval]) -> list[int]:
    """Index of each input that is not constant and has weights."""
    moving = np.array([low != high for low, high, _ in intervals])
    return [int(i) for i in np.flatnonzero(moving & np.any(parameters.weights.values != 0, axis=1))]


def _check_accumulator(layer: Any, parameters: Sums, intervals: list[Interval], *, may_truncate: bool) -> bool:
    """Whether the accumulator keeps every bit of every product."""
    accum = parameters.accum
    if parameters.bits is not None:
        raise L1mlError(
            f"layer {layer.name!r}: products with its powers of two lose bits below 2^-{parameters.bits}, which is not "
            "reproduced at reuse factors above 1; set its reuse factor to 1, or give its input fewer fractional bits"
        )
    x = FVArray.from_lhs(*np.array(intervals, dtype=np.float64).T, HARDWARE)
    exact = products_are_exact(x, parameters)
    advice = "set its accum precision to auto, or its reuse factor to 1"
    if not exact and not (may_truncate and accum.rounding == "TRN"):
        raise L1mlError(
            f"layer {layer.name!r}: accum_t {accum} drops bits of products, which is not reproduced at reuse factors "
            f"above 1 {'with this rounding mode' if may_truncate else 'by distributed arithmetic'}; {advice}"
        )
    if parameters.offsets or (accum.saturation != "WRAP" and not never_overflows(x, parameters)):
        raise L1mlError(
            f"layer {layer.name!r}: accum_t {accum} may saturate within the sum, which is not reproduced at "
            f"reuse factors above 1; {advice}"
        )
    return exact
