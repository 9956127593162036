"""Strategy and reuse factor of each layer: checked, and translated for the C++ where hls4ml has no equal."""

from __future__ import annotations

from typing import Any

import numpy as np
from hls4ml.model.optimizer import OptimizerPass
from hls4ml.model.types import FixedPrecisionType, NamedType

from l1ml.errors import L1mlError
from l1ml.fixed import FixedType

STRATEGIES = {
    "latency": "Latency",
    "resource": "Resource",
    "distributed_arithmetic": "distributed_arithmetic",
    "da": "distributed_arithmetic",
    "auto": "auto",
}
"""Strategies that the Verilog backend knows, by hls4ml's names in lower case."""

OURS = ("distributed_arithmetic", "auto")
"""Strategies for which the C++ is written with ``Latency``."""

NEAR = 6
"""How many valid reuse factors an error lists."""


class ChooseStrategies(OptimizerPass):
    """Keep each dense layer's strategy for the RTL, and give the C++ one that computes the same numbers.

    hls4ml's own distributed arithmetic needs another package and refuses reuse factors above 1. Its sums are exact,
    so the C++ of such a layer is written with ``Latency`` and an ``accum_t`` that loses nothing. ``auto`` keeps the
    ``accum_t`` that was asked for.
    """

    def match(self, node: Any) -> bool:
        """Dense layers that have not been looked at, and others for which hls4ml knows no such strategy."""
        if node.class_name == "Dense":
            return node.get_attr("rtl_strategy") is None
        return STRATEGIES.get(str(node.get_attr("strategy")).lower()) in OURS

    def transform(self, model: Any, node: Any) -> bool:
        """Check and translate.

        Raises:
            L1mlError: If the strategy is unknown or the reuse factor is not valid.
        """
        if node.class_name != "Dense":
            node.set_attr("strategy", "latency")
            return False
        asked = str(model.config.get_strategy(node))  # in lower case
        strategy = STRATEGIES.get(asked.lower())
        if strategy is None:
            known = ", ".join(dict.fromkeys(STRATEGIES.values()))
            raise L1mlError(f"layer {node.name!r}: strategy {asked!r} is not known to the Verilog backend; use {known}")
        factor = int(model.config.get_reuse_factor(node))
        check_reuse_factor(node, strategy, factor)
        node.set_attr("rtl_strategy", strategy)
        if strategy == "distributed_arithmetic":
            node.set_attr("accum_t", exact_accumulator(node))
        if strategy in OURS:
            model.config.layer_name_strategy[node.name.lower()] = "Latency"
        return False


def exact_accumulator(layer: Any) -> NamedType:
    """The narrowest ``accum_t`` that loses nothing, whatever the inputs.

    hls4ml's own distributed arithmetic knows no ``accum_t``: it sums exactly
    (``hls4ml/backends/vivado/passes/distributed_arithmetic.py``).
    """
    inputs = FixedType.from_hls4ml(layer.get_input_variable().type.precision)
    weight, bias = (FixedType.from_hls4ml(layer.weights[n].type.precision) for n in ("weight", "bias"))
    weights = np.abs(layer.weights["weight"].data).reshape(-1, layer.get_attr("n_out"))
    largest = 2.0 ** (inputs.integer - int(inputs.signed)) * (weights.sum(axis=0) + weight.lsb)
    largest = largest + np.abs(layer.weights["bias"].data) + bias.lsb
    # AMD's ap_fixed stops the program if a rounding looks at a bit above the highest one.
    result = FixedType.from_hls4ml(layer.get_output_variable().type.precision)
    integer = max(int(np.ceil(np.log2(largest.max()))) + 1, 1 - result.fraction)
    fraction = max(inputs.fraction + weight.fraction, bias.fraction)
    return NamedType(f"{layer.name}_accum_t", FixedPrecisionType(max(1, integer + fraction), integer, signed=True))


def check_reuse_factor(layer: Any, strategy: str, factor: int) -> None:
    """Check a reuse factor by hls4ml's own rule, which is one for ``Resource`` alone.

    There the C++ takes as many weights at a time as fill whole rows (``FPGABackend._validate_reuse_factor``). The
    other strategies leave the order to the tool, and take any.

    Raises:
        L1mlError: If it is not valid for the layer; the message lists valid ones near it.
    """
    if factor < 1:
        raise L1mlError(f"layer {layer.name!r}: reuse factor {factor} is not valid; give a whole number from 1")
    if strategy != "Resource":
        return
    backend = layer.model.config.backend
    n_in, n_out = backend.get_layer_mult_size(layer)
    valid = backend.get_valid_reuse_factors(n_in, n_out)
    if factor not in valid:
        near = sorted(sorted(valid, key=lambda candidate: abs(candidate - factor))[:NEAR])
        raise L1mlError(
            f"layer {layer.name!r} ({n_in} inputs, {n_out} outputs): reuse factor {factor} is not valid "
            f"with strategy Resource; valid ones near it: {', '.join(map(str, near))}"
        )
