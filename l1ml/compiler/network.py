"""From an hls4ml ``ModelGraph`` to segments: the pieces of the network that become modules."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.errors import L1mlError
from l1ml.fixed import FixedType

HEAVY_CLASSES = frozenset({"Dense", "Norm1", "Softmax"})
"""hls4ml classes that open a segment of their own; lighter layers join the one before them."""


@dataclass(frozen=True)
class Tensor:
    """Values that leave one layer for others, in one word or in several.

    Attributes:
        name: Its name.
        size: Number of elements of an event, position by position, in a position channel by channel.
        type: Type of the elements.
        beats: Words in which an event passes, one in each clock cycle, with as many elements each.
    """

    name: str
    size: int
    type: FixedType
    beats: int = 1

    def __post_init__(self) -> None:
        if self.beats < 1 or self.size % self.beats:
            raise ValueError(f"{self.size} elements of {self.name} do not pass in {self.beats} equal words")

    @property
    def word(self) -> int:
        """Number of elements of a word."""
        return self.size // self.beats

    @property
    def bits(self) -> int:
        """Width of the bus that carries a word."""
        return self.word * self.type.width


def beats_of(tensors: Sequence[Tensor]) -> int:
    """Words in which an event passes on a bus that tensors share.

    Raises:
        ValueError: If they differ in that.
    """
    beats = {t.beats for t in tensors}
    if len(beats) > 1:
        raise ValueError(f"tensors of {sorted(beats)} words cannot share a bus: {', '.join(t.name for t in tensors)}")
    return beats.pop() if beats else 1


def real_values(integers: NDArray[np.int64], tensors: Sequence[Tensor]) -> list[NDArray[np.float64]]:
    """Integers in LSB of several tensors side by side, shape (events, elements of all), as real values of each."""
    ends = np.cumsum([t.size for t in tensors])[:-1]
    return [t.type.to_float(part) for t, part in zip(tensors, np.split(integers, ends, axis=1), strict=True)]


@dataclass
class Segment:
    """Consecutive layers that are lowered together into one module.

    Attributes:
        name: Verilog-safe name, that of the first layer.
        layers: The hls4ml layers in order.
        inputs: Tensors that come from other segments or from the network's input.
        outputs: Tensors that others, or the network's output, use.
    """

    name: str
    layers: list[Any] = field(default_factory=list)
    inputs: list[Tensor] = field(default_factory=list)
    outputs: list[Tensor] = field(default_factory=list)

    @property
    def title(self) -> str:
        """The layers by name and class, for comments and messages."""
        return " → ".join(f"{layer.name} ({describe(layer)})" for layer in self.layers)

    @property
    def reuse_factor(self) -> int:
        """Clock cycles over which the work of the segment is spread; 1 for one that cannot be."""
        first = self.layers[0]
        foldable = first.class_name == "Dense" or (first.class_name == "Norm1" and len(self.layers) == 1)
        return int(first.get_attr("reuse_factor")) if foldable else 1

    def chain(self) -> list[Any]:
        """The layers from the first on, as long as each is all that the one before it is used for."""
        wanted = {t.name for t in self.outputs}
        chain = self.layers[:1]
        for layer in self.layers[1:]:
            (before,) = chain[-1].outputs
            users = [other for other in self.layers if before in other.inputs]
            if users != [layer] or len(layer.inputs) > 1 or identifier(before) in wanted:
                break
            chain.append(layer)
        return chain

    def producer(self, tensor: Tensor) -> str:
        """Name of the hls4ml layer that gives one of the outputs."""
        return next(str(la.name) for la in self.layers for name in la.outputs if identifier(name) == tensor.name)


@dataclass(frozen=True)
class Network:
    """An hls4ml model cut into segments, in topological order."""

    name: str
    inputs: list[Tensor]
    outputs: list[Tensor]
    segments: list[Segment]


def identifier(name: str) -> str:
    """A name that Verilog accepts."""
    clean = re.sub(r"\W", "_", name)
    return clean if clean[0].isalpha() else f"l_{clean}"


def describe(layer: Any) -> str:
    """What a layer is, in a word or two."""
    activation = layer.get_attr("activation") if layer.class_name in ("Activation", "ParametrizedActivation") else None
    return str(activation or layer.class_name)


def network_of(model: Any) -> Network:
    """Cut an hls4ml model into segments.

    Args:
        model: An hls4ml ``ModelGraph`` to which the backend's flow has been applied.

    Returns:
        The network, its tensors named after hls4ml's layer outputs.

    Raises:
        L1mlError: For an ``IOType`` other than ``io_parallel`` or a type that is not fixed-point.
    """
    if model.config.get_config_value("IOType") != "io_parallel":
        raise L1mlError("the Verilog backend needs io_type='io_parallel'; io_stream has no fixed latency")
    tensors = {
        name: _tensor(name, variable) for layer in model.get_layers() for name, variable in layer.variables.items()
    }
    segments: list[Segment] = []
    owner: dict[str, Segment] = {}
    for layer in model.get_layers():
        if layer.class_name in ("Input", "InputLayer"):
            continue
        # A light layer joins whoever makes all of its inputs, however many other branches hls4ml puts between them.
        makers = [owner.get(name) for name in layer.inputs]
        current = makers[0] if all(maker is makers[0] for maker in makers) else None
        if current is None or layer.class_name in HEAVY_CLASSES:
            current = Segment(identifier(layer.name))
            segments.append(current)
        current.layers.append(layer)
        for name in layer.inputs:
            if owner.get(name) is not current and tensors[name] not in current.inputs:
                current.inputs.append(tensors[name])
        owner.update(dict.fromkeys(layer.outputs, current))
    for segment in segments:
        inside = {name for layer in segment.layers for name in layer.outputs}
        used_outside = {t.name for other in segments if other is not segment for t in other.inputs}
        used_outside |= {tensors[name].name for name in model.outputs}
        segment.outputs = [tensors[name] for name in sorted(inside) if tensors[name].name in used_outside]
    return Network(
        name=identifier(model.config.get_project_name()),
        inputs=[tensors[name] for name in model.inputs],
        outputs=[tensors[name] for name in model.outputs],
        segments=segments,
    )


def _tensor(name: str, variable: Any) -> Tensor:
    return Tensor(identifier(name), int(variable.size()), FixedType.from_hls4ml(variable.type.precision))
