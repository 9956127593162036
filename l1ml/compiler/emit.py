"""From a network to a folder of SystemVerilog."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from l1ml.compiler.circuit import Module as CircuitModule
from l1ml.compiler.circuit import Section
from l1ml.compiler.circuit.saving import save_circuits
from l1ml.compiler.core import core_of, output_registers, ports_of
from l1ml.compiler.design import Design, Module
from l1ml.compiler.network import Network, Segment, Tensor
from l1ml.compiler.options import EmitOptions
from l1ml.compiler.printers.systemverilog import print_module
from l1ml.compiler.programs.circuit import hardware_of, pack_outputs, tensor_sinks, tensor_sources
from l1ml.compiler.programs.pipeline import schedule
from l1ml.compiler.programs.trace import Interval, full_range, trace_segment
from l1ml.paths import shared
from l1ml.reference.tables import Tables
from l1ml.templates import render

_Written = tuple[CircuitModule, dict[str, Any]]
"""A module, and those fields of its ``Module`` that only its writer knows."""


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
    segments = _Segments(network, tables, options)
    modules = [segments.make(segment) for segment in network.segments]
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
    circuits = [*segments.circuits, core_of(design, arrival)]
    (folder / package).write_text(render("rtl/package.sv.j2", design=design))
    for circuit in circuits:
        (folder / circuit.file).write_text(print_module(circuit))
    for cell in cells:
        (folder / cell).write_text((shared("firmware_templates") / "cells" / cell).read_text())
    (folder / "files.f").write_text("".join(f"{name}\n" for name in design.files))
    design.save(folder)
    save_circuits(circuits, folder)
    return design


class _Segments:
    """Makes the modules of a network one after the other, knowing what those before them left.

    Attributes:
        arrival: Clock cycle, counted from ``in_valid``, in which each tensor is there.
        intervals: What its elements can be.
        held: Names of the tensors that stay until the next event's take their place.
        circuits: The modules so far.
    """

    def __init__(self, network: Network, tables: Tables, options: EmitOptions) -> None:
        self.network, self.tables, self.options = network, tables, options
        self.arrival = {t.name: 0 for t in network.inputs}
        self.intervals: dict[str, list[Interval]] = {t.name: full_range(t) for t in network.inputs}
        self.held: set[str] = set()
        self.circuits: list[CircuitModule] = []

    def make(self, segment: Segment) -> Module:
        """Make one segment's module, that of the next segment in order."""
        start = max(self.arrival[t.name] for t in segment.inputs)
        name = f"{self.network.name}_{segment.name}"
        # A layer that gives the same for every event has no work to spread; it keeps its interval all the same.
        inputs = self.intervals[segment.inputs[0].name]
        folded = segment.reuse_factor > 1 and segment.family.depends_on_event(segment, inputs)
        make = self._folded if folded else self._pipeline
        circuit, known = make(segment, name, start)
        self.circuits.append(circuit)
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
        hardware = hardware_of(traced.logic, plan, tensor_sources(segment.inputs), tensor_sinks(segment.outputs))
        self.intervals.update(traced.intervals)
        cycles = f"{plan.stages} clock cycle{'s' * (plan.stages > 1)}"
        module = CircuitModule(
            name,
            (segment.title, f"Takes an event every clock cycle, gives its result {cycles} later."),
            ports_of(segment),
            (
                Section("", tuple(hardware.tables)),
                *hardware.sections("Stage"),
                output_registers(pack_outputs(hardware.outputs, segment.outputs), segment.outputs),
            ),
        )
        return module, {"latency": plan.stages, "register_bits": plan.register_bits}

    def _folded(self, segment: Segment, name: str, start: int) -> _Written:
        """A segment whose dense layer is spread over several clock cycles."""
        (source,) = segment.inputs
        # An input that stays needs no copy; its digits can be chosen from the first cycle on, if that is announced.
        announced = start > 0 and self.arrival[source.name] == start
        capture = not (announced and source.name in self.held)
        intervals = self.intervals[source.name]
        delay = self.options.stage_delay
        folded = segment.family.fold(segment, intervals, self.tables, capture=capture, stage_delay=delay)
        self.intervals.update(folded.intervals)
        if folded.holds:
            self.held.update(t.name for t in segment.outputs)
        module = CircuitModule(
            name, (segment.title, *folded.about), ports_of(segment, folded.notes, held=folded.holds), folded.sections
        )
        return module, {
            "latency": folded.latency,
            "register_bits": folded.register_bits,
            "strategy": folded.strategy,
            "strobes": {port: start + cycle for port, cycle in folded.strobes.items()},
            "cells": folded.cells,
            "sums": folded.sums,
            "expected_luts": folded.luts,
        }


def _ranges(tensor: Tensor, intervals: list[Interval]) -> tuple[tuple[int, int], ...]:
    """What the elements of a tensor can be in LSB, if not everything that its type holds."""
    lsb = tensor.type.lsb
    ranges = tuple((round(low / lsb), round(high / lsb)) for low, high, _ in intervals)
    return ranges if set(ranges) != {(tensor.type.minimum, tensor.type.maximum)} else ()
