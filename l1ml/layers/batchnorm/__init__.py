"""Batch normalisation, and the scaling of QKeras: a factor and an offset for each element."""

from __future__ import annotations

from typing import Any

from l1ml.fixed import FixedType
from l1ml.layers.family import Family


class _BatchNorm(Family):
    """A product and a sum, exact in C++, and one cast."""

    def cast_types(self, layer: Any) -> list[FixedType]:
        """That of the sum, of which no more is told than what is left of the binary point."""
        from l1ml.layers.parameters import weight_type
        from l1ml.layers.products import Products

        products, bias = Products.of(layer, "scale"), weight_type(layer, "bias")
        integer = max(products.integer, bias.integer) + 1
        return [FixedType(1, integer, products.signed or bias.signed)]


FAMILY = _BatchNorm(__name__, ("BatchNormalization", "ApplyAlpha"))
