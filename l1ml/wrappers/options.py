"""How the wrappers of a core are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from l1ml.compiler.design import Design
from l1ml.errors import L1mlError

if TYPE_CHECKING:
    from l1ml.spec import Spec

Field = Literal["packed", "auto", 8, 16, 32, 64]
"""Bits that an element has on a bus: as many as its type, the fewest of 8, 16, 32 or 64 that hold it, or a number."""


@dataclass(frozen=True)
class StreamOptions:
    """AXI4-Stream.

    Attributes:
        data_width: Bits of a beat.
        field: Bits of each element.
    """

    data_width: int = 64
    field: Field = "packed"


@dataclass(frozen=True)
class EmpOptions:
    """Links of an EMP payload.

    Attributes:
        frames: Words of an event on each input link; as many as a bunch crossing has clock cycles by default.
        output_frames: Words of a result on each output link; as ``frames`` by default, but no more than are needed.
        field: Bits of each element where no map says more.
        input_map: ``LINK.FRAME.BIT`` of each element of the event in order; empty for one after the other.
        output_map: The same of the result.
    """

    frames: int | None = None
    output_frames: int | None = None
    field: Field = "auto"
    input_map: tuple[str, ...] = ()
    output_map: tuple[str, ...] = ()


@dataclass(frozen=True)
class WrapperOptions:
    """All wrappers.

    Attributes:
        wrappers: Names of those to write; empty for all that the core allows.
        registers: Name of the input that is in registers (``l1ml.compiler.trigger_top``); empty if none is.
        reset: Integers in LSB of its elements after a reset.
        clocks_per_bx: Clock cycles of a bunch crossing.
    """

    wrappers: tuple[str, ...] = ()
    registers: str = ""
    reset: tuple[int, ...] = ()
    clocks_per_bx: int = 9
    stream: StreamOptions = StreamOptions()
    emp: EmpOptions = EmpOptions()


def options_of(spec: Spec, design: Design, settings: dict[str, Any]) -> WrapperOptions:
    """What a spec says of wrappers.

    Args:
        spec: The spec of a build.
        design: Its core.
        settings: Inputs in registers with their values, as ``l1ml.triggers.load_settings`` gives them.

    Raises:
        L1mlError: If more than one input is in registers.
    """
    if len(settings) > 1:
        raise L1mlError(f"{design.name} has {', '.join(settings)} in registers; wrappers are made for one such input")
    firmware = spec.firmware
    types = {tensor.name: tensor.type for tensor in design.inputs}
    reset = {name: tuple(types[name].quantize(values).tolist()) for name, values in settings.items()}
    return WrapperOptions(
        wrappers=firmware.wrappers,
        registers=next(iter(reset), ""),
        reset=next(iter(reset.values()), ()),
        clocks_per_bx=firmware.clocks_per_bx,
        stream=StreamOptions(**firmware.stream.model_dump()),
        emp=EmpOptions(**firmware.emp.model_dump()),
    )
