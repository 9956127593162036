"""A folded segment: a dense layer by distributed arithmetic and the light layers behind it, ready for printing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from alkaid.trace import FVariable, FVArray
from alkaid.types import CombLogic
from numpy.typing import NDArray

from l1ml.errors import L1mlError
from l1ml.rtl.cast import cast
from l1ml.rtl.folding.distributed import Accumulator, DigitPlan, accumulator, plan_digits, trace_kernel
from l1ml.rtl.folding.rounding import RoundingPlan, plan_rounding
from l1ml.rtl.graph import Segment, Tensor, identifier
from l1ml.rtl.listing import Source
from l1ml.rtl.lowering import lower
from l1ml.rtl.lowering.dense import DenseParameters, lowest_bit, never_overflows, products_are_exact
from l1ml.rtl.lowering.registry import Tables, output_type
from l1ml.rtl.trace import HARDWARE, Interval, intervals_of, symbol, trace_program


@dataclass(frozen=True)
class Sum:
    """One output's accumulator and what becomes of the bits that leave it.

    Attributes:
        index: Index of the output.
        accumulator: Its bounds and start.
        low_bits: Bits that left the accumulator and are kept.
        sticky: Whether one bit remembers if any of the others was set.
    """

    index: int
    accumulator: Accumulator
    low_bits: int
    sticky: bool


@dataclass(frozen=True)
class Arithmetic:
    """A dense layer's sums by distributed arithmetic.

    Attributes:
        plan: How the inputs are cut into digits.
        kernel: Constant kernel from digits to the sums of one digit.
        sums: The accumulators of the outputs that have weights.
    """

    plan: DigitPlan
    kernel: CombLogic
    sums: list[Sum]

    @property
    def cost(self) -> float:
        """Estimate of its LUTs: alkaid's for the kernel, one for each bit of an accumulator."""
        return self.kernel.cost + sum(s.accumulator.width for s in self.sums)


@dataclass(frozen=True)
class FoldedSegment:
    """A segment as a folded dense layer and what follows it.

    Attributes:
        arithmetic: The dense layer's sums.
        rows: Index of each input that takes part.
        post: Logic from the finished sums to the elements of the outputs.
        post_sources: Where its inputs are.
        intervals: What each element of each output tensor can be.
    """

    arithmetic: Arithmetic
    rows: list[int]
    post: CombLogic
    post_sources: list[Source]
    intervals: dict[str, list[Interval]]


def fold_segment(segment: Segment, reuse_factor: int, intervals: list[Interval], tables: Tables) -> FoldedSegment:
    """Fold a segment that begins with a dense layer.

    Args:
        segment: The layers; one input.
        reuse_factor: Clock cycles over which the work is spread.
        intervals: What each input can be.
        tables: The C++ tables.

    Raises:
        L1mlError: If the dense layer's accumulator loses bits of products, which folding does not reproduce.
    """
    layer = segment.layers[0]
    parameters = DenseParameters.of(layer)
    _check_accumulator(layer, parameters, intervals)
    low, high, _ = np.array(intervals, dtype=np.float64).T
    rows = [int(i) for i in np.flatnonzero((low != high) & np.any(parameters.weights != 0, axis=1))]
    if not rows:
        raise L1mlError(f"layer {layer.name!r} has no weights left that matter; use reuse factor 1 for it")
    start = parameters.start + np.where(low == high, low, 0.0) @ parameters.weights
    plans = plan_digits([intervals[i] for i in rows], reuse_factor)
    real = parameters.weights[rows]
    unit = min([plans[0].lsb * lowest_bit(w) for w in real[real != 0]] + [lowest_bit(b) for b in start[start != 0]])
    weights = np.rint(real * plans[0].lsb / unit).astype(np.int64)
    rounding = plan_rounding(segment.layers, parameters.accum, _bounds(start, real, low[rows], high[rows]), unit)
    offset = rounding.offset if rounding else 0.0
    starts = np.rint((start + offset) / unit).astype(np.int64)
    arithmetic = min((_arithmetic(weights, starts, plan, rounding, unit) for plan in plans), key=lambda a: a.cost)
    post, sources, outputs = _post(segment, parameters, rounding, arithmetic, starts * unit, unit, tables)
    return FoldedSegment(arithmetic, rows, post, sources, outputs)


def _arithmetic(
    weights: NDArray[np.int64], starts: NDArray[np.int64], plan: DigitPlan, rounding: RoundingPlan | None, unit: float
) -> Arithmetic:
    """Kernel and accumulators for one way to cut the inputs."""
    active = [int(j) for j in np.flatnonzero(np.any(weights != 0, axis=0))]
    kept, sticky = _low_bits(plan, rounding, unit)
    if plan.flipped:
        starts = starts - (weights.sum(axis=0) << (plan.bits - 1))
    sums = [Sum(j, accumulator(weights[:, j], int(starts[j]), plan), kept, sticky) for j in active]
    return Arithmetic(plan, trace_kernel(weights[:, active], plan), sums)


def _check_accumulator(layer: Any, parameters: DenseParameters, intervals: list[Interval]) -> None:
    x = FVArray.from_lhs(*np.array(intervals, dtype=np.float64).T, HARDWARE)
    if not products_are_exact(x, parameters.weights, parameters.accum):
        raise L1mlError(
            f"layer {layer.name!r}: accum_t {parameters.accum} drops bits of products, which is not reproduced at "
            "reuse factors above 1; set its accum precision to auto, or its reuse factor to 1"
        )
    saturates = parameters.accum.saturation != "WRAP"
    if saturates and not never_overflows(x, parameters.weights, parameters.start, parameters.accum):
        raise L1mlError(
            f"layer {layer.name!r}: accum_t {parameters.accum} may saturate within the sum, which is not reproduced at "
            "reuse factors above 1; set its accum precision to auto, or its reuse factor to 1"
        )


def _bounds(
    start: NDArray[np.float64], real: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]
) -> tuple[float, float]:
    """Lowest and highest sum of all outputs."""
    positive, negative = np.maximum(real, 0), np.minimum(real, 0)
    lowest = start + low @ positive + high @ negative
    highest = start + high @ positive + low @ negative
    return float(lowest.min()), float(highest.max())


def _low_bits(plan: DigitPlan, rounding: RoundingPlan | None, unit: float) -> tuple[int, bool]:
    """How many of the bits that leave the accumulators are kept, and whether the others are remembered in one."""
    leaving = plan.digit_bits * (plan.digits - 1)
    if rounding is None:
        return leaving, False
    dropped = min(leaving, round(np.log2(rounding.target.lsb / unit)))
    return leaving - dropped, rounding.target.rounding == "RND_CONV" and dropped > 0


def _post(
    segment: Segment,
    parameters: DenseParameters,
    rounding: RoundingPlan | None,
    arithmetic: Arithmetic,
    starts: NDArray[np.floating],
    unit: float,
    tables: Tables,
) -> tuple[CombLogic, list[Source], dict[str, list[Interval]]]:
    """The logic behind the accumulators: the rest of the rounding and the other layers of the segment."""
    plan = arithmetic.plan
    top = unit * 2.0 ** (plan.digit_bits * (plan.digits - 1))
    inputs: list[FVariable] = []
    sources: list[Source] = []

    def read(name: str, low: float, high: float, step: float) -> FVariable:
        value = symbol(low, high, step)
        inputs.append(value)
        sources.append(Source(name, 0, round(-np.log2(step))))
        return value

    values: list[FVariable] = [FVariable.from_const(float(v), hwconf=HARDWARE) for v in starts]
    stickies: list[FVariable | None] = [None] * len(values)
    for entry in arithmetic.sums:
        lowest, highest = (bound * top for bound in entry.accumulator.final)
        value = read(f"acc{entry.index}", lowest, highest, top)
        if entry.low_bits:
            step = top * 2.0**-entry.low_bits
            value = value + read(f"low{entry.index}", 0.0, top - step, step)
        if entry.sticky:
            stickies[entry.index] = read(f"sticky{entry.index}", 0.0, 1.0, 1.0)
        values[entry.index] = value
    if rounding is not None:
        results = [rounding.finish(v, s) for v, s in zip(values, stickies, strict=True)]
        remaining = segment.layers[1 + rounding.layers :]
        name = segment.layers[rounding.layers].outputs[0]
    else:
        result = output_type(segment.layers[0])
        results = [cast(cast(v, parameters.accum), result) for v in values]
        remaining = segment.layers[1:]
        name = segment.layers[0].outputs[0]
    known = {identifier(name): FVArray(np.array(results), hwconf=HARDWARE)}
    for layer in remaining:
        (output,) = layer.outputs
        known[identifier(output)] = lower(layer, [known[identifier(n)] for n in layer.inputs], tables)
    outputs = [v for t in segment.outputs for v in np.asarray(known[t.name])]
    logic = trace_program(inputs, outputs)
    found = {t.name: intervals_of(np.asarray(known[t.name])) for t in segment.outputs}
    return logic, sources, found


def digit_expressions(tensor: Tensor, folded: FoldedSegment) -> list[str]:
    """Verilog of each taking-part input, its bits from the first digit's lowest on, extended to all digits."""
    plan, kind = folded.arithmetic.plan, tensor.type
    skip = round(np.log2(plan.lsb / kind.lsb))
    have = min(kind.width - skip, plan.bits)
    expressions = []
    for row in folded.rows:
        low = row * kind.width + skip
        top = low + have - 1
        text = f"held[{top}:{low}]"
        if plan.flipped:
            text = f"{{~held[{top}], held[{top - 1}:{low}]}}" if have > 1 else f"~held[{top}:{low}]"
        missing = plan.padded_bits - have
        if missing > 0:
            fill = f"held[{top}]" if plan.signed else "1'b0"
            text = f"{{{{{missing}{{{fill}}}}}, {text}}}"
        expressions.append(text)
    return expressions
