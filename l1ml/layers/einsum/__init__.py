"""Einsum: products of two tensors, summed along the axes that an equation names."""

from __future__ import annotations

from typing import Any

from l1ml.layers.family import Family
from l1ml.layers.strategies import asked_strategy


class _Einsum(Family):
    """Products of elements, an event each clock cycle."""

    def choose_strategy(self, layer: Any) -> None:
        """Any that is known; hls4ml has C++ for ``Latency`` alone, and no other strategy has Verilog of its own."""
        asked_strategy(layer)
        layer.model.config.layer_name_strategy[layer.name.lower()] = "latency"


FAMILY = _Einsum(__name__, ("Einsum",), opens_segment=True)
