"""LeakyIntegrator in hardware: an accumulator for each channel, which feeds back into itself in each clock cycle."""

from __future__ import annotations

from l1ml.compiler.buses import Sink, Source, bus_of, pack_outputs, tensor_sinks
from l1ml.compiler.circuit import Choice, Constant, Net, Register, Section, Wire
from l1ml.compiler.core import output_registers
from l1ml.compiler.hardware import Hardware
from l1ml.compiler.network import Segment
from l1ml.compiler.programs.cast import cast, floor_to
from l1ml.compiler.programs.circuit import hardware_of
from l1ml.compiler.programs.pipeline import schedule
from l1ml.compiler.programs.trace import Interval, intervals_of, symbol, trace_program
from l1ml.compiler.streams import AT_ONCE, FIRST, NOTES, of_channels
from l1ml.layers.leaky_integrator.arithmetic import LeakyIntegratorArithmetic


def stream(segment: Segment, intervals: dict[str, list[Interval]], *, module: str, stage_delay: float) -> Hardware:
    """Integrate positions while they pass.

    Args:
        segment: The layer.
        intervals: What its inputs can be.
        module: Name of its module.
        stage_delay: Longest logic between two registers behind the accumulators, in adders one after the other.
    """
    numbers = LeakyIntegratorArithmetic.of(segment.layers[0])
    (source,), (output,) = segment.inputs, segment.outputs
    accum = numbers.accum
    totals = [Net(f"total{c}", accum.width, accum.signed) for c in range(source.word)]
    before = [Net(f"before{c}", accum.width, accum.signed) for c in range(source.word)]
    ends = (accum.lowest * accum.lsb, accum.maximum * accum.lsb, accum.lsb)

    values = [symbol(*interval) for interval in of_channels(intervals[source.name], source)]
    kept = [symbol(*ends) for _ in before]
    lost = [floor_to(total * 2.0**-numbers.leak, accum.fraction) for total in kept]
    sums = [cast(t - part + x, accum) for t, part, x in zip(kept, lost, values, strict=True)]
    step = trace_program([*values, *kept], sums)
    inputs = [Source(bus_of(source), c * source.type.width, source.type.fraction) for c in range(source.word)]
    inputs += [Source(net, 0, accum.fraction) for net in before]
    once = hardware_of(step, schedule(step, AT_ONCE), inputs, [Sink(accum.width, accum.fraction)] * source.word, "s")

    final = [symbol(*ends) for _ in totals]
    results = [cast(total, output.type) for total in final]
    post = trace_program(final, results)
    plan = schedule(post, stage_delay)
    pipeline = hardware_of(post, plan, [Source(net, 0, accum.fraction) for net in totals], tensor_sinks([output]), "r")
    zero = Constant(0, accum.width, is_signed=accum.signed)
    begin = [Wire(old, Choice(FIRST, zero, total)) for old, total in zip(before, totals, strict=True)]
    following = [Register(total, value) for total, value in zip(totals, once.outputs, strict=True)]
    return Hardware(
        about=(f"Integrates {source.beats} positions, one in each clock cycle.",),
        sections=(
            Section("The sums before the present position, 0 before the first", tuple(begin)),
            Section("The sums behind it", (*once.tables, *once.stages[0], *following)),
            *pipeline.sections("Result stage"),
            output_registers(pack_outputs(pipeline.outputs, segment.outputs), segment.outputs),
        ),
        notes=NOTES,
        strobes={"first": 0},
        latency=source.beats + plan.stages,
        register_bits=plan.register_bits + accum.width * len(totals),
        intervals={output.name: intervals_of(results)},
        holds=False,
    )
