"""Strategies and reuse factors that a layer may ask for."""

from __future__ import annotations

from typing import Any

from l1ml.errors import L1mlError

STRATEGIES = {
    "latency": "Latency",
    "resource": "Resource",
    "resource_unrolled": "Resource",  # another way to write the same C++
    "distributed_arithmetic": "distributed_arithmetic",
    "da": "distributed_arithmetic",
    "auto": "auto",
}
"""Strategies that the Verilog backend knows, by hls4ml's names in lower case."""

OURS = ("distributed_arithmetic", "auto")
"""Strategies for which the C++ is written with ``Latency``."""

MOST = 1024
"""Reuse factor that every layer may have; above it, none has more than there are multiplications."""

NEAR = 6
"""How many valid reuse factors an error lists."""


def asked_strategy(layer: Any) -> str:
    """The strategy that a layer of hls4ml is to have.

    Raises:
        L1mlError: If there is no such strategy.
    """
    asked = str(layer.model.config.get_strategy(layer))  # in lower case
    strategy = STRATEGIES.get(asked.lower())
    if strategy is None:
        known = ", ".join(dict.fromkeys(STRATEGIES.values()))
        raise L1mlError(f"layer {layer.name!r}: strategy {asked!r} is not known to the Verilog backend; use {known}")
    return strategy


def check_reuse_factor(layer: Any, strategy: str, factor: int) -> None:
    """Check a reuse factor: that there is work for it, and by hls4ml's own rule, which is one for ``Resource`` alone.

    There the C++ takes as many weights at a time as fill whole rows (``FPGABackend._validate_reuse_factor``). The
    other strategies leave the order to the tool, and take any.

    Raises:
        L1mlError: If it is not valid for the layer; the message lists valid ones near it.
    """
    if factor < 1:
        raise L1mlError(f"layer {layer.name!r}: reuse factor {factor} is not valid; give a whole number from 1")
    backend = layer.model.config.backend
    n_in, n_out = backend.get_layer_mult_size(layer)
    if factor > max(MOST, n_in * n_out):
        raise L1mlError(
            f"layer {layer.name!r} ({n_in} inputs, {n_out} outputs): reuse factor {factor} is more than its "
            f"{n_in * n_out} multiplications; give at most {max(MOST, n_in * n_out)}"
        )
    if strategy != "Resource":
        return
    valid = backend.get_valid_reuse_factors(n_in, n_out)
    if factor not in valid:
        near = sorted(sorted(valid, key=lambda candidate: abs(candidate - factor))[:NEAR])
        raise L1mlError(
            f"layer {layer.name!r} ({n_in} inputs, {n_out} outputs): reuse factor {factor} is not valid "
            f"with strategy Resource; valid ones near it: {', '.join(map(str, near))}"
        )
