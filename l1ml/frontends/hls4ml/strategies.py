"""Strategy and reuse factor of each layer: checked, and translated for the C++ where hls4ml has no equal."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from hls4ml.backends.vivado.passes.unrolled_codegen import GenerateUnrolledDenseResource
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


UNROLLS = {"vivado:generate_unrolled_dense_resource": "verilog:unroll_weights"}
"""hls4ml's pass that writes the C++ of ``resource_unrolled``, and ours in its place."""


class UnrollWeights(GenerateUnrolledDenseResource):
    """hls4ml's own, which knows no other backends than two by their names."""

    def _add_backend_specific_pragmas_to_generated_code(self, code: str, backend: Any) -> str:
        return str(super()._add_backend_specific_pragmas_to_generated_code(code, SimpleNamespace(name="Vitis")))
