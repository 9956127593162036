"""From a network to a folder of SystemVerilog."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from l1ml.compiler.beats import BUFFER_CYCLES, buffer_of
from l1ml.compiler.circuit import Module as CircuitModule
from l1ml.compiler.circuit.saving import save_circuits
from l1ml.compiler.core import core_of, ports_of
from l1ml.compiler.design import Design, Module
from l1ml.compiler.hardware import Hardware
from l1ml.compiler.network import Network, Segment, Tensor, View
from l1ml.compiler.neurons import with_neurons
from l1ml.compiler.options import EmitOptions
from l1ml.compiler.origin import cell_with_origin, origin_of
from l1ml.compiler.pipelined import pipelined
from l1ml.compiler.printers.systemverilog import print_module
from l1ml.compiler.programs.exact import TooWideError, reach
from l1ml.compiler.programs.trace import Interval, full_range, view_intervals
from l1ml.errors import L1mlError
from l1ml.fixed import INT64_BITS
from l1ml.paths import shared
from l1ml.reference.tables import Tables
from l1ml.templates import render


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
    modules = []
    for segment in network.segments:
        try:
            modules.append(segments.make(segment))
        except TooWideError as error:
            raise L1mlError(f"{segment.title}: {error}") from None
    outputs, arrival = segments.outputs(), segments.arrival
    segments.check_ports()
    cells = sorted({cell for module in modules for cell in module.cells})
    package, core = f"{network.name}_pkg.sv", f"{network.name}.sv"
    if network.buffered:
        segments.circuits.insert(0, buffer_of(network.name, network.inputs))
    design = Design(
        name=network.name,
        part=options.part,
        clock_ns=options.clock_ns,
        inputs=tuple(network.inputs),
        outputs=tuple(outputs),
        modules=tuple(modules),
        views=tuple(segments.views),
        latency=max(arrival[t] for t in outputs),
        initiation_interval=max(m.interval for m in modules),
        files=(package, *cells, *(circuit.file for circuit in segments.circuits), core),
        model=options.model,
    )
    circuits, origin = [*segments.circuits, core_of(design, arrival, buffered=network.buffered)], origin_of(design)
    circuits = [replace(circuit, about=(origin, *circuit.about)) for circuit in circuits]
    (folder / package).write_text(render("rtl/package.sv.j2", design=design, origin=origin))
    for circuit in circuits:
        (folder / circuit.file).write_text(print_module(circuit))
    for cell in cells:
        (folder / cell).write_text(cell_with_origin((shared("firmware_templates") / "cells" / cell).read_text()))
    (folder / "files.f").write_text("".join(f"{name}\n" for name in design.files))
    design.save(folder)
    save_circuits(circuits, folder)
    return design


class _Segments:
    """Makes the modules of a network one after the other, knowing what those before them left.

    Attributes:
        arrival: Clock cycle, counted from ``in_valid``, in which each tensor is there.
        intervals: What its elements can be.
        held: Tensors that stay until the next event's take their place.
        views: What has been read so far of what is nothing but wires.
        circuits: The modules so far.
    """

    def __init__(self, network: Network, tables: Tables, options: EmitOptions) -> None:
        self.network, self.tables, self.options = network, tables, options
        self.arrival = dict.fromkeys(network.inputs, BUFFER_CYCLES * network.buffered)
        self.intervals: dict[str, list[Interval]] = {t.name: full_range(t) for t in network.inputs}
        self.held: set[Tensor] = set()
        self.views: list[View] = []
        self.circuits: list[CircuitModule] = []

    def make(self, segment: Segment) -> Module:
        """Make one segment's module, that of the next segment in order."""
        family = segment.family
        if not family.streams:  # it wants an event at once
            segment.inputs = [self._whole(t) for t in segment.inputs]
        start = max(self.arrival[t] for t in segment.inputs)
        name = f"{self.network.name}_{segment.name}"
        if family.streams:
            hardware = family.stream(segment, self.intervals, module=name, stage_delay=self.options.stage_delay)
        # A layer that gives the same for every event has no work to spread; it keeps its interval all the same.
        elif segment.reuse_factor > 1 and family.depends_on_event(segment, self.intervals[segment.inputs[0].name]):
            hardware = self._folded(segment, start)
        else:
            hardware = pipelined(segment, self.intervals, self.tables, self.options.stage_delay)
        self.intervals.update(hardware.intervals)
        if hardware.holds:
            self.held.update(segment.outputs)
        about = (segment.title, *hardware.about)
        control = {**dict.fromkeys(hardware.controls, ""), **hardware.notes}
        ports = ports_of(segment, control, held=hardware.holds)
        self.circuits += [*hardware.parts, CircuitModule(name, about, ports, with_neurons(segment, hardware.sections))]
        self.arrival.update(dict.fromkeys(segment.outputs, start + hardware.latency))
        return Module(
            name=name,
            segment=segment.name,
            layers=tuple(layer.name for layer in segment.layers),
            title=segment.title,
            inputs=tuple(segment.inputs),
            outputs=tuple(segment.outputs),
            producers=tuple(segment.producer(t) for t in segment.outputs),
            reuse_factor=segment.reuse_factor,
            strategy=hardware.strategy,
            start=start,
            latency=hardware.latency,
            register_bits=hardware.register_bits,
            strobes={port: start + cycle for port, cycle in hardware.strobes.items()},
            cells=hardware.cells,
            controls=hardware.controls,
            parts=tuple(part.name for part in hardware.parts),
            ranges={t.name: found for t in segment.outputs if (found := _ranges(t, self.intervals[t.name]))},
            sums=hardware.sums,
            expected_luts=hardware.luts,
        )

    def check_ports(self) -> None:
        """See that vectors hold what goes in and comes out.

        Raises:
            L1mlError: If not.
        """
        for kind, tensors in (("input", self.network.inputs), ("output", self.network.outputs)):
            for tensor in tensors:
                ends = [end for interval in self.intervals[tensor.name] for end in reach(*interval)]
                bits = max(max(end, ~end).bit_length() for end in ends) + (min(ends) < 0)
                if min(bits, tensor.type.width) > INT64_BITS:
                    raise L1mlError(
                        f"{kind} {tensor.name} ({tensor.type}) has values of {bits} bits; at most {INT64_BITS} are "
                        "supported: give its layer a narrower type"
                    )

    def outputs(self) -> list[Tensor]:
        """What leaves the core: in several words only if all outputs do, in as many."""
        outputs = self.network.outputs
        together = len({t.beats for t in outputs}) == 1 and outputs[0].beats > 1
        return outputs if together else [self._whole(t) for t in outputs]

    def _whole(self, tensor: Tensor) -> Tensor:
        """A tensor in one word, gathered where it comes in several, or made of others where it is wires."""
        whole = replace(tensor, beats=1)
        if whole not in self.arrival:
            if tensor.name in self.network.views:
                self._lay(self.network.views[tensor.name])
            else:
                self.arrival[whole] = self.arrival[tensor] + tensor.beats
        return whole

    def _lay(self, view: View) -> None:
        """Find out about a tensor that is wires, when it is first read."""
        sources = tuple(self._whole(t) for t in view.sources)
        self.views.append(replace(view, sources=sources))
        self.arrival[view.tensor] = max(self.arrival[t] for t in sources)
        if self.held.issuperset(sources):
            self.held.add(view.tensor)
        self.intervals[view.tensor.name] = view_intervals(view, self.intervals)

    def _folded(self, segment: Segment, start: int) -> Hardware:
        """A segment whose work is spread over several clock cycles."""
        (source,) = segment.inputs
        # An input that stays needs no copy; its digits can be chosen from the first cycle on, if that is announced.
        announced = start > 0 and self.arrival[source] == start
        capture = not (announced and source in self.held)
        delay = self.options.stage_delay
        return segment.family.fold(
            segment, self.intervals[source.name], self.tables, capture=capture, stage_delay=delay
        )


def _ranges(tensor: Tensor, intervals: list[Interval]) -> tuple[tuple[int, int], ...]:
    """What the elements of a tensor can be in LSB, if not everything that its type holds."""
    lsb = tensor.type.lsb
    ends = ((reach(low, high, step), round(step / lsb)) for low, high, step in intervals)
    ranges = tuple((low * finer, high * finer) for (low, high), finer in ends)
    return ranges if set(ranges) != {(tensor.type.minimum, tensor.type.maximum)} else ()
