"""Tensors on buses: the nets that carry them, and where their elements are in these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from l1ml.compiler.circuit import Expression, Joined, Net, Wire
from l1ml.compiler.network import Tensor


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
