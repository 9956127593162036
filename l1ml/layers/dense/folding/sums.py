"""The sums of a folded dense layer in integers: what has to be computed, before it is decided how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from alkaid.trace import FVArray
from numpy.typing import NDArray

from l1ml.compiler.network import Segment
from l1ml.compiler.programs.trace import HARDWARE, Interval
from l1ml.errors import L1mlError
from l1ml.layers.dense.folding.rounding import RoundingPlan, plan_rounding
from l1ml.layers.dense.lowering import DenseParameters, lowest_bit, never_overflows, products_are_exact


@dataclass(frozen=True)
class DenseSums:
    """Sum j is ``starts[j] + sum_i (x[i] * weights[i, j] >> dropped_bits)``, all of them integers.

    Attributes:
        rows: Index of each input that takes part; the others are constant or have no weights.
        inputs: What each of these can be, in real numbers.
        lsb: Worth of 1 in the integers of the inputs.
        weights: Shape (rows, n_out).
        starts: Bias, constant inputs and the offset of the rounding; shape (n_out,).
        dropped_bits: Bits that ``accum_t`` truncates from each product.
        unit: Worth of 1 in the sums.
        rounding: The first rounding behind the sums, if its offset is in ``starts``.
        parameters: The layer's real numbers.
    """

    rows: list[int]
    inputs: list[Interval]
    lsb: float
    weights: NDArray[np.int64]
    starts: NDArray[np.int64]
    dropped_bits: int
    unit: float
    rounding: RoundingPlan | None
    parameters: DenseParameters

    @property
    def limits(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Lowest and highest integer of each input."""
        low, high, _ = np.array(self.inputs, dtype=np.float64).T
        return np.rint(low / self.lsb).astype(np.int64), np.rint(high / self.lsb).astype(np.int64)

    def product_bounds(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Lowest and highest value of each product after truncation, shape (rows, n_out)."""
        low, high = (ends[:, None] * self.weights for ends in self.limits)
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
    parameters = DenseParameters.of(layer)
    exact = _check_accumulator(layer, parameters, intervals, may_truncate=may_truncate)
    low, high, steps = np.array(intervals, dtype=np.float64).T
    moving = low != high
    rows = rows_that_count(parameters, intervals)
    fixed = np.where(moving, 0.0, low)[:, None] * parameters.weights
    if not exact:
        fixed = np.floor(fixed / parameters.accum.lsb) * parameters.accum.lsb
    start = parameters.start + fixed.sum(axis=0)
    lsb = float(steps[rows].min())
    real = parameters.weights[rows]
    weight_lsb = min(lowest_bit(w) for w in real[real != 0])
    unit = min([lsb * weight_lsb] + [lowest_bit(b) for b in start[start != 0]]) if exact else parameters.accum.lsb
    # Products of constant inputs may be the only ones that lose bits.
    dropped = 0 if exact else max(0, round(np.log2(unit / (lsb * weight_lsb))))
    weights = np.rint(real * lsb * 2.0**dropped / unit).astype(np.int64)
    plain = DenseSums(
        rows=rows,
        inputs=[intervals[i] for i in rows],
        lsb=lsb,
        weights=weights,
        starts=np.rint(start / unit).astype(np.int64),
        dropped_bits=dropped,
        unit=unit,
        rounding=None,
        parameters=parameters,
    )
    least, most = (plain.starts + bound.sum(axis=0) for bound in plain.product_bounds())
    bounds = (float(least.min()) * unit, float(most.max()) * unit)
    rounding = plan_rounding(segment.chain()[:2], parameters.accum, bounds, unit)
    if rounding is None:
        return plain
    starts = np.rint((start + rounding.offset) / unit).astype(np.int64)
    return DenseSums(**{**vars(plain), "starts": starts, "rounding": rounding})


def rows_that_count(parameters: DenseParameters, intervals: list[Interval]) -> list[int]:
    """Index of each input that is not constant and has weights."""
    moving = np.array([low != high for low, high, _ in intervals])
    return [int(i) for i in np.flatnonzero(moving & np.any(parameters.weights != 0, axis=1))]


def _check_accumulator(
    layer: Any, parameters: DenseParameters, intervals: list[Interval], *, may_truncate: bool
) -> bool:
    """Whether the accumulator keeps every bit of every product."""
    accum = parameters.accum
    x = FVArray.from_lhs(*np.array(intervals, dtype=np.float64).T, HARDWARE)
    exact = products_are_exact(x, parameters.weights, accum)
    advice = "set its accum precision to auto, or its reuse factor to 1"
    if not exact and not (may_truncate and accum.rounding == "TRN"):
        raise L1mlError(
            f"layer {layer.name!r}: accum_t {accum} drops bits of products, which is not reproduced at reuse factors "
            f"above 1 {'with this rounding mode' if may_truncate else 'by distributed arithmetic'}; {advice}"
        )
    if accum.saturation != "WRAP" and not never_overflows(x, parameters.weights, parameters.start, accum):
        raise L1mlError(
            f"layer {layer.name!r}: accum_t {accum} may saturate within the sum, which is not reproduced at "
            f"reuse factors above 1; {advice}"
        )
    return exact
