"""Strategy and reuse factor of each layer: checked, and translated for the C++ where hls4ml has no equal."""

from __future__ import annotations

from typing import Any

from hls4ml.model.optimizer import OptimizerPass

from l1ml.errors import L1mlError

STRATEGIES = {
    "latency": "Latency",
    "resource": "Resource",
    "distributed_arithmetic": "distributed_arithmetic",
    "da": "distributed_arithmetic",
    "auto": "distributed_arithmetic",
}
"""Strategies that the Verilog backend knows, by hls4ml's names in lower case."""

NEAR = 6
"""How many valid reuse factors an error lists."""


class ChooseStrategies(OptimizerPass):
    """Keep each dense layer's strategy for the RTL, and give the C++ one that computes the same numbers.

    hls4ml's own distributed arithmetic needs another package and refuses reuse factors above 1. Its result does not
    depend on the strategy, so the C++ of such a layer is written with ``Latency``.
    """

    def match(self, node: Any) -> bool:
        """Dense layers that have not been looked at."""
        return node.class_name == "Dense" and node.get_attr("rtl_strategy") is None

    def transform(self, model: Any, node: Any) -> bool:
        """Check and translate.

        Raises:
            L1mlError: If the strategy is unknown or the reuse factor is not valid.
        """
        asked = str(model.config.get_strategy(node))  # in lower case
        strategy = STRATEGIES.get(asked.lower())
        if strategy is None:
            known = ", ".join(dict.fromkeys(STRATEGIES.values()))
            raise L1mlError(f"layer {node.name!r}: strategy {asked!r} is not known to the Verilog backend; use {known}")
        factor = int(model.config.get_reuse_factor(node))
        check_reuse_factor(node, factor)
        if factor > 1 and strategy != "distributed_arithmetic":
            raise L1mlError(
                f"layer {node.name!r}: strategy {strategy} at reuse factor {factor} is not supported by the Verilog "
                "backend yet; use distributed_arithmetic"
            )
        node.set_attr("rtl_strategy", strategy)
        if strategy == "distributed_arithmetic":
            model.config.layer_name_strategy[node.name.lower()] = "Latency"
        return False


def check_reuse_factor(layer: Any, factor: int) -> None:
    """Check a reuse factor by hls4ml's own rule (``FPGABackend._validate_reuse_factor``).

    Raises:
        L1mlError: If it is not valid for the layer; the message lists valid ones near it.
    """
    backend = layer.model.config.backend
    n_in, n_out = backend.get_layer_mult_size(layer)
    valid = backend.get_valid_reuse_factors(n_in, n_out)
    if factor not in valid:
        near = sorted(sorted(valid, key=lambda candidate: abs(candidate - factor))[:NEAR])
        raise L1mlError(
            f"layer {layer.name!r} ({n_in} inputs, {n_out} outputs): reuse factor {factor} is not valid; "
            f"valid ones near it: {', '.join(map(str, near))}"
        )
