"""Dense layers: a matrix of constants times a vector."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from l1ml.compiler.network import Segment, Uncast
from l1ml.layers.family import Family, Sums

if TYPE_CHECKING:  # a light module
    from l1ml.compiler.hardware import Hardware
    from l1ml.compiler.neurons import Neurons
    from l1ml.compiler.programs.trace import Interval
    from l1ml.reference.tables import Tables


class DenseFamily(Family):
    """Layers whose outputs are sums of constants times inputs: ``lowering.py`` has ``sums_of(layer)``, too.

    They can be folded in the ways that strategies are.
    """

    def choose_strategy(self, layer: Any) -> None:
        """Any of them."""
        from l1ml.layers.dense.strategy import choose_strategy

        choose_strategy(layer)

    def foldable(self, segment: Segment) -> bool:
        """Always."""
        return True

    def depends_on_event(self, segment: Segment, intervals: list[Interval]) -> bool:
        """Where an input with a weight is not constant."""
        from l1ml.layers.dense.folding.sums import rows_that_count

        return bool(rows_that_count(self.bounds(segment.layers[0]), intervals))

    def fold(
        self, segment: Segment, intervals: list[Interval], tables: Tables, *, capture: bool, stage_delay: float
    ) -> Hardware:
        """By the strategy of the layer."""
        from l1ml.layers.dense.folding import fold

        return fold(segment, intervals, tables, capture=capture, stage_delay=stage_delay)

    def cast_types(self, layer: Any) -> list[Any]:
        """The accumulator's."""
        from l1ml.layers.parameters import attribute_type

        return [attribute_type(layer, "accum_t")]

    def before_casts(self, layer: Any, inputs: list[NDArray[np.float64]]) -> list[Uncast]:
        """The sums; between bits, the result is not one of them."""
        from l1ml.layers.dense.lowering import counts_bits

        known = super().before_casts(layer, inputs)
        return known[:1] if counts_bits(layer) else known

    def neurons(self, layer: Any) -> Neurons | None:
        """All of them; of sums that are more than constants times inputs, no weights can be told in a word."""
        from l1ml.compiler.neurons import Neurons

        sums = self.position(layer)
        return Neurons(sums.weights, sums.start) if sums.linear else None

    def position(self, layer: Any) -> Sums:
        """The sums at one position of the input."""
        return self.bounds(layer)

    def bounds(self, layer: Any) -> Sums:
        """The sums."""
        found: Sums = self.part("lowering").sums_of(layer)
        return found


FAMILY = DenseFamily(__name__, ("Dense",), opens_segment=True)
