"""A network in segments: the pieces of it that become modules."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from l1ml.fixed import FixedType

if TYPE_CHECKING:  # these know segments
    from alkaid.trace import FVArray

    from l1ml.compiler.hardware import Hardware
    from l1ml.compiler.neurons import Neurons
    from l1ml.compiler.programs.trace import Interval
    from l1ml.reference.tables import Tables


@dataclass(frozen=True)
class Tensor:
    """Values that leave one layer for others, in one word or in several.

    Attributes:
        name: Its name.
        size: Number of elements of an event, position by position, in a position channel by channel.
        type: Type of the elements.
        beats: Words in which an event passes, one in each clock cycle, with as many elements each.
        reach: Lowest and highest integer of an element, where not all that its type holds has a meaning.
    """

    name: str
    size: int
    type: FixedType
    beats: int = 1
    reach: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if self.beats < 1 or self.size % self.beats:
            raise ValueError(f"{self.size} elements of {self.name} do not pass in {self.beats} equal words")

    @property
    def word(self) -> int:
        """Number of elements of a word."""
        return self.size // self.beats

    @property
    def limits(self) -> tuple[int, int]:
        """Lowest and highest integer of an element; ``SAT_SYM`` makes nothing that is lower, also of an input."""
        return self.reach or (self.type.lowest, self.type.maximum)

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


def element(tensors: Sequence[Tensor], index: int) -> tuple[Tensor, int]:
    """The tensor that holds an element of several side by side, and the element's index in it."""
    for tensor in tensors:
        if index < tensor.size:
            return tensor, index
        index -= tensor.size
    raise IndexError(f"{', '.join(t.name for t in tensors)} have no element {index} after their last")


@dataclass(frozen=True)
class Uncast:
    """Real values that a layer casts.

    Attributes:
        values: Before the cast, shape (events, elements).
        type: To which they are cast.
        what: What the type is called in hls4ml's configuration, such as ``accum``.
    """

    values: NDArray[np.float64]
    type: FixedType
    what: str


Place = tuple[int, int] | None
"""Where an element comes from: the number of a tensor and the index in it; ``None`` for a zero."""


@dataclass(frozen=True)
class View:
    """A tensor that is nothing but wires: bits of others, put into another order.

    Attributes:
        tensor: The tensor.
        sources: Those that it is made of, which may be views themselves.
        places: Where each of its elements comes from in ``sources``. Between types, bits are dropped or extended.
    """

    tensor: Tensor
    sources: tuple[Tensor, ...]
    places: tuple[Place, ...]


class Builder(Protocol):
    """Who makes hardware of a layer: what the compiler asks the family of the layer (``l1ml.layers.family``)."""

    @property
    def streams(self) -> bool:
        """Whether its layers take and give the positions of a tensor one after the other, one in each clock cycle."""

    @property
    def takes_words(self) -> bool:
        """Whether a layer takes the words of an event as they come into the core."""

    def describe(self, layer: Any) -> str:
        """What a layer is, in a word or two."""

    def lower(self, layer: Any, inputs: list[FVArray], tables: Tables) -> FVArray:
        """The outputs of a layer, made of its symbolic inputs; all of them flat."""

    def foldable(self, segment: Segment) -> bool:
        """Whether the work of a segment that begins with such a layer can be spread over several clock cycles."""

    def depends_on_event(self, segment: Segment, intervals: list[Interval]) -> bool:
        """Whether anything that the first layer of a segment computes can change, so that there is work to spread."""

    def fold(
        self, segment: Segment, intervals: list[Interval], tables: Tables, *, capture: bool, stage_delay: float
    ) -> Hardware:
        """Spread the work of a segment over as many clock cycles as its reuse factor says."""

    def stream(
        self, segment: Segment, intervals: dict[str, list[Interval]], *, module: str, stage_delay: float
    ) -> Hardware:
        """Make hardware of a segment that takes its input position by position."""

    def neurons(self, layer: Any) -> Neurons | None:
        """Biases and weights of a layer of neurons, for comments; None for another layer."""

    def before_casts(self, layer: Any, inputs: list[NDArray[np.float64]]) -> list[Uncast]:
        """What a layer makes of some inputs before it is cast, for each of its casts."""

    def remark(self, layer: Any, inputs: list[NDArray[np.float64]], output: NDArray[np.float64]) -> str:
        """What a user should know of the outputs that a layer gave; empty for nothing."""


@dataclass(frozen=True)
class Step:
    """A layer of the front end, and who makes hardware of it."""

    layer: Any
    family: Builder


@dataclass
class Segment:
    """Consecutive layers that are lowered together into one module.

    Attributes:
        name: Verilog-safe name, that of the first layer.
        steps: The layers in order.
        inputs: Tensors that come from other segments or from the network's input.
        outputs: Tensors that others, or the network's output, use.
    """

    name: str
    steps: list[Step] = field(default_factory=list)
    inputs: list[Tensor] = field(default_factory=list)
    outputs: list[Tensor] = field(default_factory=list)

    @property
    def layers(self) -> list[Any]:
        """The layers alone."""
        return [step.layer for step in self.steps]

    @property
    def family(self) -> Builder:
        """Who folds the segment: the family of its first layer."""
        return self.steps[0].family

    @property
    def title(self) -> str:
        """The layers by name and class, for comments and messages."""
        return " → ".join(f"{step.layer.name} ({step.family.describe(step.layer)})" for step in self.steps)

    @property
    def reuse_factor(self) -> int:
        """Clock cycles over which the work of the segment is spread; 1 for one that cannot be."""
        return int(self.layers[0].get_attr("reuse_factor")) if self.family.foldable(self) else 1

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
    """An hls4ml model cut into segments, in topological order.

    Attributes:
        name: Its name.
        inputs: What comes from outside.
        outputs: What leaves.
        segments: What becomes modules.
        views: What becomes wires between them, by name of the tensor.
    """

    name: str
    inputs: list[Tensor]
    outputs: list[Tensor]
    segments: list[Segment]
    views: dict[str, View] = field(default_factory=dict)

    @property
    def buffered(self) -> bool:
        """Whether the words of an event must be kept until the last one is there."""
        return beats_of(self.inputs) > 1 and not any(segment.family.takes_words for segment in self.segments)


MODULES = frozenset({"pkg", "words", "event", "trigger", "axis", "axi", "axil", "bx", "emp"})
"""Ends of names of modules around the segments."""


def identifier(name: str) -> str:
    """A name that Verilog accepts for a tensor; its bus is called after it, and ``in_data`` is the core's own."""
    clean = re.sub(r"[^A-Za-z0-9_]", "_", name)
    clean = clean if clean[:1].isalpha() else f"l_{clean}"
    return f"{clean}_" if clean in ("in", "out") else clean


def segment_identifier(name: str) -> str:
    """A name for the segment that begins with a layer; it ends the name of a module."""
    clean = identifier(name)
    return f"{clean}_layer" if clean in MODULES else clean
