"""From a network to a folder of SystemVerilog."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from l1ml.compiler.design import Design, Module
from l1ml.compiler.network import Network, Segment, Tensor
from l1ml.compiler.options import EmitOptions
from l1ml.compiler.programs.listing import pack_outputs, tensor_sinks, tensor_sources
from l1ml.compiler.programs.pipeline import schedule
from l1ml.compiler.programs.printer import list_program
from l1ml.compiler.programs.trace import Interval, full_range, trace_segment
from l1ml.paths import shared
from l1ml.reference.tables import Tables
from l1ml.templates import render

_Written = tuple[str, dict[str, Any]]
"""Text of a module, and those fields of its ``Module`` that only its writer knows."""


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
    segments = _Segments(network, tables, folder, options)
    modules = [segments.write(segment) for segment in network.segments]
    arrival = segments.arrival
    latency = max(arrival[t.name] for t in network.outputs)
    cells = sorted({cell for module in modules for cell in module.cells})
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
        files=(package, *cells, *(f"{m.name}.sv" for m in modules), core),
    )
    (folder / package).write_text(render("rtl/package.sv.j2", design=design))
    (folder / core).write_text(_core(design, arrival))
    for cell in cells:
        (folder / cell).write_text((shared("firmware_templates") / "cells" / cell).read_text())
    (folder / "files.f").write_text("".join(f"{name}\n" for name in design.files))
    design.save(folder)
    return design


class _Segments:
    """Writes the modules of a network one after the other, knowing what those before them left.

    Attributes:
        arrival: Clock cycle, counted from ``in_valid``, in which each tensor is there.
        intervals: What its elements can be.
        held: Names of the tensors that stay until the next event's take their place.
    """

    def __init__(self, network: Network, tables: Tables, folder: Path, options: EmitOptions) -> None:
        self.network, self.tables, self.folder, self.options = network, tables, folder, options
        self.arrival = {t.name: 0 for t in network.inputs}
        self.intervals: dict[str, list[Interval]] = {t.name: full_range(t) for t in network.inputs}
        self.held: set[str] = set()

    def write(self, segment: Segment) -> Module:
        """Write one segment's module, that of the next segment in order."""
        start = max(self.arrival[t.name] for t in segment.inputs)
        name = f"{self.network.name}_{segment.name}"
        # A layer that gives the same for every event has no work to spread; it keeps its interval all the same.
        inputs = self.intervals[segment.inputs[0].name]
        folded = segment.reuse_factor > 1 and segment.family.depends_on_event(segment, inputs)
        write = self._folded if folded else self._pipeline
        text, known = write(segment, name, start)
        (self.folder / f"{name}.sv").write_text(text)
        self.arrival.update({t.name: start + known["latency"] for t in segment.outputs})
        return Module(
            name=name,
            segment=segment.name,
            layers=tuple(layer.name for layer in segment.layers),
            title=segment.title,
            inputs=tuple(segment.inputs),
            outputs=tuple(segment.outputs),
            producers=tuple(segment.producer(t) for t in segment.outputs),
            reuse_factor=segment.reuse_factor,
            start=start,
            ranges={t.name: found for t in segment.outputs if (found := _ranges(t, self.intervals[t.name]))},
            **known,
        )

    def _pipeline(self, segment: Segment, name: str, start: int) -> _Written:
        """A segment that takes an event every clock cycle."""
        traced = trace_segment(segment, self.intervals, self.tables)
        plan = schedule(traced.logic, self.options.stage_delay)
        listing = list_program(traced.logic, plan, tensor_sources(segment.inputs), tensor_sinks(segment.outputs))
        self.intervals.update(traced.intervals)
        text = render(
            "rtl/segment.sv.j2",
            module=name,
            title=segment.title,
            inputs=segment.inputs,
            outputs=segment.outputs,
            listing=listing,
            packed=pack_outputs(listing.outputs, segment.outputs),
        )
        return text, {"latency": plan.stages, "register_bits": plan.register_bits}

    def _folded(self, segment: Segment, name: str, start: int) -> _Written:
        """A segment whose dense layer is spread over several clock cycles."""
        (source,) = segment.inputs
        # An input that stays needs no copy; its digits can be chosen from the first cycle on, if that is announced.
        announced = start > 0 and self.arrival[source.name] == start
        capture = not (announced and source.name in self.held)
        intervals = self.intervals[source.name]
        delay = self.options.stage_delay
        printed = segment.family.fold(segment, intervals, self.tables, capture=capture, stage_delay=delay)
        self.intervals.update(printed.intervals)
        if printed.holds:
            self.held.update(t.name for t in segment.outputs)
        text = render(
            printed.template,
            module=name,
            title=segment.title,
            source=source,
            outputs=segment.outputs,
            **printed.values,
        )
        return text, {
            "latency": printed.latency,
            "register_bits": printed.register_bits,
            "strategy": printed.strategy,
            "strobes": {port: start + cycle for port, cycle in printed.strobes.items()},
            "cells": printed.cells,
            "sums": printed.sums,
            "expected_luts": printed.luts,
        }


def _ranges(tensor: Tensor, intervals: list[Interval]) -> tuple[tuple[int, int], ...]:
    """What the elements of a tensor can be in LSB, if not everything that its type holds."""
    lsb = tensor.type.lsb
    ranges = tuple((round(low / lsb), round(high / lsb)) for low, high, _ in intervals)
    return ranges if set(ranges) != {(tensor.type.minimum, tensor.type.maximum)} else ()


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
