"""Embedding: a row of a table of constants for each index that comes in."""

from __future__ import annotations

from typing import Any

from l1ml.layers.family import Family


class _Embedding(Family):
    """Tables that the input addresses."""

    def input_limits(self, layer: Any) -> tuple[int, int]:
        """The rows; beyond them, the C++ reads what happens to lie behind its table."""
        return 0, int(layer.get_attr("vocab_size")) - 1


FAMILY = _Embedding(__name__, ("Embedding",))
