"""Batch normalisation and QKeras' scaling: ``result_t(x * scale + bias)`` (``nnet_batchnorm.h``)."""

from __future__ import annotations

from typing import Any

import numpy as np
from alkaid.trace import FVArray
from numpy.typing import NDArray

from l1ml.compiler.programs.cast import cast
from l1ml.compiler.programs.exact import add_constant
from l1ml.errors import L1mlError
from l1ml.layers.parameters import constants, output_type
from l1ml.layers.products import Products, product
from l1ml.reference.tables import Tables


def scale_and_bias(layer: Any, size: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Factor and offset of each of ``size`` elements; those of the channels again at each position."""
    products, bias = Products.of(layer, "scale"), constants(layer, "bias")
    factors, offsets = (np.resize(part.real, size) for part in (products.factors, products.offsets))
    return factors, offsets + np.resize(bias.real, size)


def lower(layer: Any, inputs: list[FVArray], tables: Tables) -> FVArray:
    """Lower ``BatchNormalization``; the sum is exact in C++, only the result is cast.

    Raises:
        L1mlError: If hls4ml reads more factors than there are.
    """
    values, products = np.asarray(inputs[0]), Products.of(layer, "scale")
    factors, offsets, bias = (part.fractions for part in (products.factors, products.offsets, constants(layer, "bias")))
    filters, target = int(layer.get_attr("n_filt", -1)), output_type(layer)
    needed = len(values) if filters == -1 else filters
    if min(len(factors), len(bias)) < needed:
        raise L1mlError(
            f"layer {layer.name!r}: hls4ml's C++ reads {needed} factors, and there are {min(len(factors), len(bias))}; "
            "normalise over the last axis of at most three"
        )
    sums = [
        add_constant(product(value, factors[i % needed], products.bits), offsets[i % needed] + bias[i % needed])
        for i, value in enumerate(values)
    ]
    return FVArray(np.array([cast(v, target) for v in sums]), inputs[0].solver_options, inputs[0].hwconf)
