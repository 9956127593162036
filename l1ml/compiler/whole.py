"""A core that takes an event in several words, in a module that takes it in one, for what goes around a core."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from l1ml.compiler.beats import IN_VALID, RESET
from l1ml.compiler.circuit import (
    Bits,
    Bitwise,
    Choice,
    Compared,
    Constant,
    Element,
    Expression,
    Instance,
    Inverted,
    Item,
    Joined,
    Lowered,
    Module,
    Net,
    Port,
    Reduced,
    Register,
    Resized,
    Section,
    ShiftRegister,
    Wire,
    next_count,
)
from l1ml.compiler.core import CLOCK, OUT_VALID
from l1ml.compiler.design import Design
from l1ml.compiler.network import Tensor
from l1ml.compiler.origin import origin_of
from l1ml.compiler.printers.systemverilog import print_module
from l1ml.templates import render


def write_whole(design: Design, folder: Path) -> Design:
    """Write ``<core>_event.sv`` and its package beside a core: the same core, events and results in one word each.

    Args:
        design: The core, which takes an event or gives a result in several words.
        folder: With its Verilog.

    Returns:
        The design of the module, which is not saved: ``design.json`` stays that of the core.
    """
    name, words = f"{design.name}_event", design.out_beats
    package = f"{name}_pkg.sv"
    whole = design.model_copy(
        update={
            "name": name,
            "inputs": tuple(replace(t, beats=1) for t in design.inputs),
            "outputs": tuple(replace(t, beats=1) for t in design.outputs),
            "latency": design.in_beats + design.latency + (words if words > 1 else 0),
            "files": (*design.files, package, f"{name}.sv"),
        }
    )
    (folder / package).write_text(render("rtl/package.sv.j2", design=whole, origin=origin_of(design)))
    (folder / f"{name}.sv").write_text(print_module(_around(design, whole)))
    return whole


def _bus(name: str, tensors: tuple[Tensor, ...]) -> Net:
    return Net(name, sum(t.bits for t in tensors))


def _around(design: Design, whole: Design) -> Module:
    in_data, out_data = _bus("in_data", whole.inputs), _bus("out_data", whole.outputs)
    word, result = _bus("word", design.inputs), _bus("result", design.outputs)
    sending, leaves = Net("sending"), Net("result_valid")
    core = Instance(
        design.name,
        "u_core",
        {"rst": RESET, "in_valid": sending, "in_data": word},
        {"out_valid": leaves, "out_data": result},
    )
    return Module(
        whole.name,
        (
            origin_of(design),
            f"The core {design.name} for events in one word: its {design.in_beats} words are sent one after the other,",
            f"and the {design.out_beats} of its result gathered, {whole.latency} clock cycles later.",
        ),
        (
            *(Port(net, "input") for net in (CLOCK, RESET, IN_VALID, in_data)),
            *(Port(net, "output") for net in (OUT_VALID, out_data)),
        ),
        (
            Section("The words of an event; one that comes too early is lost.", _send(design, in_data, word, sending)),
            Section("", (core,)),
            Section("The words of a result", _gather(design, result, leaves, out_data)),
        ),
    )


def _words(tensors: tuple[Tensor, ...], bus: Net) -> list[Expression]:
    """The words of a bus that carries all of an event, tensor after tensor."""
    words: list[Expression] = []
    for beat in range(tensors[0].beats):
        low, parts = 0, []
        for tensor in tensors:
            parts.append(Bits(bus, low + beat * tensor.bits, tensor.bits))
            low += tensor.beats * tensor.bits
        words.append(Joined(tuple(reversed(parts))))
    return words


def _send(design: Design, in_data: Net, word: Net, sending: Net) -> tuple[Item, ...]:
    beats, interval = design.in_beats, design.initiation_interval
    # One more than the interval: an event may follow the words of the one before at once.
    going, queue = Net("going", max(interval - 1, beats)), Net("queue", in_data.width)
    accept: Expression = IN_VALID
    if interval > 1:
        accept = Bitwise("&", IN_VALID, Inverted(Reduced("|", Bits(going, 0, interval - 1))))
    taken = Net("taken")
    ordered = Joined(tuple(reversed(_words(design.inputs, in_data))))
    return (
        Wire(taken, accept),
        Register(going, Resized(Joined((going, taken)), going.width), reset=Constant(0, going.width)),
        Register(queue, Choice(taken, ordered, Resized(Lowered(queue, word.width), queue.width))),
        Wire(sending, Reduced("|", Bits(going, 0, beats))),
        Wire(word, Bits(queue, 0, word.width)),
    )


def _gather(design: Design, result: Net, leaves: Net, out_data: Net) -> tuple[Item, ...]:
    beats = design.out_beats
    if beats == 1:
        return Wire(OUT_VALID, leaves), Wire(out_data, result)
    count = Net("count", max(1, (beats - 1).bit_length()))
    last = Compared("==", count, Constant(beats - 1, count.width))
    whole, low = [], 0
    for tensor in design.outputs:
        whole += [(low, tensor.bits, beats - 1 - beat) for beat in range(beats)]
        low += tensor.bits
    arrived = Net("arrived", beats * result.width)
    parts = [Bits(arrived, age * result.width + start, bits) for start, bits, age in whole]
    return (
        Register(count, Choice(last, Constant(0, count.width), next_count(count)), leaves, Constant(0, count.width)),
        ShiftRegister("results", beats, result),
        Wire(arrived, Joined(tuple(Element("results", age, result.width) for age in reversed(range(beats))))),
        Wire(out_data, Joined(tuple(reversed(parts)))),
        Register(OUT_VALID, Bitwise("&", leaves, last), reset=Constant(0, 1)),
    )
