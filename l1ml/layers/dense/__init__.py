"""Dense layers: a matrix of constants times a vector."""

from __future__ import annotations

from typing import Any

from l1ml.layers.family import Family, Sums


class _Dense(Family):
    """Dense layers, which can be folded in the ways that strategies are."""

    def choose_strategy(self, layer: Any) -> None:
        """Any of them."""
        from l1ml.layers.dense.strategy import choose_strategy

        choose_strategy(layer)

    def foldable(self, segment: Any) -> bool:
        """Always."""
        return True

    def depends_on_event(self, segment: Any, intervals: Any) -> bool:
        """Where an input with a weight is not constant."""
        from l1ml.layers.dense.folding.sums import rows_that_count
        from l1ml.layers.dense.lowering import DenseParameters

        return bool(rows_that_count(DenseParameters.of(segment.layers[0]), intervals))

    def cast_types(self, layer: Any) -> list[Any]:
        """The accumulator's."""
        from l1ml.layers.parameters import attribute_type

        return [attribute_type(layer, "accum_t")]

    def bounds(self, layer: Any) -> Sums:
        """The sums."""
        from l1ml.layers.dense.lowering import DenseParameters

        return DenseParameters.of(layer)


FAMILY = _Dense(__name__, ("Dense",), opens_segment=True)
