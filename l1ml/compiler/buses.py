"""Tensors on buses: the nets that carry them, and where their elements are in these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from l1ml.compiler.circuit import Bit, Bits, Constant, Element, Expression, Joined, Net, Repeated, Wire
from l1ml.compiler.network import Tensor
from l1ml.fixed import FixedType


@dataclass(frozen=True)
class Source:
    """Where an input of a program comes from: bits of ``bus`` from ``low`` on, worth 2**-fraction each LSB."""

    bus: Expression
    low: int
    fraction: int


@dataclass(frozen=True)
class Sink:
    """The form in which an output of a program is wanted."""

    width: int
    fraction: int


def tensor_sources(tensors: Sequence[Tensor]) -> list[Source]:
    """The elements of tensors on their buses."""
    return [Source(bus_of(t), i * t.type.width, t.type.fraction) for t in tensors for i in range(t.size)]


def tensor_sinks(tensors: Sequence[Tensor]) -> list[Sink]:
    """The elements of tensors in their types."""
    return [Sink(t.type.width, t.type.fraction) for t in tensors for _ in range(t.size)]


def bus_of(tensor: Tensor) -> Net:
    """The port or wire that carries a tensor."""
    return Net(f"{tensor.name}_data", tensor.bits)


def bits_of(of: Net | Element, low: int, source: FixedType, target: FixedType) -> Expression:
    """An element in another type, without logic: bits that are missing are zeros below and copies of the sign above.

    Args:
        of: A net that holds it.
        low: Its lowest bit there.
        source: Its type there.
        target: The type that is wanted.
    """
    zeros = min(max(target.fraction - source.fraction, 0), target.width)
    dropped = min(max(source.fraction - target.fraction, 0), source.width)
    taken = min(source.width - dropped, target.width - zeros)
    missing = target.width - zeros - taken
    parts: list[Expression] = []
    if missing:
        parts.append(Repeated(missing, Bit(of, low + source.width - 1)) if source.signed else Constant(0, missing))
    parts += [Bits(of, low + dropped, taken)] if taken else []
    parts += [Constant(0, zeros)] if zeros else []
    return Joined(tuple(parts)) if len(parts) > 1 else parts[0]


def pack_outputs(outputs: Sequence[Expression], tensors: Sequence[Tensor]) -> list[Wire]:
    """Expressions of elements, packed into one wire ``<name>_next`` for each tensor."""
    wires, position = [], 0
    for tensor in tensors:
        elements = outputs[position : position + tensor.size]
        position += tensor.size
        wires.append(Wire(next_of(tensor), Joined(tuple(reversed(elements)))))
    return wires


def next_of(tensor: Tensor) -> Net:
    """The wire in which a tensor is packed before its register."""
    return Net(f"{tensor.name}_next", tensor.bits)
