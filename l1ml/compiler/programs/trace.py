"""Tracing a segment: from hls4ml layers to one combinational program of alkaid operations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from alkaid.trace import FVariable, FVArray, HWConfig, trace
from alkaid.types import CombLogic

from l1ml.compiler.network import Segment, Tensor, View, identifier
from l1ml.compiler.programs.cast import cast
from l1ml.compiler.programs.exact import interval
from l1ml.compiler.programs.simplify import simplify
from l1ml.compiler.programs.widths import check_widths
from l1ml.reference.tables import Tables

Interval = tuple[float, float, float]
"""Lowest value, highest value and step of one element: what it can be, tighter than its type."""

HARDWARE = HWConfig(1, 1, -1)
"""alkaid's delay model: about one unit for each adder, growing slowly with its carry chain."""


@dataclass(frozen=True)
class TracedSegment:
    """A segment as combinational logic.

    Attributes:
        segment: The layers.
        logic: Program from all elements of the inputs to all elements of the outputs, in order.
        intervals: What each element of each output tensor can be.
    """

    segment: Segment
    logic: CombLogic
    intervals: dict[str, list[Interval]]


def full_range(tensor: Tensor) -> list[Interval]:
    """Intervals of a tensor of which nothing but the type, or its limits, is known."""
    return [interval(*tensor.limits, tensor.type.lsb)] * tensor.size


def trace_segment(segment: Segment, intervals: dict[str, list[Interval]], tables: Tables) -> TracedSegment:
    """Lower a segment's layers one after the other on symbolic inputs.

    Args:
        segment: The layers and their tensors.
        intervals: For each input tensor, what its elements can be.
        tables: The C++ tables.

    Raises:
        L1mlError: If a layer has no lowering.
    """
    values: dict[str, FVArray] = {t.name: _symbols(intervals[t.name]) for t in segment.inputs}
    for step in segment.steps:
        (output,) = step.layer.outputs
        arguments = [values[identifier(name)] for name in step.layer.inputs]
        values[identifier(output)] = step.family.lower(step.layer, arguments, tables)
    inputs = [v for t in segment.inputs for v in np.asarray(values[t.name])]
    outputs = [v for t in segment.outputs for v in np.asarray(values[t.name])]
    logic = trace_program(inputs, outputs)
    return TracedSegment(segment, logic, {t.name: intervals_of(np.asarray(values[t.name])) for t in segment.outputs})


def view_intervals(view: View, intervals: dict[str, list[Interval]]) -> list[Interval]:
    """What each element of a tensor of wires can be, by what its sources can be."""
    before = [intervals[t.name] for t in view.sources]
    taken = [(0.0, 0.0, 1.0) if place is None else before[place[0]][place[1]] for place in view.places]
    cut = {interval: cast(symbol(*interval), view.tensor.type) for interval in dict.fromkeys(taken)}
    return intervals_of([cut[interval] for interval in taken])


def symbol(low: float, high: float, step: float) -> FVariable:
    """A symbolic input that is a multiple of ``step`` from ``low`` to ``high``."""
    return FVariable(low, high, step, hwconf=HARDWARE, latency=0.0)


def trace_program(inputs: Iterable[FVariable], outputs: Iterable[FVariable]) -> CombLogic:
    """The program from symbolic inputs to values made of them, simplified."""
    logic = simplify(trace(list(inputs), list(outputs), optimize=False))
    check_widths(logic)
    return logic


def _symbols(intervals: Sequence[Interval]) -> FVArray:
    return FVArray(np.array([symbol(*interval) for interval in intervals]), hwconf=HARDWARE)


def intervals_of(values: Iterable[FVariable]) -> list[Interval]:
    """What each of some symbolic values can be."""
    return [(float(v.low), float(v.high), float(v.step) or 1.0) for v in values]
