"""PositionMaximum in hardware: a register for each channel, which keeps the larger value in each clock cycle."""

from __future__ import annotations

from l1ml.compiler.buses import Sink, Source, bus_of, pack_outputs, tensor_sinks
from l1ml.compiler.circuit import Bits, Choice, Net, Register, Section
from l1ml.compiler.core import output_registers
from l1ml.compiler.hardware import Hardware
from l1ml.compiler.network import Segment
from l1ml.compiler.programs.cast import cast
from l1ml.compiler.programs.circuit import hardware_of
from l1ml.compiler.programs.pipeline import schedule
from l1ml.compiler.programs.trace import Interval, intervals_of, symbol, trace_program
from l1ml.compiler.streams import AT_ONCE, FIRST, NOTES, of_channels


def stream(segment: Segment, intervals: dict[str, list[Interval]], *, module: str, stage_delay: float) -> Hardware:
    """Keep the largest of the positions that pass.

    Args:
        segment: The layer.
        intervals: What its inputs can be.
        module: Name of its module.
        stage_delay: Longest logic between two registers behind those that keep, in adders one after the other.
    """
    (source,), (output,) = segment.inputs, segment.outputs
    kind, bus, channels = source.type, bus_of(source), of_channels(intervals[source.name], source)
    kept = [Net(f"largest{c}", kind.width, kind.signed) for c in range(source.word)]
    registers = [Source(net, 0, kind.fraction) for net in kept]

    values, before = ([symbol(*interval) for interval in channels] for _ in range(2))
    larger = [old.max_of(x) for x, old in zip(values, before, strict=True)]
    step = trace_program([*values, *before], larger)
    inputs = [Source(bus, c * kind.width, kind.fraction) for c in range(source.word)]
    sinks = [Sink(kind.width, kind.fraction)] * source.word
    once = hardware_of(step, schedule(step, AT_ONCE), [*inputs, *registers], sinks, "s")
    following = [
        Register(net, Choice(FIRST, Bits(bus, c * kind.width, kind.width), value))
        for c, (net, value) in enumerate(zip(kept, once.outputs, strict=True))
    ]

    final = [symbol(*interval) for interval in channels]
    results = [cast(value, output.type) for value in final]
    post = trace_program(final, results)
    plan = schedule(post, stage_delay)
    pipeline = hardware_of(post, plan, registers, tensor_sinks([output]), "r")
    return Hardware(
        about=(f"Keeps the largest of {source.beats} positions, one in each clock cycle.",),
        sections=(
            Section("The largest up to the present position", (*once.tables, *once.stages[0], *following)),
            *pipeline.sections("Result stage"),
            output_registers(pack_outputs(pipeline.outputs, segment.outputs), segment.outputs),
        ),
        notes=NOTES,
        strobes={"first": 0},
        latency=source.beats + plan.stages,
        register_bits=plan.register_bits + kind.width * len(kept),
        intervals={output.name: intervals_of(results)},
        holds=False,
    )
