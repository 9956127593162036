"""Norm1 folded: a few lanes take the inputs in turn, once for the sum and once to divide by it.

The inputs pass in slices, one for each clock cycle. A sum of each slice is accumulated. When the last one is in, the
accumulator gives reciprocal and shifts, which stay while the slices come by again, delayed, for the division. Slices of
the next event are summed meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence

from alkaid.trace import FVariable
from alkaid.types import CombLogic

from l1ml.compiler.buses import Sink, Source, bus_of
from l1ml.compiler.capture import capture_of
from l1ml.compiler.circuit import (
    Choice,
    Compared,
    Constant,
    Element,
    Expression,
    Joined,
    Net,
    Pick,
    Register,
    Section,
    ShiftRegister,
    Wire,
    next_count,
    plus,
)
from l1ml.compiler.hardware import Hardware
from l1ml.compiler.network import Segment, Tensor
from l1ml.compiler.programs.circuit import Pipeline, hardware_of
from l1ml.compiler.programs.operations import tree_sum
from l1ml.compiler.programs.pipeline import Schedule, schedule
from l1ml.compiler.programs.trace import full_range, symbol, trace_program
from l1ml.layers.norm1.arithmetic import Norm1Arithmetic
from l1ml.layers.norm1.lowering import quotient, scale

START, FIRST, TAKE, COLLECT = Net("start"), Net("first"), Net("take"), Net("collect")


def fold_norm(segment: Segment, source: Tensor, *, capture: bool, stage_delay: float) -> Hardware:
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
    taken = Net("slice", lanes * source.type.width)
    elements = [Source(taken, i * source.type.width, 0) for i in range(lanes)]
    inputs = [symbol(low, high, 1.0) for _ in range(lanes)]

    sum_bits = numbers.top + 2
    part = _Program([tree_sum(inputs)], inputs, elements, stage_delay, "p")
    total = symbol(low * source.size, high * source.size, 1.0)
    factor, shifts = scale(total, numbers)
    shared = [factor, *(there for _, there in shifts)]
    sum_net = Net("total", sum_bits, True)
    common = _Program(shared, [total], [Source(sum_net, 0, 0)], stage_delay, "c")
    kept = [symbol(v.low, v.high, v.step) if v.low != v.high else v for v in shared]
    stored = [Net("factor", numbers.reciprocal_bits), *(Net(f"there{i}", 1) for i in range(len(shifts)))]
    places = [Source(net, 0, 0) for net in stored]
    free = [(value, place) for value, place in zip(kept, places, strict=True) if value.low != value.high]
    again = [(place, there) for (place, _), there in zip(shifts, kept[1:], strict=True)]
    again_net = Net("delayed", taken.width)
    delayed = [Source(again_net, s.low, 0) for s in elements]
    results = [quotient(value, again, kept[0], numbers) for value in inputs]
    divide = _Program(results, [*inputs, *(v for v, _ in free)], [*delayed, *(s for _, s in free)], stage_delay, "q")

    first = int(capture) + 1 + part.stages
    take = int(capture) + slices + part.stages + common.stages
    collect = take + divide.stages - 1
    sink = Sink(output.type.width, output.type.fraction)
    programs = (part, common, divide)
    sums = part.hardware([Sink(sum_bits, 0)])
    scales = common.hardware([Sink(numbers.reciprocal_bits, 0), *[Sink(1, 0)] * len(shifts)])
    quotients = divide.hardware([sink] * lanes)
    delay = slices + part.stages + common.stages
    start, held = capture_of(source, START, "held", capture=capture)
    return Hardware(
        about=(
            f"Folded: {slices} slices of {lanes} inputs each pass once for the sum and, {delay} clock cycles later, "
            "once for the division.",
        ),
        sections=(
            held,
            _slices(source, taken, again_net, slices, delay),
            Section("", (*sums.tables, *scales.tables, *quotients.tables)),
            *sums.sections("Sum of a slice, stage"),
            _total(sum_net, sums.outputs[0]),
            *scales.sections("Reciprocal and shifts, stage"),
            Section("", tuple(Register(net, v, TAKE) for net, v in zip(stored, scales.outputs, strict=True))),
            *quotients.sections("Division, stage"),
            _results(output, quotients.outputs, slices),
        ),
        notes={
            "start": start,
            "first": "the sum of the first slice is there",
            "take": "reciprocal and shifts are there",
            "collect": "the first slice's results will be there in the next clock cycle",
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

    def hardware(self, sinks: Sequence[Sink]) -> Pipeline:
        return hardware_of(self.logic, self.plan, self.sources, sinks, self.prefix)


def _slices(source: Tensor, taken: Net, delayed: Net, slices: int, delay: int) -> Section:
    """The present slice, and the one for the division."""
    phase = Net("phase", max(1, (slices - 1).bit_length()))
    held = Net("held", source.bits)
    padded = Net("padded", slices * taken.width)
    missing = padded.width - held.width
    return Section(
        "The present slice, and the one for the division.",
        (
            Register(phase, Choice(START, Constant(0, phase.width), next_count(phase))),
            Wire(padded, Joined((Constant(0, missing), held)) if missing else held),
            Register(taken, Pick(padded, phase, taken.width)),
            ShiftRegister("line", delay, taken),
            Wire(delayed, Element("line", delay - 1, taken.width)),
        ),
    )


def _total(total: Net, part: Expression) -> Section:
    """The sum of all slices."""
    of_slice = Net("part", total.width, True)
    before = Choice(FIRST, Constant(0, total.width, is_signed=True), total)
    return Section("", (Register(of_slice, part), Register(total, plus(of_slice, before))))


def _results(output: Tensor, lanes: Sequence[Expression], slices: int) -> Section:
    """Registers for the results of each slice; they stay until the next event's come."""
    place = Net("place", max(1, (slices - 1).bit_length()))
    width = output.type.width
    registers: list[Register] = []
    for index in range(output.size):
        when = Compared("==", place, Constant(index // len(lanes), place.width))
        registers.append(Register(Net(f"y{index}", width), lanes[index % len(lanes)], when))
    count = Register(place, Choice(COLLECT, Constant(0, place.width), next_count(place)))
    joined = Wire(bus_of(output), Joined(tuple(register.net for register in reversed(registers))))
    return Section("Results, slice by slice", (count, *registers, joined))
