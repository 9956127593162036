"""A folded segment: a dense layer by distributed arithmetic and the light layers behind it, ready for printing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from alkaid.trace import FVariable, FVArray
from alkaid.types import CombLogic

from l1ml.compiler.buses import Source
from l1ml.compiler.circuit import Bit, Bits, Constant, Expression, Inverted, Joined, Net, Repeated
from l1ml.compiler.network import Segment, Tensor, identifier
from l1ml.compiler.programs.cast import cast
from l1ml.compiler.programs.exact import add, constant, interval
from l1ml.compiler.programs.trace import HARDWARE, Interval, intervals_of, symbol, trace_program
from l1ml.layers.dense.folding.digits.plan import Accumulator, DigitPlan, accumulator, plan_digits, trace_kernel
from l1ml.layers.dense.folding.digits.tabled import tabled
from l1ml.layers.dense.folding.digits.tables import TableKernel
from l1ml.layers.dense.folding.rounding import RoundingPlan
from l1ml.layers.dense.folding.sums import DenseSums, dense_sums
from l1ml.layers.dense.lowering import finish
from l1ml.layers.registry import family_of
from l1ml.reference.tables import Tables

HELD = "held"
"""Name of the net that holds the input."""


@dataclass(frozen=True)
class Sum:
    """One output's accumulator and what becomes of the bits that leave it.

    Attributes:
        index: Index of the output.
        accumulator: Its bounds and start.
        low_bits: Bits that left the accumulator and are kept.
        sticky: One bit remembers if any of the others from this one on was set; None if there is no such bit.
        kernel_bits: Bits of what the kernel gives for a digit.
    """

    index: int
    accumulator: Accumulator
    low_bits: int
    sticky: int | None
    kernel_bits: int

    @property
    def added(self) -> Net:
        """What the kernel gives: a register behind additions, a wire behind tables."""
        return Net(f"sum{self.index}", self.kernel_bits, True)

    @property
    def register(self) -> Net:
        """Register of the accumulator."""
        return Net(f"acc{self.index}", max(self.accumulator.width, self.kernel_bits), True)

    @property
    def low(self) -> Net:
        """Register of the bits that left it and are kept."""
        return Net(f"low{self.index}", self.low_bits)

    @property
    def remembered(self) -> Net:
        """Register of the bit that remembers others."""
        return Net(f"sticky{self.index}", 1)

    @property
    def register_bits(self) -> int:
        """Flip-flops of the accumulator and of what remembers bits that left it."""
        return self.register.width + self.low_bits + int(self.sticky is not None)


@dataclass(frozen=True)
class Arithmetic:
    """A dense layer's sums by distributed arithmetic.

    Attributes:
        plan: How the inputs are cut into digits.
        kernel: Constant kernel from digits to the sums of one digit, of additions or of tables.
        sums: The accumulators of the outputs that have weights.
    """

    plan: DigitPlan
    kernel: CombLogic | TableKernel
    sums: list[Sum]

    @property
    def cost(self) -> float:
        """Estimate of its LUTs: those of the kernel, and one for each bit of an accumulator."""
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
        worth: Worth of the lowest bit of an accumulator when its sum is complete.
        offset: What is added to each sum for rounding.
    """

    arithmetic: Arithmetic
    rows: list[int]
    post: CombLogic
    post_sources: list[Source]
    intervals: dict[str, list[Interval]]
    worth: float
    offset: float


def fold_digits(
    segment: Segment, reuse_factor: int, intervals: list[Interval], tables: Tables, stage_delay: float
) -> FoldedSegment:
    """Fold a segment that begins with a dense layer by distributed arithmetic.

    Args:
        segment: The layers; one input.
        reuse_factor: Clock cycles over which the work is spread.
        intervals: What each input can be.
        tables: The C++ tables.
        stage_delay: Longest logic between two registers, in adders one after the other.

    Raises:
        L1mlError: If the dense layer's accumulator loses bits of products, which folding does not reproduce.
    """
    sums = dense_sums(segment, intervals, may_truncate=False)
    plans = plan_digits(sums.inputs, reuse_factor)
    arithmetic = min((way for plan in plans for way in _ways(sums, plan, stage_delay)), key=lambda a: a.cost)
    post, sources, outputs = _post(segment, sums, arithmetic, tables)
    offset = sums.rounding.offset if sums.rounding else 0.0
    return FoldedSegment(arithmetic, sums.rows, post, sources, outputs, _worth(sums, arithmetic.plan), offset)


def _worth(sums: DenseSums, plan: DigitPlan) -> float:
    """Worth of the lowest bit of an accumulator when its sum is complete."""
    return sums.unit * 2.0 ** (plan.digit_bits * (plan.digits - 1))


def _ways(sums: DenseSums, plan: DigitPlan, stage_delay: float) -> Iterator[Arithmetic]:
    """Kernels and accumulators for one way to cut the inputs.

    Sums of tables are added to the accumulators without a register between; so tables take a delay of two adders.
    """
    weights, starts = sums.weights, sums.starts
    active = [int(j) for j in np.flatnonzero(np.any(weights != 0, axis=0))]
    kept, sticky = _low_bits(plan, sums.rounding, sums.unit)
    if plan.flipped:
        starts = starts - (weights.astype(object).sum(axis=0) << (plan.bits - 1))
    kernel = trace_kernel(weights[:, active], plan)
    widths = [max(int(q.kif.integers), 0) + 1 for q in kernel.out_qint]
    entries = [
        Sum(j, accumulator(weights[:, j], int(starts[j]), plan), kept, sticky, width)
        for j, width in zip(active, widths, strict=True)
    ]
    yield Arithmetic(plan, kernel, entries)
    if stage_delay >= 2:
        additions = int(stage_delay) - 1
        found = [tabled(weights[:, j], int(starts[j]), plan, additions) for j in active]
        entries = [Sum(j, total, kept, sticky, table.width) for j, (table, total) in zip(active, found, strict=True)]
        yield Arithmetic(plan, TableKernel(tuple(table for table, _ in found), additions), entries)


def _low_bits(plan: DigitPlan, rounding: RoundingPlan | None, unit: float) -> tuple[int, int | None]:
    """How many of the bits that leave the accumulators are kept, and from which on the others are remembered in one."""
    leaving = plan.digit_bits * (plan.digits - 1)
    if rounding is None:
        return leaving, None
    dropped = min(leaving, round(np.log2(rounding.target.lsb / unit)))
    cut = round(np.log2(rounding.cut.lsb / unit)) if rounding.cut else 0
    return leaving - dropped, cut if rounding.target.rounding == "RND_CONV" and dropped > cut else None


def _post(
    segment: Segment, sums: DenseSums, arithmetic: Arithmetic, tables: Tables
) -> tuple[CombLogic, list[Source], dict[str, list[Interval]]]:
    """The logic behind the accumulators: the rest of the rounding and the other layers of the segment."""
    plan, rounding = arithmetic.plan, sums.rounding
    top = _worth(sums, plan)
    inputs: list[FVariable] = []
    sources: list[Source] = []

    def read(net: Net, low: int, high: int, step: float) -> FVariable:
        value = symbol(*interval(low, high, step))
        inputs.append(value)
        sources.append(Source(net, 0, round(-np.log2(step))))
        return value

    values: list[FVariable] = [constant(int(v) * Fraction(2) ** sums.exponent, HARDWARE) for v in sums.starts]
    stickies: list[FVariable | None] = [None] * len(values)
    for entry in arithmetic.sums:
        value = read(entry.register, *entry.accumulator.final, top)
        if entry.low_bits:
            lowest = read(entry.low, 0, (1 << entry.low_bits) - 1, top * 2.0**-entry.low_bits)
            value = add(value, lowest)
        if entry.sticky is not None:
            stickies[entry.index] = read(entry.remembered, 0, 1, 1.0)
        values[entry.index] = value
    if rounding is not None:
        results = [rounding.finish(v, s) for v, s in zip(values, stickies, strict=True)]
        remaining = segment.layers[1 + rounding.layers :]
        name = segment.layers[rounding.layers].outputs[0]
    else:
        results = [finish(segment.layers[0], cast(v, sums.accum)) for v in values]
        remaining = segment.layers[1:]
        name = segment.layers[0].outputs[0]
    known = {identifier(name): FVArray(np.array(results), hwconf=HARDWARE)}
    for layer in remaining:
        (output,) = layer.outputs
        known[identifier(output)] = family_of(layer).lower(layer, [known[identifier(n)] for n in layer.inputs], tables)
    outputs = [v for t in segment.outputs for v in np.asarray(known[t.name])]
    logic = trace_program(inputs, outputs)
    found = {t.name: intervals_of(np.asarray(known[t.name])) for t in segment.outputs}
    return logic, sources, found


def digit_expressions(tensor: Tensor, folded: FoldedSegment) -> list[Expression]:
    """Each taking-part input, its bits from the first digit's lowest on, extended to all digits."""
    plan, kind, held = folded.arithmetic.plan, tensor.type, Net(HELD, tensor.bits)
    skip = round(np.log2(plan.lsb / kind.lsb))
    have = min(kind.width - skip, plan.bits)
    expressions = []
    for row in folded.rows:
        low = row * kind.width + skip
        top = low + have - 1
        bits: Expression = Bits(held, low, have)
        if plan.flipped:
            flipped = Inverted(Bit(held, top))
            bits = Joined((flipped, Bits(held, low, have - 1))) if have > 1 else flipped
        missing = plan.padded_bits - have
        if missing > 0:
            bits = Joined((Repeated(missing, Bit(held, top) if plan.signed else Constant(0, 1)), bits))
        expressions.append(bits)
    return expressions
