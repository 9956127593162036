"""The top of a trigger: a core whose thresholds are registers that can be loaded while it runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from l1ml.compiler.circuit import (
    Bits,
    Bitwise,
    Compared,
    Constant,
    Expression,
    Instance,
    Joined,
    Module,
    Net,
    Parameter,
    Port,
    Register,
    Section,
)
from l1ml.compiler.core import CLOCK, IN_VALID, OUT_VALID, RESET
from l1ml.compiler.design import Design
from l1ml.compiler.network import Tensor
from l1ml.compiler.origin import origin_of
from l1ml.compiler.printers.systemverilog import print_module
from l1ml.errors import L1mlError


def write_trigger(folder: Path, registers: str, reset: Sequence[int]) -> str:
    """Write ``<project>_trigger.sv`` beside a core, and enter it in ``design.json`` and ``files.f``.

    Its ports are those of the core, but that one input is missing from ``in_data``, and ``cfg_we``, ``cfg_addr``,
    ``cfg_data`` and ``cfg_apply`` to load it. What they do is said at the head of the file.

    Args:
        folder: Folder with the Verilog of the core and its ``design.json``.
        registers: Name of the input that becomes registers.
        reset: Integers in LSB after a reset, one for each of its elements.

    Returns:
        Name of the module.

    Raises:
        L1mlError: If the core has no such input or nothing else, takes an event in several words, or a value is missing
            or out of range.
    """
    design = Design.load(folder)
    if design.in_beats > 1:
        raise L1mlError(
            f"{design.name} takes an event in {design.in_beats} words; a trigger needs one, and one decision"
        )
    tensor = _find(design, registers)
    _check(tensor, reset)
    top = _top(design, tensor, reset)
    (folder / top.file).write_text(print_module(top))
    design = design.model_copy(update={"trigger": top.name})
    design.save(folder)
    (folder / "files.f").write_text("".join(f"{file}\n" for file in design.sources))
    return top.name


def _top(design: Design, tensor: Tensor, reset: Sequence[int]) -> Module:
    """The module around the core."""
    width, bits = tensor.type.width, tensor.bits
    sources: list[Expression] = []
    low = 0
    in_data = Net("in_data", sum(other.bits for other in design.inputs if other != tensor))
    for other in design.inputs:
        if other == tensor:
            sources.append(Net("active_reg", bits))
            continue
        sources.append(Bits(in_data, low, other.bits))
        low += other.bits
    out_data = Net("out_data", sum(t.bits for t in design.outputs))
    values = Net("RESET_VALUES", bits)
    write, address = Net("cfg_we"), Net("cfg_addr", max((tensor.size - 1).bit_length(), 1))
    data, apply = Net("cfg_data", width), Net("cfg_apply")
    shadows = []
    for number in range(tensor.size):
        when = Bitwise("&", write, Compared("==", address, Constant(number, address.width)))
        shadow = Net(f"shadow{number}_reg", width)
        shadows.append(Register(shadow, data, when, Bits(values, number * width, width)))
    shadow_values = Joined(tuple(register.net for register in reversed(shadows)))
    core = Instance(
        design.name,
        "u_core",
        {"rst": RESET, "in_valid": IN_VALID, "in_data": Joined(tuple(reversed(sources)))},
        {"out_valid": OUT_VALID, "out_data": out_data},
    )
    inputs = {
        **dict.fromkeys((CLOCK, RESET, IN_VALID, in_data), ""),
        write: "",
        address: f"0 to {tensor.size - 1}; a write elsewhere is lost",
        data: "",
        apply: "",
    }
    return Module(
        f"{design.name}_trigger",
        (
            origin_of(design),
            f"The core {design.name} with its {tensor.name} in registers that can be loaded while it runs.",
            "cfg_we writes one value to a shadow register; cfg_apply takes over all of them at once. An event that "
            "comes with",
            "cfg_apply is still decided with the old values, the next one with the new. A write together with "
            "cfg_apply is not yet",
            "taken over. rst sets both sets of registers to RESET_VALUES.",
        ),
        (
            *(Port(net, "input", note) for net, note in inputs.items()),
            *(Port(net, "output") for net in (OUT_VALID, out_data)),
        ),
        (
            Section("", (*shadows, Register(Net("active_reg", bits), shadow_values, apply, values))),
            Section("", (core,)),
        ),
        (
            Parameter(
                values,
                Joined(tuple(Constant(value, width) for value in reversed(reset))),
                f"Values after a reset: {tensor.size} x {tensor.type}, number 0 in the lowest bits.",
            ),
        ),
    )


def _find(design: Design, registers: str) -> Tensor:
    for tensor in design.inputs:
        if tensor.name == registers and len(design.inputs) > 1:
            return tensor
    inputs = ", ".join(tensor.name for tensor in design.inputs)
    raise L1mlError(
        f"{design.name} has the inputs {inputs}; a trigger needs one named {registers} for its registers, and another"
    )


def _check(tensor: Tensor, reset: Sequence[int]) -> None:
    if len(reset) != tensor.size:
        raise L1mlError(f"{len(reset)} reset values for {tensor.size} {tensor.name}; give one for each")
    for number, value in enumerate(reset):
        if not tensor.type.minimum <= value <= tensor.type.maximum:
            raise L1mlError(
                f"reset value {number} of {tensor.name} is {value}; {tensor.type} holds {tensor.type.minimum} to "
                f"{tensor.type.maximum}"
            )
