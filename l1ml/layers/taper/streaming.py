"""Taper in hardware: the factors in a ROM, and one multiplier for each channel."""

from __future__ import annotations

from l1ml.compiler.buses import Sink, Source, bus_of, pack_outputs
from l1ml.compiler.circuit import BLOCK_ROM_DEPTH, Net, Register, Rom, Section
from l1ml.compiler.core import output_registers
from l1ml.compiler.hardware import Hardware
from l1ml.compiler.network import Segment
from l1ml.compiler.programs.cast import cast
from l1ml.compiler.programs.circuit import hardware_of
from l1ml.compiler.programs.pipeline import schedule
from l1ml.compiler.programs.trace import Interval, intervals_of, symbol, trace_program
from l1ml.compiler.streams import NOTES, of_channels, position
from l1ml.layers.taper.arithmetic import TaperArithmetic


def stream(segment: Segment, intervals: dict[str, list[Interval]], *, module: str, stage_delay: float) -> Hardware:
    """Multiply positions while they pass.

    Args:
        segment: The layer.
        intervals: What its inputs can be.
        module: Name of its module.
        stage_delay: Longest logic between two registers, in adders one after the other.
    """
    numbers = TaperArithmetic.of(segment.layers[0])
    (source,), (output,) = segment.inputs, segment.outputs
    kind, words = numbers.factor, numbers.factors.values.ravel()
    factor, now = Net("factor", kind.width), Net("now", source.bits)
    weight = symbol(int(words.min()) * kind.lsb, int(words.max()) * kind.lsb, kind.lsb)
    values = [symbol(*interval) for interval in of_channels(intervals[source.name], source)]
    results = [cast(value * weight, output.type) for value in values]
    logic = trace_program([weight, *values], results)
    plan = schedule(logic, stage_delay)
    channels = [Source(now, c * source.type.width, source.type.fraction) for c in range(source.word)]
    sinks = [Sink(output.type.width, output.type.fraction)] * output.word
    pipeline = hardware_of(logic, plan, [Source(factor, 0, kind.fraction), *channels], sinks)
    place, counter = position(source.beats - 1)
    rom = Rom(factor, place, tuple(int(w) % (1 << kind.width) for w in words), len(words) >= BLOCK_ROM_DEPTH)
    return Hardware(
        about=(f"Multiplies each of {source.beats} positions by a factor of its own. One comes in each clock cycle.",),
        sections=(
            Section("The position and its factor", (*counter, rom, Register(now, bus_of(source)))),
            *pipeline.sections("Stage"),
            output_registers(pack_outputs(pipeline.outputs, segment.outputs), segment.outputs),
        ),
        notes=NOTES,
        strobes={"first": 0},
        latency=1 + plan.stages,
        register_bits=plan.register_bits + source.bits + kind.width,
        intervals={output.name: intervals_of(results) * output.beats},
        holds=False,
    )
