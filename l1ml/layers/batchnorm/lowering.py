"""Batch normalisation and QKeras' scaling: ``result_t(x * scale + bias)`` (``nnet_batchnorm.h``)."""

from __future__ import annotations

from typing import Any

import numpy as np
from alkaid.trace import FVArray

from l1ml.compiler.programs.cast import cast
from l1ml.layers.parameters import narrow_constants, output_type
from l1ml.layers.products import Products, product
from l1ml.reference.tables import Tables


def lower(layer: Any, inputs: list[FVArray], tables: Tables) -> FVArray:
    """Lower ``BatchNormalization``; the sum is exact in C++, only the result is cast."""
    values, target, products = np.asarray(inputs[0]), output_type(layer), Products.of(layer, "scale")
    factors, offsets, bias = (
        np.resize(part.real, len(values))  # those of the channels again at each position
        for part in (products.factors, products.offsets, narrow_constants(layer, "bias"))
    )
    sums = [
        product(value, float(factor), products.bits) + float(offset)
        for value, factor, offset in zip(values, factors, offsets + bias, strict=True)
    ]
    return FVArray(np.array([cast(v, target) for v in sums]), inputs[0].solver_options, inputs[0].hwconf)
