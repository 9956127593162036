"""What a wrapper has inside: the core, the core with registers, or one of these with AXI4-Lite."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from l1ml.compiler.design import Design
from l1ml.compiler.network import Tensor
from l1ml.compiler.printers.systemverilog import literal
from l1ml.compiler.trigger_top import write_trigger
from l1ml.errors import L1mlError
from l1ml.wrappers.options import WrapperOptions
from l1ml.wrappers.registers import ADDRESS_BITS

CELLS = "wrappers"
"""Folder of the templates."""


@dataclass(frozen=True)
class Port:
    """A port that a wrapper hands on to what it has inside."""

    direction: str
    name: str
    bits: int
    meaning: str = ""


@dataclass(frozen=True)
class Inner:
    """A module with the ports of a core.

    Attributes:
        module: Its name.
        files: Its Verilog, in order of compilation.
        control: Ports that a core does not have.
        event: What its ``in_data`` carries.
        values: The input in registers, if one is.
        reset: Its values after a reset, as constants of Verilog.
    """

    module: str
    files: tuple[str, ...]
    control: tuple[Port, ...]
    event: tuple[Tensor, ...]
    values: Tensor | None
    reset: tuple[str, ...] = ()

    @property
    def event_bits(self) -> int:
        """Width of ``in_data``."""
        return sum(tensor.bits for tensor in self.event)


def inner_of(design: Design, folder: Path, options: WrapperOptions) -> Inner:
    """The core, or the top with registers, which is written if there are any.

    Raises:
        L1mlError: If the folder is not that of the core, or there are no such registers.
    """
    missing = [name for name in design.files if not (folder / name).is_file()]
    if missing:
        raise L1mlError(f"{folder} has no {missing[0]}: wrappers are written beside the Verilog of {design.name}")
    if not options.registers:
        return Inner(design.name, design.files, (), design.inputs, None)
    module = write_trigger(folder, options.registers, options.reset)
    (values,) = (tensor for tensor in design.inputs if tensor.name == options.registers)
    address = max((values.size - 1).bit_length(), 1)
    control = (
        Port("input ", "cfg_we", 1, f"writes one of {values.name} to its shadow register"),
        Port("input ", "cfg_addr", address),
        Port("input ", "cfg_data", values.type.width),
        Port("input ", "cfg_apply", 1, "takes over all of them, for the events after this clock cycle"),
    )
    event = tuple(tensor for tensor in design.inputs if tensor is not values)
    reset = tuple(literal(value, values.type.width) for value in options.reset)
    return Inner(module, (*design.files, f"{module}.sv"), control, event, values, reset)


LITE_PORTS = (
    Port("input ", "s_axil_awaddr", ADDRESS_BITS),
    Port("input ", "s_axil_awvalid", 1),
    Port("output", "s_axil_awready", 1),
    Port("input ", "s_axil_wdata", 32),
    Port("input ", "s_axil_wstrb", 4),
    Port("input ", "s_axil_wvalid", 1),
    Port("output", "s_axil_wready", 1),
    Port("output", "s_axil_bresp", 2),
    Port("output", "s_axil_bvalid", 1),
    Port("input ", "s_axil_bready", 1),
    Port("input ", "s_axil_araddr", ADDRESS_BITS),
    Port("input ", "s_axil_arvalid", 1),
    Port("output", "s_axil_arready", 1),
    Port("output", "s_axil_rdata", 32),
    Port("output", "s_axil_rresp", 2),
    Port("output", "s_axil_rvalid", 1),
    Port("input ", "s_axil_rready", 1),
)
"""AXI4-Lite, without protection, which nothing here depends on."""
