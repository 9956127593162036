"""Strategy and reuse factor of a dense layer: checked, and translated for the C++ where hls4ml has no equal.

hls4ml's own distributed arithmetic needs another package and refuses reuse factors above 1. Its sums are exact, so the
C++ of such a layer is written with ``Latency`` and an ``accum_t`` that loses nothing. ``auto`` keeps the ``accum_t``
that was asked for.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from hls4ml.model.types import FixedPrecisionType, NamedType

from l1ml.layers.parameters import input_type, output_type, weight_type
from l1ml.layers.products import Products
from l1ml.layers.strategies import OURS, asked_strategy, check_reuse_factor


def choose_strategy(layer: Any) -> None:
    """Check and translate.

    Raises:
        L1mlError: If the strategy is unknown or the reuse factor is not valid.
    """
    if layer.get_attr("rtl_strategy") is not None:
        return
    config, strategy = layer.model.config, asked_strategy(layer)
    check_reuse_factor(layer, strategy, int(config.get_reuse_factor(layer)))
    layer.set_attr("rtl_strategy", strategy)
    if strategy == "distributed_arithmetic":
        layer.set_attr("accum_t", exact_accumulator(layer, layer.weights["bias"].data.size))
    if strategy in OURS:
        config.layer_name_strategy[layer.name.lower()] = "Latency"
    sizes = config.backend.get_layer_mult_size(layer)
    if strategy == "resource_unrolled" and len(config.backend.get_valid_reuse_factors(*sizes)) == 2:
        # For one multiplication at a time hls4ml takes the next lower factor; where that is 1, it forgets the C++.
        config.layer_name_strategy[layer.name.lower()] = "Resource"


def exact_accumulator(layer: Any, columns: int = 1) -> NamedType:
    """The narrowest ``accum_t`` that loses nothing, whatever the inputs.

    Args:
        layer: The layer.
        columns: How many sums are known to share none of the weights, one for each index of their last axis.

    hls4ml's own distributed arithmetic knows no ``accum_t``: it sums exactly
    (``hls4ml/backends/vivado/passes/distributed_arithmetic.py``).
    """
    inputs, products, bias = input_type(layer), Products.of(layer, "weight"), weight_type(layer, "bias")
    factors, offsets = (np.abs(part.real).reshape(-1, columns) for part in (products.factors, products.offsets))
    largest = 2.0 ** (inputs.integer - int(inputs.signed)) * factors.sum(axis=0) + offsets.sum(axis=0)
    largest = largest + np.abs(layer.weights["bias"].data).reshape(-1, columns).max(axis=0) + bias.lsb
    # AMD's ap_fixed stops the program if a rounding looks at a bit above the highest one.
    integer = max(int(np.ceil(np.log2(largest.max()))) + 1, 1 - output_type(layer).fraction)
    exact = inputs.fraction - products.factors.exponent
    fraction = max(exact if products.bits is None else min(exact, products.bits), bias.fraction)
    return NamedType(f"{layer.name}_accum_t", FixedPrecisionType(max(1, integer + fraction), integer, signed=True))
