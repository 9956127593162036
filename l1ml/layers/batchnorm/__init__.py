"""Batch normalisation, and the scaling of QKeras: a factor and an offset for each element."""

from __future__ import annotations

from typing import Any

from l1ml.compiler.network import Uncast
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


FAMILY = _BatchNorm(__name__, ("BatchNormalization", "ApplyAlpha"))
"""Batch normalisation and QKeras' scaling: ``result_t(x * scale + bias)`` (``nnet_batchnorm.h``)."""
