"""Norm1: each input divided by the size of the sum of all."""

from __future__ import annotations

from typing import Any

from l1ml.layers.family import Family, Inverse


class _Norm1(Family):
    """The normalisation, which can be folded where nothing follows it."""

    def foldable(self, segment: Any) -> bool:
        """Only alone."""
        return len(segment.layers) == 1

    def fold(self, segment: Any, intervals: Any, tables: Any, *, capture: bool, stage_delay: float) -> Any:
        """A few lanes take the inputs in turn."""
        from l1ml.layers.norm1.folding import fold_norm

        (source,) = segment.inputs
        return fold_norm(segment, source, capture=capture, stage_delay=stage_delay)

    def bounds(self, layer: Any) -> Inverse:
        """Inputs whose quotients by their sum are the ones that are wanted."""
        from l1ml.layers.norm1.arithmetic import inverse

        return Inverse(inverse(layer))


FAMILY = _Norm1(__name__, ("Norm1",), opens_segment=True, own=True)
