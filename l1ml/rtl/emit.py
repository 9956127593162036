"""From a network to a folder of SystemVerilog."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from l1ml.rtl.design import Design, Module
from l1ml.rtl.graph import Network, Segment, Tensor
from l1ml.rtl.lowering.registry import Tables
from l1ml.rtl.pipeline import schedule
from l1ml.rtl.printer import list_program
from l1ml.rtl.trace import Interval, full_range, trace_segment
from l1ml.templates import render


@dataclass(frozen=True)
class EmitOptions:
    """How the Verilog is made.

    Attributes:
        stage_delay: Longest logic between two registers, in adders one after the other.
        part: FPGA part, for the record.
        clock_ns: Clock period in ns, for the record.
    """

    stage_delay: float = 5.0
    part: str = "xcvu13p-flga2577-2-e"
    clock_ns: float = 2.8


@dataclass(frozen=True)
class _Delay:
    """Registers in the top module that hold a tensor back for a segment that starts later."""

    tensor: Tensor
    cycles: int

    @property
    def name(self) -> str:
        return f"{self.tensor.name}_delay{self.cycles}"

    @property
    def source(self) -> str:
        return f"{self.name}[{self.cycles - 1}]" if self.cycles else f"{self.tensor.name}_data"


def emit(network: Network, tables: Tables, folder: Path, options: EmitOptions) -> Design:
    """Write a network's Verilog: one file for each segment, a package of widths, the core.

    Args:
        network: The network in segments.
        tables: Lookup tables of its layers.
        folder: Existing folder to write to.
        options: Pipelining and record.

    Returns:
        The design, also saved as ``design.json``.

    Raises:
        L1mlError: If a layer has no lowering.
    """
    arrival = {t.name: 0 for t in network.inputs}
    intervals = {t.name: full_range(t) for t in network.inputs}
    modules = list(_emit_segments(network, tables, folder, options, arrival, intervals))
    latency = max(arrival[t.name] for t in network.outputs)
    package, core = f"{network.name}_pkg.sv", f"{network.name}.sv"
    design = Design(
        name=network.name,
        part=options.part,
        clock_ns=options.clock_ns,
        inputs=tuple(network.inputs),
        outputs=tuple(network.outputs),
        modules=tuple(modules),
        latency=latency,
        initiation_interval=max((m.reuse_factor for m in modules), default=1),
        files=(package, *(f"{m.name}.sv" for m in modules), core),
    )
    (folder / package).write_text(render("rtl/package.sv.j2", design=design))
    (folder / core).write_text(_core(design, arrival))
    (folder / "files.f").write_text("".join(f"{name}\n" for name in design.files))
    design.save(folder)
    return design


def _emit_segments(
    network: Network,
    tables: Tables,
    folder: Path,
    options: EmitOptions,
    arrival: dict[str, int],
    intervals: dict[str, list[Interval]],
) -> Iterator[Module]:
    """Write each segment's module; ``arrival`` and ``intervals`` learn about its outputs."""
    for segment in network.segments:
        traced = trace_segment(segment, intervals, tables)
        plan = schedule(traced.logic, options.stage_delay)
        module = _module(network, segment, arrival, plan.stages, plan.register_bits)
        text = render(
            "rtl/segment.sv.j2",
            module=module.name,
            title=segment.title,
            inputs=segment.inputs,
            outputs=segment.outputs,
            listing=list_program(traced.logic, plan, segment.inputs, segment.outputs),
        )
        (folder / f"{module.name}.sv").write_text(text)
        intervals.update(traced.intervals)
        arrival.update({t.name: module.start + module.latency for t in segment.outputs})
        yield module


def _module(network: Network, segment: Segment, arrival: dict[str, int], latency: int, register_bits: int) -> Module:
    return Module(
        name=f"{network.name}_{segment.name}",
        segment=segment.name,
        layers=tuple(layer.name for layer in segment.layers),
        title=segment.title,
        inputs=tuple(segment.inputs),
        outputs=tuple(segment.outputs),
        producers=tuple(segment.producer(t) for t in segment.outputs),
        reuse_factor=1,
        start=max(arrival[t.name] for t in segment.inputs),
        latency=latency,
        register_bits=register_bits,
    )


def _core(design: Design, arrival: dict[str, int]) -> str:
    def wait(tensor: Tensor, until: int) -> _Delay:
        return _Delay(tensor, until - arrival[tensor.name])

    modules: list[dict[str, Any]] = []
    delays: dict[str, _Delay] = {}
    for module in design.modules:
        waits = [wait(t, module.start) for t in module.inputs]
        delays.update({d.name: d for d in waits if d.cycles})
        modules.append(dict(module, connections=[(d.tensor, d.source) for d in waits]))
    finals = [wait(t, design.latency) for t in design.outputs]
    delays.update({d.name: d for d in finals if d.cycles})
    slices, low = [], 0
    for tensor in design.inputs:
        slices.append({"tensor": tensor, "low": low})
        low += tensor.bits
    inputs = {t.name for t in design.inputs}
    ordered = sorted(delays.values(), key=lambda d: d.tensor.name not in inputs)
    return render(
        "rtl/core.sv.j2",
        design=dict(design, modules=modules),
        input_slices=slices,
        delays=ordered,
        output_sources=[d.source for d in finals],
    )
