"""The registers of the AXI4-Lite wrapper: what software reads and writes, and where."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import l1ml
from l1ml.compiler.design import Design
from l1ml.compiler.network import Tensor
from l1ml.errors import L1mlError

ADDRESS_BITS = 12
"""Of byte addresses: 4 kB, the smallest block that AXI interconnects give away."""

ID = int.from_bytes(b"L1ML", "big")
"""What the first register says, to find out whether the address is right."""

FIRES, SHADOW, ACTIVE = 0x100, 0x400, 0x800
"""Addresses of the first register of each kind."""

MOST_FIRES, MOST_VALUES = (SHADOW - FIRES) // 4, (ACTIVE - SHADOW) // 4
"""For how many there is room."""

APPLY, SAMPLE, CLEAR = 1, 2, 4
"""Bits of CONTROL."""


@dataclass(frozen=True)
class Register:
    """A register of 32 bits.

    Attributes:
        address: In bytes.
        name: In capitals.
        access: ``r`` or ``rw``.
        meaning: For tables.
    """

    address: int
    name: str
    access: Literal["r", "rw"]
    meaning: str


@dataclass(frozen=True)
class RegisterMap:
    """All registers of a design, and what the constant ones say."""

    registers: tuple[Register, ...]
    id: int
    version: int
    build_id: int
    address_bits: int = ADDRESS_BITS

    def address(self, name: str) -> int:
        """Of a register, in bytes."""
        return next(register.address for register in self.registers if register.name == name)

    def index(self, name: str) -> int:
        """Address of a register in words."""
        return self.address(name) // 4

    def word(self, name: str) -> str:
        """Address of a register in words, as a constant of Verilog."""
        return f"{self.address_bits - 2}'d{self.index(name)}"


@dataclass(frozen=True)
class Fire:
    """A decision: an output of one bit.

    Attributes:
        bit: Where it is on the output port.
        label: Its name.
    """

    bit: int
    label: str


def fires_of(design: Design) -> list[Fire]:
    """The decisions of a core: its outputs of one bit."""
    found, low = [], 0
    for tensor in design.outputs:
        width = tensor.type.width
        if width == 1:
            found += [Fire(low + i, f"{tensor.name}[{i}]") for i in range(tensor.size)]
        low += tensor.bits
    return found


def register_map(design: Design, folder: Path, values: Tensor | None) -> RegisterMap:
    """The registers of a core.

    Args:
        design: The core.
        folder: With its Verilog, for BUILD_ID.
        values: The input that is in registers, if one is.

    Raises:
        L1mlError: If there are more decisions or values than registers, or a value is wider than one.
    """
    fires = fires_of(design)
    if len(fires) > MOST_FIRES:
        raise L1mlError(f"{design.name} has {len(fires)} decisions; the AXI4-Lite wrapper counts up to {MOST_FIRES}")
    control = "bit 1 SAMPLE: copy all counters for reading; bit 2 CLEAR: they begin again at 0; reads as 0"
    found = [
        Register(0x00, "ID", "r", 'the letters "L1ML"'),
        Register(0x04, "VERSION", "r", "of l1ml: major, minor and patch, 8 bits each"),
        Register(0x08, "BUILD_ID", "r", "of the core's Verilog: the first 32 bits of its SHA-256"),
        Register(0x0C, "CONTROL", "rw", f"bit 0 APPLY: take over {values.name}; {control}" if values else control),
        Register(0x10, "STATUS", "r", "bit 0: a value has been written and not yet been taken over"),
        Register(0x14, "EVENTS", "r", "results that left the core, as of SAMPLE"),
        Register(0x18, "OVERFLOWS", "r", "events that came before the core could take them and are lost"),
        Register(0x1C, "DROPPED", "r", "what was dropped before the core: broken packets"),
    ]
    found += [Register(FIRES + 4 * i, f"FIRES{i}", "r", f"events with {f.label} set") for i, f in enumerate(fires)]
    if values is not None:
        if values.size > MOST_VALUES or values.type.width > 32:
            raise L1mlError(
                f"{values.name} are {values.size} of {values.type}; the AXI4-Lite wrapper has {MOST_VALUES} registers "
                "of 32 bits"
            )
        each, numbers = f"of {values.type} in the lowest bits", range(values.size)
        found += [
            Register(SHADOW + 4 * i, f"SHADOW{i}", "rw", f"{values.name}[{i}] for the next APPLY, {each}")
            for i in numbers
        ]
        found += [Register(ACTIVE + 4 * i, f"ACTIVE{i}", "r", f"{values.name}[{i}] in force, {each}") for i in numbers]
    return RegisterMap(tuple(found), ID, _version(), _build_id(design, folder))


def _version() -> int:
    numbers = [int(part) for part in l1ml.__version__.split(".")[:3]]
    return numbers[0] << 16 | numbers[1] << 8 | numbers[2]


def _build_id(design: Design, folder: Path) -> int:
    digest = hashlib.sha256()
    for name in design.files:
        digest.update((folder / name).read_bytes())
    return int.from_bytes(digest.digest()[:4], "big")
