"""Norm1 folded: a few lanes take the inputs in turn, once for the sum and once to divide by it.

The inputs pass in slices, one for each clock cycle. A sum of each slice is accumulated. When the last one is in, the
accumulator gives reciprocal and shifts, which stay while the slices come by again, delayed, for the division. Slices of
the next event are summed meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence

from alkaid.trace import FVariable
from alkaid.types import CombLogic

from l1ml.compiler.folded import PrintedSegment
from l1ml.compiler.network import Segment, Tensor
from l1ml.compiler.programs.listing import Listing, Sink, Source
from l1ml.compiler.programs.operations import tree_sum
from l1ml.compiler.programs.pipeline import Schedule, schedule
from l1ml.compiler.programs.printer import list_program
from l1ml.compiler.programs.trace import full_range, symbol, trace_program
from l1ml.layers.norm1.arithmetic import Norm1Arithmetic
from l1ml.layers.norm1.lowering import quotient, scale


def fold_norm(segment: Segment, source: Tensor, *, capture: bool, stage_delay: float) -> PrintedSegment:
    """Fold a segment that is a Norm1.

    Args:
        segment: The layer and its output.
        source: Its input.
        capture: Whether the input must be copied because it does not stay.
        stage_delay: Longest logic between two registers, in adders one after the other.
    """
    numbers, slices = Norm1Arithmetic.of(segment.layers[0]), segment.reuse_factor
    (output,) = segment.outputs
    lanes = -(-source.size // slices)
    low, high = (float(end) for end in (source.type.minimum, source.type.maximum))
    elements = [Source("slice", i * source.type.width, 0) for i in range(lanes)]
    inputs = [symbol(low, high, 1.0) for _ in range(lanes)]

    part = _Program([tree_sum(inputs)], inputs, elements, stage_delay, "p")
    total = symbol(low * source.size, high * source.size, 1.0)
    factor, shifts = scale(total, numbers)
    shared = [factor, *(there for _, there in shifts)]
    sum_bits = numbers.top + 2
    common = _Program(shared, [total], [Source("total", 0, 0)], stage_delay, "c")
    kept = [symbol(v.low, v.high, v.step) if v.low != v.high else v for v in shared]
    places = [Source("factor", 0, 0), *(Source("there", i, 0) for i in range(len(shifts)))]
    free = [(value, place) for value, place in zip(kept, places, strict=True) if value.low != value.high]
    again = [(place, there) for (place, _), there in zip(shifts, kept[1:], strict=True)]
    delayed = [Source("delayed", s.low, 0) for s in elements]
    results = [quotient(value, again, kept[0], numbers) for value in inputs]
    divide = _Program(results, [*inputs, *(v for v, _ in free)], [*delayed, *(s for _, s in free)], stage_delay, "q")

    first = int(capture) + 1 + part.stages
    take = int(capture) + slices + part.stages + common.stages
    collect = take + divide.stages - 1
    sink = Sink(output.type.width, output.type.fraction)
    programs = (part, common, divide)
    return PrintedSegment(
        template="rtl/norm.sv.j2",
        values={
            "capture": capture,
            "slices": slices,
            "lanes": lanes,
            "phase_bits": max(1, (slices - 1).bit_length()),
            "delay": slices + part.stages + common.stages,
            "sum_bits": sum_bits,
            "factor_bits": numbers.reciprocal_bits,
            "shifts": len(shifts),
            "part": part.listing([Sink(sum_bits, 0)]),
            "common": common.listing([Sink(numbers.reciprocal_bits, 0), *[Sink(1, 0)] * len(shifts)]),
            "divide": divide.listing([sink] * lanes),
            "element": source.type.width,
            "result": output.type.width,
        },
        strobes={"start": int(capture) - 1, "first": first, "take": take, "collect": collect},
        latency=collect + 1 + slices,
        strategy="lanes",
        luts=sum(p.logic.cost for p in programs) + lanes * source.type.width * (slices / 3 + 1),
        multipliers=0,
        register_bits=sum(p.plan.register_bits for p in programs) + source.bits + output.bits,
        intervals={output.name: full_range(output)},
        holds=False,  # the next event takes their place slice by slice
    )


class _Program:
    """A traced and scheduled piece of logic, whose last register the template adds."""

    def __init__(
        self,
        outputs: Sequence[FVariable],
        inputs: Sequence[FVariable],
        sources: Sequence[Source],
        stage_delay: float,
        prefix: str,
    ) -> None:
        self.logic: CombLogic = trace_program(inputs, outputs)
        self.plan: Schedule = schedule(self.logic, stage_delay)
        self.sources, self.prefix = sources, prefix

    @property
    def stages(self) -> int:
        return self.plan.stages

    def listing(self, sinks: Sequence[Sink]) -> Listing:
        return list_program(self.logic, self.plan, self.sources, sinks, self.prefix)
