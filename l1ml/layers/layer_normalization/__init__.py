"""Layer normalization: what lies along the last axis, by its mean and its variance."""

from __future__ import annotations

from typing import Any

from l1ml.layers.family import Family
from l1ml.templates import render


class _LayerNormalization(Family):
    """A layer of additions, squares and products with an entry of a table."""

    def table_dump(self, layer: Any) -> str:
        """One over the square root of the variance."""
        from l1ml.layers.indexing import table_size

        table_size(layer)
        return render("layer_normalization/tables.cpp.j2", layer=layer.name, index=layer.index)


FAMILY = _LayerNormalization(__name__, ("LayerNormalization",), opens_segment=True)
