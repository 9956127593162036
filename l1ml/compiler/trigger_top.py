"""The top of a trigger: a core whose thresholds are registers that can be loaded while it runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from l1ml.compiler.design import Design
from l1ml.compiler.network import Tensor
from l1ml.compiler.programs.printer import literal
from l1ml.errors import L1mlError
from l1ml.templates import render


def write_trigger(folder: Path, registers: str, reset: Sequence[int]) -> str:
    """Write ``<project>_trigger.sv`` beside a core, and enter it in ``files.f``.

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
    if design.words > 1:
        raise L1mlError(f"{design.name} takes an event in {design.words} words; a trigger needs one, and one decision")
    tensor = _find(design, registers)
    _check(tensor, reset)
    sources, low = [], 0
    for other in design.inputs:
        if other == tensor:
            sources.append("active_reg")
            continue
        sources.append(f"in_data[{low + other.bits - 1}:{low}]")
        low += other.bits
    name = f"{design.name}_trigger"
    text = render(
        "rtl/trigger.sv.j2",
        design=design,
        registers=tensor,
        reset=[literal(value, tensor.type.width) for value in reset],
        event_bits=low,
        address_bits=max((tensor.size - 1).bit_length(), 1),
        sources=sources,
    )
    (folder / f"{name}.sv").write_text(text)
    (folder / "files.f").write_text("".join(f"{file}\n" for file in (*design.files, f"{name}.sv")))
    return name


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
