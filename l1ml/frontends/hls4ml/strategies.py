"""Strategy and reuse factor of each layer: checked, and translated for the C++ where hls4ml has no equal."""

from __future__ import annotations

from typing import Any

from hls4ml.model.optimizer import GlobalOptimizerPass

from l1ml.layers.registry import family_of


class ChooseStrategies(GlobalOptimizerPass):
    """Keep each layer's strategy for the RTL, and give the C++ one that computes the same numbers."""

    def transform(self, model: Any, node: Any) -> bool:
        """Let the layer's family check and translate.

        Raises:
            L1mlError: If the strategy is unknown or the reuse factor is not valid.
        """
        family_of(node).choose_strategy(node)
        return False
