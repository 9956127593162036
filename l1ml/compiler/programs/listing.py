"""A program ready for printing: wires, registers and tables, and where its inputs and outputs are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from l1ml.compiler.network import Tensor

SMALL_TABLE_BITS = 6
"""Tables with up to this many address bits are one LUT for each output bit and printed as one literal."""


@dataclass(frozen=True)
class Wire:
    """A named wire and the expression that drives it."""

    name: str
    width: int
    signed: bool
    expression: str


@dataclass(frozen=True)
class Register:
    """A pipeline register: ``name`` takes the value of ``source`` at each clock."""

    name: str
    width: int
    signed: bool
    source: str


@dataclass(frozen=True)
class Table:
    """A constant table: ``words`` integers of ``width`` bits each."""

    name: str
    address_bits: int
    width: int
    words: tuple[int, ...]

    @property
    def literal(self) -> str:
        """All words in one literal, the first one in the lowest bits."""
        value = sum(word << (i * self.width) for i, word in enumerate(self.words))
        return f"{len(self.words) * self.width}'h{value:x}"

    @property
    def small(self) -> bool:
        """Whether the table fits one LUT for each bit."""
        return self.address_bits <= SMALL_TABLE_BITS


@dataclass
class Stage:
    """What happens between two ranks of registers, and the rank after it."""

    wires: list[Wire] = field(default_factory=list)
    registers: list[Register] = field(default_factory=list)


@dataclass(frozen=True)
class Source:
    """Where an input of a program comes from: bits of ``bus`` from ``low`` on, worth 2**-fraction each LSB."""

    bus: str
    low: int
    fraction: int


@dataclass(frozen=True)
class Sink:
    """The form in which an output of a program is wanted."""

    width: int
    fraction: int


@dataclass
class Listing:
    """A program ready for printing; ``outputs`` holds an expression for each output, valid in the last stage."""

    stages: list[Stage]
    outputs: list[str]
    tables: list[Table]


def tensor_sources(tensors: Sequence[Tensor]) -> list[Source]:
    """The elements of tensors on their buses ``<name>_data``."""
    return [Source(f"{t.name}_data", i * t.type.width, t.type.fraction) for t in tensors for i in range(t.size)]


def tensor_sinks(tensors: Sequence[Tensor]) -> list[Sink]:
    """The elements of tensors in their types."""
    return [Sink(t.type.width, t.type.fraction) for t in tensors for _ in range(t.size)]


def pack_outputs(outputs: Sequence[str], tensors: Sequence[Tensor]) -> list[Wire]:
    """Expressions of elements, packed into one wire ``<name>_next`` for each tensor."""
    wires, position = [], 0
    for tensor in tensors:
        elements = outputs[position : position + tensor.size]
        position += tensor.size
        wires.append(Wire(f"{tensor.name}_next", tensor.bits, False, "{" + ", ".join(reversed(elements)) + "}"))
    return wires
