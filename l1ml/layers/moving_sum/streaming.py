"""MovingSum in hardware: a shift register of positions, and one adder tree for all of them."""

from __future__ import annotations

from l1ml.compiler.buses import Sink, Source, bus_of, pack_outputs
from l1ml.compiler.circuit import (
    Bitwise,
    Compared,
    Constant,
    Element,
    Item,
    Net,
    Repeated,
    Section,
    ShiftRegister,
    Wire,
)
from l1ml.compiler.core import output_registers
from l1ml.compiler.hardware import Hardware
from l1ml.compiler.network import Segment, Tensor
from l1ml.compiler.programs.cast import cast
from l1ml.compiler.programs.circuit import hardware_of
from l1ml.compiler.programs.operations import tree_sum
from l1ml.compiler.programs.pipeline import schedule
from l1ml.compiler.programs.trace import Interval, intervals_of, symbol, trace_program
from l1ml.compiler.streams import NOTES, of_channels, position
from l1ml.layers.moving_sum.arithmetic import MovingSumArithmetic


def stream(segment: Segment, intervals: dict[str, list[Interval]], *, module: str, stage_delay: float) -> Hardware:
    """Add the positions of a window while they pass.

    Args:
        segment: The layer.
        intervals: What its inputs can be.
        module: Name of its module.
        stage_delay: Longest logic between two registers, in adders one after the other.
    """
    numbers = MovingSumArithmetic.of(segment.layers[0])
    (source,), (output,) = segment.inputs, segment.outputs
    window = min(numbers.window, numbers.positions)
    words = [bus_of(source), *(Net(f"before{back}", source.bits) for back in range(1, window))]
    inputs, sources, sums = [], [], []
    for channel, (low, high, step) in enumerate(of_channels(intervals[source.name], source)):
        # A position before the first one is 0, whatever the others can be.
        terms = [symbol(low, high, step), *(symbol(min(low, 0), max(high, 0), step) for _ in words[1:])]
        inputs += terms
        sources += [Source(word, channel * source.type.width, source.type.fraction) for word in words]
        sums.append(cast(tree_sum(terms), output.type))
    logic = trace_program(inputs, sums)
    plan = schedule(logic, stage_delay)
    sinks = [Sink(output.type.width, output.type.fraction)] * output.word
    pipeline = hardware_of(logic, plan, sources, sinks)
    return Hardware(
        about=(f"Adds {window} positions, those that came last. A position comes in each clock cycle.",),
        sections=(
            *_window(source, words[1:]),
            *pipeline.sections("Stage"),
            output_registers(pack_outputs(pipeline.outputs, segment.outputs), segment.outputs),
        ),
        notes=NOTES,
        strobes={"first": 0},
        latency=plan.stages,
        register_bits=plan.register_bits + (window - 1) * source.bits,
        intervals={output.name: intervals_of(sums) * output.beats},
        holds=False,
    )


def _window(source: Tensor, before: list[Net]) -> tuple[Section, ...]:
    """The positions before the present one, 0 where those are of the event before."""
    if not before:
        return (Section("", ()),)
    place, counter = position(len(before))
    items: list[Item] = [*counter, ShiftRegister("line", len(before), bus_of(source))]
    for index, net in enumerate(before):
        own = Compared(">=", place, Constant(index + 1, place.width))
        items.append(Wire(net, Bitwise("&", Element("line", index, net.width), Repeated(net.width, own))))
    return (Section("The positions before, as far as they are of the same event.", tuple(items)),)
