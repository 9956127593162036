"""A folded segment whose dense layer shares multipliers, and the light layers behind it, ready for printing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import takewhile
from typing import Any, Literal

import numpy as np
from alkaid.trace import FVariable, FVArray
from alkaid.types import CombLogic

from l1ml.compiler.buses import Source, tensor_sources
from l1ml.compiler.circuit import Net
from l1ml.compiler.hardware import MULTIPLIER_PRICE
from l1ml.compiler.network import Segment, Tensor, identifier
from l1ml.compiler.programs.cast import cast
from l1ml.compiler.programs.exact import add, constant, interval
from l1ml.compiler.programs.trace import HARDWARE, Interval, intervals_of, symbol, trace_program
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.layers.dense.folding.multipliers.packing import Group, Prices, pack
from l1ml.layers.dense.folding.sums import DenseSums, dense_sums
from l1ml.layers.dense.lowering import finish
from l1ml.layers.parameters import output_type
from l1ml.layers.registry import family_of
from l1ml.reference.tables import Tables

DSP_WIDE, DSP_NARROW, DSP_SUM = 27, 18, 48
"""Bits of the two factors and of the accumulator of a DSP48E2 (AMD UG579)."""

Multiplier = Literal["dsp", "fabric"]
"""What multiplies: a DSP48E2, or LUTs."""


@dataclass(frozen=True)
class LaneSum:
    """A multiplier's accumulator.

    Attributes:
        net: What it holds.
        starts: What the neuron of each task starts from.
    """

    net: Net
    starts: tuple[int, ...]

    @property
    def width(self) -> int:
        """Bits, two's complement."""
        return self.net.width


@dataclass(frozen=True)
class Engine:
    """A group of lanes and what becomes of their sum.

    Attributes:
        group: Who works when on what.
        sums: The accumulator of each lane.
        post: Logic from the accumulators to the neuron's value.
        post_sources: Where its inputs are.
    """

    group: Group
    sums: tuple[LaneSum, ...]
    post: CombLogic
    post_sources: list[Source]


@dataclass(frozen=True)
class SharedSegment:
    """A segment as shared multipliers and what follows them.

    Attributes:
        sums: The dense layer in integers.
        engines: Groups of multipliers.
        constants: Values of the neurons that have no weights.
        value: Name, number and type of what the engines give.
        rest: Logic from these values to the outputs; None if they are the outputs.
        rest_sources: Where its inputs are.
        intervals: What each element of each output tensor can be.
        input_bits: Bits of an input, sign included.
        signed: Whether inputs have a sign of their own.
        weight_bits: Bits of a weight, sign included.
        multiplier: What multiplies.
    """

    sums: DenseSums
    engines: list[Engine]
    constants: dict[int, float]
    value: Tensor
    rest: CombLogic | None
    rest_sources: list[Source]
    intervals: dict[str, list[Interval]]
    input_bits: int
    signed: bool
    weight_bits: int
    multiplier: Multiplier


def fold_multipliers(
    segment: Segment, reuse_factor: int, intervals: list[Interval], tables: Tables, multiplier: Multiplier
) -> SharedSegment:
    """Fold a segment that begins with a dense layer onto shared multipliers.

    Args:
        segment: The layers; one input.
        reuse_factor: Clock cycles over which the work is spread.
        intervals: What each input can be.
        tables: The C++ tables.
        multiplier: What multiplies.

    Raises:
        L1mlError: If the accumulator does what folding does not reproduce, or the numbers are too wide for a DSP.
    """
    sums = dense_sums(segment, intervals, may_truncate=True)
    kind = segment.inputs[0].type
    weight_bits = max(_bits(int(sums.weights.min())), _bits(int(sums.weights.max())))
    positions, (low, high) = sums.rows, sums.product_bounds()
    widest = _bits(int(np.abs(low).sum(axis=0).max() + np.abs(high).sum(axis=0).max()))
    prices = Prices(
        lane=MULTIPLIER_PRICE + weight_bits + kind.width * reuse_factor / 3, adder=widest, result=2.0 * widest
    )
    groups = pack(sums.weights != 0, positions, reuse_factor, prices)
    shared = _shared_layers(segment)
    head = segment.layers[len(shared)]
    value = Tensor("value", int(head.get_output_variable().size()), output_type(head))
    elements: list[FVariable] = [_zero()] * value.size
    engines: list[Engine] = []
    for group in groups:
        engine, result = _engine(group, len(engines), sums, segment.layers[0], shared, tables)
        if multiplier == "dsp":
            _check_dsp(segment.layers[0].name, kind, weight_bits, max(s.width for s in engine.sums))
        engines.append(engine)
        for task in group.tasks:
            elements[task.output] = result
    idle = set(range(value.size)) - {t.output for g in groups for t in g.tasks}
    constants = {}
    for j in sorted(idle):
        start = constant(int(sums.starts[j]) * Fraction(2) ** sums.exponent, HARDWARE)
        elements[j] = _finish(start, sums, segment.layers[0], shared, tables)
        constants[j] = float(elements[j].low)
    rest, rest_sources, outputs = _rest(segment, len(shared), value, elements, tables)
    return SharedSegment(
        sums=sums,
        engines=engines,
        constants=constants,
        value=value,
        rest=rest,
        rest_sources=rest_sources,
        intervals=outputs,
        input_bits=kind.width + int(not kind.signed),
        signed=kind.signed,
        weight_bits=weight_bits,
        multiplier=multiplier,
    )


def _bits(value: int) -> int:
    """Bits of a two's complement integer."""
    return (value if value >= 0 else -value - 1).bit_length() + 1


def _zero() -> FVariable:
    return FVariable.from_const(0.0, hwconf=HARDWARE)


def _check_dsp(name: str, kind: FixedType, weight_bits: int, sum_bits: int) -> None:
    narrow, wide = sorted((weight_bits, kind.width + int(not kind.signed)))
    if narrow > DSP_NARROW or wide > DSP_WIDE or sum_bits > DSP_SUM:
        raise L1mlError(
            f"layer {name!r}: products of {wide} by {narrow} bits with sums of {sum_bits} bits do not fit a DSP48E2 "
            f"({DSP_WIDE} by {DSP_NARROW}, {DSP_SUM}); use strategy distributed_arithmetic or narrower types"
        )


def _shared_layers(segment: Segment) -> list[Any]:
    """The layers behind the dense one that an engine can apply to each of its neurons in turn."""
    return list(takewhile(lambda layer: family_of(layer).uniform(layer), segment.chain()[1:]))


def _engine(
    group: Group, index: int, sums: DenseSums, dense: Any, shared: Sequence[Any], tables: Tables
) -> tuple[Engine, FVariable]:
    """The accumulators of a group and the logic behind them, which has to serve all of its neurons."""
    low, high = sums.product_bounds()
    lane_sums, inputs, sources = [], [], []
    for number, lane in enumerate(group.lanes):
        finals: list[int] = []
        partial: list[int] = []
        starts = []
        for task in group.tasks:
            rows = [r for r in lane[task.first : task.last + 1] if r is not None]
            start = int(sums.starts[task.output]) if number == 0 else 0
            least, most = low[rows, task.output], high[rows, task.output]
            finals += [start + int(least.sum()), start + int(most.sum())]
            partial += [start + int(np.minimum(least, 0).sum()), start + int(np.maximum(most, 0).sum())]
            starts.append(start)
        width = max(_bits(min(partial)), _bits(max(partial)))
        lane_sums.append(LaneSum(Net(f"acc{index}_{number}", width, True), tuple(starts)))
        inputs.append(symbol(*interval(min(finals), max(finals), sums.unit)))
        sources.append(Source(lane_sums[-1].net, 0, round(-np.log2(sums.unit))))
    total = inputs[0]
    for more in inputs[1:]:
        total = add(total, more)
    result = _finish(total, sums, dense, shared, tables)
    return Engine(group, tuple(lane_sums), trace_program(inputs, [result]), sources), result


def _finish(total: FVariable, sums: DenseSums, dense: Any, shared: Sequence[Any], tables: Tables) -> FVariable:
    """Round a sum and apply the layers that are shared."""
    remaining = list(shared)
    if sums.rounding is not None:
        result = sums.rounding.finish(total, None)
        remaining = remaining[sums.rounding.layers :]
    else:
        result = finish(dense, cast(total, sums.accum))
    for layer in remaining:
        (result,) = np.asarray(family_of(layer).lower(layer, [FVArray(np.array([result]), hwconf=HARDWARE)], tables))
    return result


def _rest(
    segment: Segment, shared: int, value: Tensor, elements: list[FVariable], tables: Tables
) -> tuple[CombLogic | None, list[Source], dict[str, list[Interval]]]:
    """The layers that come when all neurons are done."""
    layers = segment.layers[shared + 1 :]
    if not layers:
        (output,) = segment.outputs
        return None, [], {output.name: intervals_of(elements)}
    moving = [j for j, e in enumerate(elements) if e.low != e.high]
    inputs = {j: symbol(*interval) for j, interval in enumerate(intervals_of(elements)) if j in moving}
    everything = tensor_sources([value])
    values = [inputs.get(j, e) for j, e in enumerate(elements)]
    known = {identifier(segment.layers[shared].outputs[0]): FVArray(np.array(values), hwconf=HARDWARE)}
    for layer in layers:
        (name,) = layer.outputs
        known[identifier(name)] = family_of(layer).lower(layer, [known[identifier(n)] for n in layer.inputs], tables)
    outputs = [v for t in segment.outputs for v in np.asarray(known[t.name])]
    logic = trace_program(list(inputs.values()), outputs)
    found = {t.name: intervals_of(np.asarray(known[t.name])) for t in segment.outputs}
    return logic, [everything[j] for j in moving], found
