"""The contract of a family of layers: what the rest of l1ml asks, and where in the family's folder the answer is.

A folder holds, of these, what the family needs:

| file | what |
| --- | --- |
| ``__init__.py`` | ``FAMILY``, of the class below or of one derived from it; light, as all folders are looked at |
| ``lowering.py`` | ``lower(layer, inputs, tables)``: the layer on symbolic inputs, one event each clock cycle |
| ``folding.py`` or ``folding/`` | ``fold``, as ``Family.fold``: a segment with a reuse factor above 1 |
| ``streaming.py`` | ``stream``, as ``Family.stream``: a segment that takes its input position by position |
| ``arithmetic.py`` | for a layer of l1ml's own: what it computes, as NumPy functions on integers |
| ``keras_layer.py`` | for such a layer: its Keras class |
| ``hls4ml_layer.py``, ``nnet_*.h`` | for such a layer: its class in hls4ml's graph, and its C++ |
| ``tables.cpp.j2`` | C++ that prints the tables of hls4ml's own |
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from l1ml.compiler.network import Builder, Place, Segment, Uncast
from l1ml.constants import Constants
from l1ml.fixed import FixedType
from l1ml.layers.strategies import OURS, STRATEGIES

if TYPE_CHECKING:  # a light module
    from alkaid.trace import FVArray

    from l1ml.compiler.hardware import Hardware
    from l1ml.compiler.neurons import Neurons
    from l1ml.compiler.programs.trace import Interval
    from l1ml.reference.tables import Tables


@dataclass(frozen=True)
class Sums:
    """A layer is ``result_t(start + x @ weights)``, summed in a type of its own.

    Attributes:
        weights: Shape (n_in, n_out).
        start: From what the sums start, in LSB of their type; shape (n_out,).
        accum: Type of the sums.
        offsets: What is added to each product, shape (n_in, n_out), where it matters that this is done before the
            product is cast to ``accum``; else it is in ``start``.
        bits: Integer bits, and as many fractional ones, to which products are cut before; None if that loses nothing.
    """

    weights: Constants
    start: Constants
    accum: FixedType
    offsets: Constants | None = None
    bits: int | None = None

    @property
    def linear(self) -> bool:
        """Whether no more is lost of products than ``accum`` does not hold."""
        return self.offsets is None and self.bits is None


@dataclass(frozen=True)
class Clip:
    """A layer casts each element to its result's type, and negative ones to 0 before if ``relu``."""

    relu: bool


@dataclass(frozen=True)
class Inverse:
    """A layer before all others, of which it is known what to feed it with.

    Attributes:
        find: Integers in LSB of its inputs that give about the outputs that are wanted, real numbers.
    """

    find: Callable[[NDArray[np.float64]], NDArray[np.int64]]


@dataclass(frozen=True)
class Family(Builder):
    """A family of layers. What it says here is right for a layer that is made of logic, element by element.

    Attributes:
        package: Its package, ``__name__`` in the file that makes the object.
        classes: Classes of hls4ml's graph that it takes, and those derived from them.
        opens_segment: Whether such a layer begins a module of its own; others join the layer before them.
        own: Whether hls4ml does not have these layers, so that their Keras and hls4ml sides are in the folder, too.
        streams: Whether its layers take and give the positions of a tensor one after the other, one in each clock
            cycle. Tensors of shape (positions, channels) then pass in as many words as they have positions.
        takes_words: Whether such a layer takes the words of an event as they come into the core, with gaps between
            them; it is then the only one that reads the core's input.
        only: Which of the layers of these classes it takes, for messages; see ``takes``.
    """

    package: str
    classes: tuple[str, ...]
    opens_segment: bool = False
    own: bool = False
    streams: bool = False
    takes_words: bool = False
    only: str = ""

    def takes(self, layer: Any) -> bool:
        """Whether it takes a layer of one of its classes."""
        return True

    def part(self, name: str) -> Any:
        """A module of the family's folder."""
        return import_module(f"{self.package}.{name}")

    def unrolled(self, layers: Sequence[Any]) -> Sequence[Any]:
        """The layers of a model in order, with those put in place that are in its graph once and done several times.

        Raises:
            L1mlError: If that cannot be done.
        """
        return layers

    def input_limits(self, layer: Any) -> tuple[int, int] | None:
        """Lowest and highest integer, in LSB, that the input of a layer may have; None for all that its type holds."""
        return None

    def describe(self, layer: Any) -> str:
        """What a layer is, in a word or two."""
        return str(layer.class_name)

    def lower(self, layer: Any, inputs: list[FVArray], tables: Tables) -> FVArray:
        """The outputs of a layer, made of its symbolic inputs; all of them flat.

        Raises:
            L1mlError: If the way it is set up has no Verilog.
        """
        return self.part("lowering").lower(layer, inputs, tables)

    def places(self, layer: Any) -> list[Place] | None:
        """Where each element of a layer's output comes from in its inputs; ``None`` for a layer that computes.

        Raises:
            L1mlError: If the way it is set up has no Verilog.
        """
        return None

    def uniform(self, layer: Any) -> bool:
        """Whether a layer does the same to every element, so that neurons which take turns can share it."""
        return False

    def table_dump(self, layer: Any) -> str:
        """C++ that prints the tables ``lower`` asks for (``firmware_templates/cpp/tables.cpp.j2``); empty for none.

        Raises:
            L1mlError: If there is a table that is too large.
        """
        return ""

    def choose_strategy(self, layer: Any) -> None:
        """Keep what was asked of a layer for the Verilog, and set what hls4ml writes its C++ with; called repeatedly.

        Raises:
            L1mlError: If its strategy is unknown or its reuse factor not valid.
        """
        if STRATEGIES.get(str(layer.get_attr("strategy")).lower()) in OURS:  # of other families, hls4ml knows no such
            layer.set_attr("strategy", "latency")

    def foldable(self, segment: Segment) -> bool:
        """Whether the work of a segment that begins with such a layer can be spread over several clock cycles."""
        return False

    def depends_on_event(self, segment: Segment, intervals: list[Interval]) -> bool:
        """Whether anything that the first layer of a segment computes can change, so that there is work to spread."""
        return True

    def fold(
        self, segment: Segment, intervals: list[Interval], tables: Tables, *, capture: bool, stage_delay: float
    ) -> Hardware:
        """Spread the work of a segment over as many clock cycles as its reuse factor says.

        Args:
            segment: The layers, the first one of this family; one input, on which they depend.
            intervals: What each input can be.
            tables: The C++ tables.
            capture: Whether the input must be copied because it does not stay.
            stage_delay: Longest logic between two registers, in adders one after the other.

        Raises:
            L1mlError: If a layer does what is not reproduced at reuse factors above 1.
        """
        return self.part("folding").fold(segment, intervals, tables, capture=capture, stage_delay=stage_delay)

    def stream(
        self, segment: Segment, intervals: dict[str, list[Interval]], *, module: str, stage_delay: float
    ) -> Hardware:
        """Make hardware of a segment that takes its input position by position, one in each clock cycle.

        Args:
            segment: The layer alone.
            intervals: For each input tensor, what its elements can be.
            module: Name of its module.
            stage_delay: Longest logic between two registers, in adders one after the other.
        """
        return self.part("streaming").stream(segment, intervals, module=module, stage_delay=stage_delay)

    def cast_types(self, layer: Any) -> list[FixedType]:
        """Types of what a layer casts to the type of its result; those of its inputs, if it casts nothing else."""
        return [FixedType.from_hls4ml(layer.get_input_variable(name).type.precision) for name in layer.inputs]

    def bounds(self, layer: Any) -> Sums | Clip | Inverse | None:
        """What is known of how far the values of a layer go; None for nothing."""
        return None

    def neurons(self, layer: Any) -> Neurons | None:
        """Biases and weights of a layer of neurons, for comments; None for another layer."""
        return None

    def before_casts(self, layer: Any, inputs: list[NDArray[np.float64]]) -> list[Uncast]:
        """What a layer makes of some inputs before it is cast: where ``bounds`` says what it is, that.

        Args:
            layer: The layer.
            inputs: Real values of each of its inputs, shape (events, elements).
        """
        from l1ml.layers.parameters import output_type

        known, result = self.bounds(layer), output_type(layer)
        if isinstance(known, Sums):
            sums = inputs[0] @ known.weights.real + known.start.real
            sums = sums if known.offsets is None else sums + known.offsets.real.sum(axis=0)
            return [Uncast(sums, known.accum, "accum"), Uncast(sums, result, "result")]
        if isinstance(known, Clip):
            return [Uncast(np.maximum(inputs[0], 0) if known.relu else inputs[0], result, "result")]
        return []

    def remark(self, layer: Any, inputs: list[NDArray[np.float64]], output: NDArray[np.float64]) -> str:
        """What a user should know of the outputs that a layer gave; empty for nothing.

        Args:
            layer: The layer.
            inputs: Real values of each of its inputs, shape (events, elements).
            output: What its C++ made of them, shape (events, elements).
        """
        from l1ml.layers.cpp import compares_wrongly

        if not compares_wrongly(layer) or not any((values < 0).any() for values in inputs):
            return ""
        return (
            "its C++ takes negative values for larger than unsigned ones, as it compares integers of 32 bits and more: "
            "give the unsigned type fewer bits, or a sign"
        )
