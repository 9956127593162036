"""A module of hardware as data: ports, wires, registers, memories, tables and instances of other modules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from l1ml.compiler.circuit.expressions import SMALL_TABLE_BITS, Expression, Net

BLOCK_ROM_DEPTH = 65
"""From this many words on, a ROM is kept in block RAM; below, a bit of it is one LUT."""


@dataclass(frozen=True)
class Port:
    """A port; ``note`` says what it carries."""

    net: Net
    direction: Literal["input", "output"]
    note: str = ""


@dataclass(frozen=True)
class Parameter:
    """A constant that an instance may change; ``value`` is what it is otherwise, ``note`` says what it is for."""

    net: Net
    value: Expression
    note: str = ""


@dataclass(frozen=True)
class Wire:
    """A net and the expression that drives it."""

    net: Net
    value: Expression


@dataclass(frozen=True)
class Register:
    """A net that takes a value at a rising edge of the clock.

    Attributes:
        net: The register.
        value: What it takes.
        enable: When it takes it; in every clock cycle if absent.
        reset: What it takes while ``rst`` is high, whatever else; no reset if absent.
    """

    net: Net
    value: Expression
    enable: Expression | None = None
    reset: Expression | None = None


@dataclass(frozen=True)
class ShiftRegister:
    """Words in a row: the first one takes a value in each clock cycle, every other one that of the word before it."""

    name: str
    length: int
    value: Expression


@dataclass(frozen=True)
class Rom:
    """A constant memory with a register behind it.

    Attributes:
        net: The register.
        address: Which word it takes.
        words: The words.
        in_block_ram: Whether they are kept in block RAM; else in logic.
    """

    net: Net
    address: Expression
    words: tuple[int, ...]
    in_block_ram: bool


@dataclass(frozen=True)
class Ram:
    """A memory with a port to write and one to read, which gives what was there before a write to the same address.

    Attributes:
        name: Name of the memory.
        depth: Number of words.
        net: What is read, in the same clock cycle if ``registered`` is not set.
        read: Its address.
        write: When to write.
        address: Where.
        data: What.
        registered: Whether there is a register behind the memory.
        in_block_ram: Whether it is kept in block RAM; else in LUTs.
    """

    name: str
    depth: int
    net: Net
    read: Expression
    write: Expression
    address: Expression
    data: Expression
    registered: bool
    in_block_ram: bool


@dataclass(frozen=True)
class Table:
    """A constant table: ``words`` integers of ``width`` bits each."""

    name: str
    address_bits: int
    width: int
    words: tuple[int, ...]

    @property
    def literal(self) -> int:
        """All words in one integer, the first one in the lowest bits."""
        return sum(word << (i * self.width) for i, word in enumerate(self.words))

    @property
    def small(self) -> bool:
        """Whether the table fits one LUT for each bit."""
        return self.address_bits <= SMALL_TABLE_BITS


@dataclass(frozen=True)
class Instance:
    """Another module within this one.

    Attributes:
        module: Its name.
        name: Name of the instance.
        inputs: What each of its inputs gets.
        outputs: The net that each of its outputs drives.
        parameters: Values of its parameters.
    """

    module: str
    name: str
    inputs: Mapping[str, Expression]
    outputs: Mapping[str, Net]
    parameters: Mapping[str, int] = field(default_factory=dict)


Item = Wire | Register | ShiftRegister | Rom | Ram | Table | Instance


@dataclass(frozen=True)
class Stage:
    """Where in a pipeline something happens: the pipeline by name, and how many registers are before it."""

    pipeline: str
    number: int


@dataclass(frozen=True)
class Section:
    """Items that belong together.

    Attributes:
        title: What they do; empty for what needs no words.
        items: In the order in which they are printed.
        stage: The pipeline stage that they are, with the registers at its end.
    """

    title: str
    items: tuple[Item, ...]
    stage: Stage | None = None


@dataclass(frozen=True)
class Module:
    """A module.

    Attributes:
        name: Its name and that of its file.
        about: What it does: lines of text.
        ports: In order.
        sections: Its hardware.
        parameters: Constants that instances may change.
    """

    name: str
    about: tuple[str, ...]
    ports: tuple[Port, ...]
    sections: tuple[Section, ...]
    parameters: tuple[Parameter, ...] = ()

    @property
    def file(self) -> str:
        """Name of its file."""
        return f"{self.name}.sv"

    @cached_property
    def outputs(self) -> frozenset[str]:
        """Names of its outputs."""
        return frozenset(port.net.name for port in self.ports if port.direction == "output")

    @property
    def given(self) -> tuple[Net, ...]:
        """What instances may be given or give: ports and parameters."""
        return (*(port.net for port in self.ports), *(parameter.net for parameter in self.parameters))

    @property
    def items(self) -> Iterator[Item]:
        """All items in order."""
        return (item for section in self.sections for item in section.items)


def driven(item: Item) -> tuple[Net, ...]:
    """The nets that an item drives."""
    match item:
        case Wire() | Register() | Rom() | Ram():
            return (item.net,)
        case Instance():
            return tuple(item.outputs.values())
    return ()


def declares(item: Item) -> tuple[str, ...]:
    """Names of what others can read of an item."""
    return (item.name,) if isinstance(item, ShiftRegister) else tuple(net.name for net in driven(item))


def read_by(item: Item) -> Iterator[Expression]:
    """The expressions that an item reads."""
    match item:
        case Wire():
            yield item.value
        case Register():
            yield from (part for part in (item.value, item.enable, item.reset) if part is not None)
        case ShiftRegister():
            yield item.value
        case Rom():
            yield item.address
        case Ram():
            yield from (item.read, item.write, item.address, item.data)
        case Instance():
            yield from item.inputs.values()
