"""The core: the modules of a network side by side, with the valid flags that start them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from l1ml.compiler.beats import DONE, IN_VALID, RESET, counted
from l1ml.compiler.buses import bus_of, next_of
from l1ml.compiler.circuit import (
    Bit,
    Bits,
    Bitwise,
    Constant,
    Expression,
    Instance,
    Inverted,
    Joined,
    Module,
    Net,
    Port,
    Reduced,
    Register,
    Resized,
    Section,
    Wire,
)
from l1ml.compiler.design import Design
from l1ml.compiler.design import Module as Placed
from l1ml.compiler.network import Segment, Tensor
from l1ml.compiler.ways import Ways

CLOCK, OUT_VALID = Net("clk"), Net("out_valid")
"""Ports that every core has, beside those for its input."""

ACCEPT = Net("accept")
"""Whether an event is taken."""


def ports_of(segment: Segment, strobes: Mapping[str, str] | None = None, *, held: bool = False) -> tuple[Port, ...]:
    """Ports of a segment's module.

    Args:
        segment: The segment.
        strobes: Control inputs, with what each means.
        held: Whether outputs stay until the next result.
    """
    control = [Port(CLOCK, "input"), *(Port(Net(name), "input", note) for name, note in (strobes or {}).items())]
    inputs = [Port(bus_of(t), "input", f"{t.size} x {t.type}") for t in segment.inputs]
    stay = ", held until the next result" if held else ""
    outputs = [Port(bus_of(t), "output", f"{t.size} x {t.type}{stay}") for t in segment.outputs]
    return (*control, *inputs, *outputs)


def output_registers(packed: Sequence[Wire], tensors: Sequence[Tensor], enable: Net | None = None) -> Section:
    """The registers of a module's outputs, behind the wires ``<tensor>_next``."""
    return Section("", (*packed, *(Register(bus_of(t), next_of(t), enable) for t in tensors)))


def core_of(design: Design, arrival: Mapping[Tensor, int], *, buffered: bool) -> Module:
    """The top module.

    Args:
        design: The design.
        arrival: Clock cycle, counted from ``in_valid`` of an event's last word, in which each tensor is there, or the
            first of its words.
        buffered: Whether a buffer keeps the words of an event until the last one is there.
    """
    ways = Ways(design, arrival)
    valid = Net("valid_reg", max(design.latency + design.out_beats - 1, design.initiation_interval - 1))
    instances = [_instance(module, ways, valid) for module in design.modules]
    finals = [ways.read(t, design.latency) for t in design.outputs]
    in_data = Net("in_data", sum(t.bits for t in design.inputs))
    out_data = Net("out_data", sum(t.bits for t in design.outputs))
    every = f"every {design.initiation_interval} clock cycle{'s' * (design.initiation_interval > 1)}"
    return Module(
        design.name,
        (
            f"The core {design.name}: an event {every}, its result {design.latency} cycles later.",
            "No back-pressure: a trigger never stalls. rst clears the events in flight.",
        ),
        (
            *(Port(net, "input") for net in (CLOCK, RESET, IN_VALID, in_data)),
            *(Port(net, "output") for net in (OUT_VALID, out_data)),
        ),
        (
            _valid_flags(design, valid),
            *_inputs(design, in_data, buffered=buffered),
            *ways.sections(),
            *instances,
            Section("", (Wire(out_data, Joined(tuple(reversed(finals)))),)),
        ),
    )


def _valid_flags(design: Design, valid: Net) -> Section:
    came: Net = IN_VALID if design.in_beats == 1 else DONE
    accept: Expression = came
    about = "valid_reg[t]: an event was accepted t+1 cycles ago."
    if design.initiation_interval > design.in_beats:
        busy = Bits(valid, 0, design.initiation_interval - 1)
        accept = Bitwise("&", came, Inverted(Reduced("|", busy)))
        about += " An event that comes too early is lost."
    later = Resized(Joined((valid, ACCEPT)), valid.width)
    leaving: Expression = Bit(valid, design.latency - 1)
    if design.out_beats > 1:
        leaving = Reduced("|", Bits(valid, design.latency - 1, design.out_beats))
    return Section(
        about,
        (Wire(ACCEPT, accept), Register(valid, later, reset=Constant(0, valid.width)), Wire(OUT_VALID, leaving)),
    )


def _inputs(design: Design, in_data: Net, *, buffered: bool) -> tuple[Section, ...]:
    """The inputs, and what is before them if an event has several words: a buffer, or what counts them."""
    if design.in_beats == 1:
        return (Section("", _slices(design.inputs, in_data)),)
    if not buffered:
        return Section("The words of an event", counted(design.in_beats)), Section("", _slices(design.inputs, in_data))
    word = Net("word", in_data.width)
    ports = {"rst": RESET, "in_valid": IN_VALID, "in_data": in_data}
    buffer = Instance(f"{design.name}_words", "u_words", ports, {"done": DONE, "out_data": word})
    return Section("The words of an event", (buffer,)), Section("", _slices(design.inputs, word))


def _slices(tensors: Sequence[Tensor], bus: Net) -> tuple[Wire, ...]:
    wires, low = [], 0
    for tensor in tensors:
        wires.append(Wire(bus_of(tensor), Bits(bus, low, tensor.bits)))
        low += tensor.bits
    return tuple(wires)


def _instance(module: Placed, ways: Ways, valid: Net) -> Section:
    strobes: dict[str, Expression] = {name: Net(name) for name in module.controls}
    strobes |= {port: Bit(valid, cycle - 1) if cycle else ACCEPT for port, cycle in module.strobes.items()}
    data = {bus_of(t).name: ways.read(t, module.start) for t in module.inputs}
    outputs = {bus_of(t).name: bus_of(t) for t in module.outputs}
    about = f"{module.title}: cycles {module.start} to {module.start + module.latency}"
    return Section(about, (Instance(module.name, f"u_{module.segment}", {**strobes, **data}, outputs),))
