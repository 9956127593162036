"""A folded segment as hardware: digits, kernel, accumulators and what follows them."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from alkaid.types import CombLogic

from l1ml.compiler.buses import Sink, Source, pack_outputs, tensor_sinks
from l1ml.compiler.capture import capture_of
from l1ml.compiler.circuit import (
    Bit,
    Bits,
    Bitwise,
    Choice,
    Compared,
    Constant,
    Expression,
    Inverted,
    Item,
    Joined,
    Lowered,
    Net,
    Pick,
    Reduced,
    Register,
    Resized,
    Section,
    Wire,
    next_count,
    plus,
)
from l1ml.compiler.core import output_registers
from l1ml.compiler.hardware import Hardware
from l1ml.compiler.network import Segment, Tensor
from l1ml.compiler.programs.circuit import Pipeline, hardware_of
from l1ml.compiler.programs.pipeline import schedule
from l1ml.layers.dense.folding.digits.lookups import table_pipeline
from l1ml.layers.dense.folding.digits.plan import DigitPlan, digit_net
from l1ml.layers.dense.folding.digits.segment import HELD, Arithmetic, FoldedSegment, Sum, digit_expressions
from l1ml.layers.dense.folding.digits.tabled import strobe_of

START, FIRST, DONE = Net("start"), Net("first"), Net("done")


def print_digits(
    folded: FoldedSegment, segment: Segment, source: Tensor, *, capture: bool, stage_delay: float
) -> Hardware:
    """Schedule a folded segment and make it hardware.

    Args:
        folded: The segment.
        segment: Its layers and outputs.
        source: Its input.
        capture: Whether the input must be copied because it does not stay.
        stage_delay: Longest logic between two registers, in adders one after the other.
    """
    arithmetic = folded.arithmetic
    plan, kernel = arithmetic.plan, _kernel(arithmetic, len(folded.rows), stage_delay)
    post_plan = schedule(folded.post, stage_delay)
    post = hardware_of(folded.post, post_plan, folded.post_sources, tensor_sinks(segment.outputs), "r")
    first = int(capture) + kernel.cycles
    result = first + plan.digits
    start, held = capture_of(source, START, HELD, capture=capture)
    return Hardware(
        about=(
            f"Folded by distributed arithmetic: {plan.digits} digits of {plan.digit_bits} "
            f"bit{'s' * (plan.digit_bits > 1)} of every input, least significant first, go through one",
            f"constant kernel of {'tables' if kernel.tables else 'additions'}; an accumulator for each output adds "
            "what comes out, moving down by a digit each clock cycle.",
        ),
        sections=(
            _phase(plan),
            held,
            _digits(arithmetic, digit_expressions(source, folded), kernel),
            Section("", (*kernel.pipeline.tables, *post.tables)),
            *kernel.pipeline.sections("Kernel stage"),
            _sums(arithmetic, kernel),
            *post.sections("Result stage"),
            output_registers(pack_outputs(post.outputs, segment.outputs), segment.outputs, DONE),
        ),
        notes={
            "start": start,
            "first": "the kernel's result for the first digit is there",
            "done": "the result is there",
        },
        strobes={"start": int(capture) - 1, "first": first, "done": result + post_plan.stages - 1},
        latency=result + post_plan.stages,
        strategy="distributed_arithmetic",
        luts=arithmetic.cost + folded.post.cost + len(folded.rows) * plan.kernel_bits * ceil((plan.digits - 1) / 3),
        multipliers=0,
        register_bits=kernel.register_bits
        + post_plan.register_bits
        + sum(entry.register_bits for entry in arithmetic.sums),
        intervals=folded.intervals,
        sums={f"acc{entry.index}": (entry.index, folded.worth, folded.offset) for entry in arithmetic.sums},
    )


@dataclass(frozen=True)
class _Kernel:
    """The kernel as hardware.

    Attributes:
        pipeline: From digits to their sums.
        tables: Whether it is made of tables. There are registers in front of them then, without which a synthesizer
            mixes them with what selects the digits; else behind, in front of the accumulators.
        cycles: Clock cycles from the selection of a digit to its sums.
        register_bits: Flip-flops of the kernel and of the registers in front or behind.
    """

    pipeline: Pipeline
    tables: bool
    cycles: int
    register_bits: int


def _kernel(arithmetic: Arithmetic, inputs: int, stage_delay: float) -> _Kernel:
    plan, logic = arithmetic.plan, arithmetic.kernel
    if isinstance(logic, CombLogic):
        scheduled = schedule(logic, stage_delay)
        digits = [Source(digit_net(plan, i), 0, 0) for i in range(inputs)]
        sinks = [Sink(entry.kernel_bits, 0) for entry in arithmetic.sums]
        pipeline = hardware_of(logic, scheduled, digits, sinks, "k")
        behind = sum(entry.kernel_bits for entry in arithmetic.sums)
        return _Kernel(pipeline, False, scheduled.stages, scheduled.register_bits + behind)
    pipeline = table_pipeline(logic)
    between = sum(item.net.width for stage in pipeline.stages for item in stage if isinstance(item, Register))
    return _Kernel(pipeline, True, len(pipeline.stages), between + inputs * plan.kernel_bits)


def _phase(plan: DigitPlan) -> Section:
    """Counts the digits."""
    phase = Net("phase", plan.phase_bits)
    items: list[Item] = [Register(phase, Choice(START, Constant(0, phase.width), next_count(phase)))]
    if plan.signed:
        items.append(Wire(Net("last"), Compared("==", phase, Constant(plan.digits - 1, phase.width))))
    return Section(f"Digit {plan.digits} - 1 comes last.", tuple(items))


def _digits(arithmetic: Arithmetic, inputs: list[Expression], kernel: _Kernel) -> Section:
    """Chooses the present digit of each input."""
    plan = arithmetic.plan
    phase, kind = Net("phase", plan.phase_bits), Register if kernel.tables else Wire
    whole = [Net(f"x{i}", plan.padded_bits) for i in range(len(inputs))]
    items: list[Item] = [Wire(net, value) for net, value in zip(whole, inputs, strict=True)]
    for index, net in enumerate(whole):
        digit: Expression = Pick(net, phase, plan.digit_bits)
        if plan.signed:
            digit = Joined((Bitwise("&", Net("last"), Bit(net, plan.padded_bits - 1)), digit))
        items.append(kind(digit_net(plan, index), digit))
    for place in sorted({place for entry in arithmetic.sums for place, _ in entry.accumulator.later}):
        items.append(Register(strobe_of(place), Compared("==", phase, Constant(place, phase.width))))
    about = f"The present digit of each input{', the last one signed' * plan.signed}"
    return Section(f"{about}{'; in registers, not to be mixed with the tables' * kernel.tables}.", tuple(items))


def _registers(entry: Sum, plan: DigitPlan, watch: Net | None) -> list[Register]:
    """One output's registers, in order."""
    register, width, low_bits = entry.register, entry.register.width, entry.low_bits
    moved = Resized(Lowered(register, plan.digit_bits), width)
    # Signed, so that the sum is: a synthesizer then takes what is added for the narrower operand, whatever the names
    # are, and the choice of the other one costs no LUT of its own.
    start = Constant(entry.accumulator.start, width, is_signed=True)
    found = [Register(register, plus(Resized(entry.added, width), Choice(FIRST, start, moved)))]
    if low_bits:
        both = Joined((Bits(register, 0, plan.digit_bits), entry.low))
        kept: Expression = Resized(Lowered(both, plan.digit_bits), low_bits)
        # What was there before has left when the result is there; only sticky bits would remember it.
        if entry.sticky is not None or low_bits > (plan.digits - 1) * plan.digit_bits:
            kept = Choice(FIRST, Constant(0, low_bits), kept)
        found.append(Register(entry.low, kept))
    if entry.sticky is not None:
        leaving = _leaving(entry, plan.digit_bits)
        counts = leaving if watch is None else Bitwise("&", leaving, watch)
        seen = Bitwise("|", entry.remembered, Reduced("|", counts))
        found.append(Register(entry.remembered, Bitwise("&", Inverted(FIRST), seen)))
    return found


def _leaving(entry: Sum, digit_bits: int) -> Expression:
    """The bits that are dropped in a cycle: the lowest digit of what the accumulator and the kept bits hold."""
    if entry.low_bits >= digit_bits:
        return Bits(entry.low, 0, digit_bits)
    from_accumulator = Bits(entry.register, 0, digit_bits - entry.low_bits)
    return Joined((from_accumulator, entry.low)) if entry.low_bits else from_accumulator


def _sums(arithmetic: Arithmetic, kernel: _Kernel) -> Section:
    plan, (some, *_) = arithmetic.plan, arithmetic.sums
    items: list[Item] = []
    watch: Net | None = None
    if some.sticky:
        watch, age = Net("watch", plan.digit_bits), Net("age", plan.phase_bits + 1)
        # At digit t, bits leave whose places are low_bits below those of the accumulator before it.
        since = [1 + max(0, ceil((some.sticky + some.low_bits - k) / plan.digit_bits)) for k in range(plan.digit_bits)]
        one = Constant(1, age.width)
        items += [
            Register(age, Choice(FIRST, one, next_count(age))),
            Wire(watch, Joined(tuple(Compared(">=", age, Constant(t, age.width)) for t in reversed(since)))),
        ]
    for entry, added in zip(arithmetic.sums, kernel.pipeline.outputs, strict=True):
        items.append(Wire(entry.added, added) if kernel.tables else Register(entry.added, added))
        items += _registers(entry, plan, watch)
    about = "Accumulators, numbered as the neurons" + "; watch: which of the bits that leave count for a tie" * (
        watch is not None
    )
    return Section(about, tuple(items))
