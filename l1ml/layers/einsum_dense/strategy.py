"""Strategy and reuse factor of an ``EinsumDense``; its C++ is written with ``Latency``."""

from __future__ import annotations

from typing import Any

from l1ml.errors import L1mlError
from l1ml.layers.dense.strategy import exact_accumulator
from l1ml.layers.strategies import MOST, asked_strategy


def choose_strategy(layer: Any) -> None:
    """Check and translate.

    Raises:
        L1mlError: If the strategy is unknown or there are fewer constants than the reuse factor.
    """
    if layer.get_attr("rtl_strategy") is not None:
        return
    config, strategy = layer.model.config, asked_strategy(layer)
    factor, most = int(config.get_reuse_factor(layer)), max(MOST, int(layer.weights["weight"].data.size))
    if not 1 <= factor <= most:
        raise L1mlError(f"layer {layer.name!r}: reuse factor {factor} is not valid; give 1 to {most}")
    layer.set_attr("rtl_strategy", strategy)
    if strategy == "distributed_arithmetic":
        layer.set_attr("accum_t", exact_accumulator(layer))
    config.layer_name_strategy[layer.name.lower()] = "latency"
