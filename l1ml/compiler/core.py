"""The core: the modules of a network side by side, with the valid flags that start them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from l1ml.compiler.circuit import (
    Bit,
    Bits,
    Bitwise,
    Constant,
    Element,
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
    ShiftRegister,
    Wire,
)
from l1ml.compiler.design import Design
from l1ml.compiler.design import Module as Placed
from l1ml.compiler.network import Segment, Tensor
from l1ml.compiler.programs.circuit import bus_of, next_of

CLOCK, RESET, IN_VALID, OUT_VALID = Net("clk"), Net("rst"), Net("in_valid"), Net("out_valid")
"""Ports that every core has."""

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


@dataclass(frozen=True)
class _Delay:
    """Registers in the core that hold a tensor back for a segment that starts later."""

    tensor: Tensor
    cycles: int

    @property
    def name(self) -> str:
        return f"{self.tensor.name}_delay{self.cycles}"

    @property
    def source(self) -> Expression:
        return Element(self.name, self.cycles - 1, self.tensor.bits) if self.cycles else bus_of(self.tensor)

    @property
    def section(self) -> Section:
        about = f"{self.tensor.name} waits {self.cycles} cycle{'s' * (self.cycles > 1)} for its partners."
        return Section(about, (ShiftRegister(self.name, self.cycles, bus_of(self.tensor)),))


def core_of(design: Design, arrival: Mapping[str, int]) -> Module:
    """The top module.

    Args:
        design: The design.
        arrival: Clock cycle, counted from ``in_valid``, in which each tensor is there.
    """

    def wait(tensor: Tensor, until: int) -> _Delay:
        return _Delay(tensor, until - arrival[tensor.name])

    delays: dict[str, _Delay] = {}
    instances: list[Section] = []
    valid = Net("valid_reg", max(design.latency, design.initiation_interval - 1))
    for module in design.modules:
        waits = [wait(t, module.start) for t in module.inputs]
        delays.update({d.name: d for d in waits if d.cycles})
        instances.append(_instance(module, waits, valid))
    finals = [wait(t, design.latency) for t in design.outputs]
    delays.update({d.name: d for d in finals if d.cycles})
    inputs = {t.name for t in design.inputs}
    ordered = sorted(delays.values(), key=lambda d: d.tensor.name not in inputs)
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
            Section("", _slices(design.inputs, in_data)),
            *(delay.section for delay in ordered),
            *instances,
            Section("", (Wire(out_data, Joined(tuple(d.source for d in reversed(finals)))),)),
        ),
    )


def _valid_flags(design: Design, valid: Net) -> Section:
    accept: Expression = IN_VALID
    about = "valid_reg[t]: an event was accepted t+1 cycles ago."
    if design.initiation_interval > 1:
        busy = Bits(valid, 0, design.initiation_interval - 1)
        accept = Bitwise("&", IN_VALID, Inverted(Reduced("|", busy)))
        about += " An event that comes too early is lost."
    later = Resized(Joined((valid, ACCEPT)), valid.width)
    return Section(
        about,
        (
            Wire(ACCEPT, accept),
            Register(valid, later, reset=Constant(0, valid.width)),
            Wire(OUT_VALID, Bit(valid, design.latency - 1)),
        ),
    )


def _slices(tensors: Sequence[Tensor], bus: Net) -> tuple[Wire, ...]:
    wires, low = [], 0
    for tensor in tensors:
        wires.append(Wire(bus_of(tensor), Bits(bus, low, tensor.bits)))
        low += tensor.bits
    return tuple(wires)


def _instance(module: Placed, waits: Sequence[_Delay], valid: Net) -> Section:
    strobes = {port: Bit(valid, cycle - 1) if cycle else ACCEPT for port, cycle in module.strobes.items()}
    data = {bus_of(delay.tensor).name: delay.source for delay in waits}
    outputs = {bus_of(t).name: bus_of(t) for t in module.outputs}
    about = f"{module.title}: cycles {module.start} to {module.start + module.latency}"
    return Section(about, (Instance(module.name, f"u_{module.segment}", {**strobes, **data}, outputs),))
