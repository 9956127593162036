"""Batch normalisation, and the scaling of QKeras: a factor and an offset for each element."""

from __future__ import annotations

from typing import Any

from l1ml.compiler.network import Uncast
from l1ml.fixed import FixedType
from l1ml.layers.family import Family


class _BatchNorm(Family):
    """A product and a sum, exact in C++, and one cast."""

    def before_casts(self, layer: Any, inputs: Any) -> list[Uncast]:
        """The sum."""
        from l1ml.layers.batchnorm.lowering import scale_and_bias
        from l1ml.layers.parameters import output_type

        values = inputs[0]
        scale, bias = scale_and_bias(layer, values.shape[1])
        return [Uncast(values * scale + bias, output_type(layer), "result")]

    def cast_types(self, layer: Any) -> list[FixedType]:
        """That of the sum, of which no more is told than what is left of the binary point."""
        from l1ml.layers.parameters import weight_type
        from l1ml.layers.products import Products

        products, bias = Products.of(layer, "scale"), weight_type(layer, "bias")
        integer = max(products.integer, bias.integer) + 1
        return [FixedType(1, integer, products.signed or bias.signed)]


FAMILY = _BatchNorm(__name__, ("BatchNormalization", "ApplyAlpha"))
