"""A segment that takes an event every clock cycle."""

from __future__ import annotations

from l1ml.compiler.buses import pack_outputs, tensor_sinks, tensor_sources
from l1ml.compiler.circuit import Section
from l1ml.compiler.core import output_registers
from l1ml.compiler.hardware import Hardware
from l1ml.compiler.network import Segment
from l1ml.compiler.programs.circuit import hardware_of
from l1ml.compiler.programs.pipeline import schedule
from l1ml.compiler.programs.trace import Interval, trace_segment
from l1ml.reference.tables import Tables


def pipelined(segment: Segment, intervals: dict[str, list[Interval]], tables: Tables, stage_delay: float) -> Hardware:
    """Make logic of all layers of a segment, with registers where it is too long.

    Args:
        segment: The layers and their tensors.
        intervals: For each input tensor, what its elements can be.
        tables: The C++ tables.
        stage_delay: Longest logic between two registers, in adders one after the other.

    Raises:
        L1mlError: If a layer has no lowering.
    """
    traced = trace_segment(segment, intervals, tables)
    plan = schedule(traced.logic, stage_delay)
    pipeline = hardware_of(traced.logic, plan, tensor_sources(segment.inputs), tensor_sinks(segment.outputs))
    cycles = f"{plan.stages} clock cycle{'s' * (plan.stages > 1)}"
    return Hardware(
        about=(f"Takes an event every clock cycle, gives its result {cycles} later.",),
        sections=(
            Section("", tuple(pipeline.tables)),
            *pipeline.sections("Stage"),
            output_registers(pack_outputs(pipeline.outputs, segment.outputs), segment.outputs),
        ),
        latency=plan.stages,
        register_bits=plan.register_bits,
        intervals=traced.intervals,
        holds=False,
    )
