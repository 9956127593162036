"""EinsumDense: products of a tensor with constants, summed along the axes that an equation names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from l1ml.layers.dense import DenseFamily

if TYPE_CHECKING:  # a light module
    from l1ml.compiler.neurons import Neurons


MOST_TOLD = 1 << 16
"""Inputs times outputs up to which neurons are told with their weights, those of all parts beside each other."""


class _EinsumDense(DenseFamily):
    """Dense layers on parts of a tensor, with constants that all have or each has its own."""

    def neurons(self, layer: Any) -> Neurons | None:
        """Of all parts, unless there are too many."""
        sizes = layer.get_input_variable().size() * layer.get_output_variable().size()
        return super().neurons(layer) if sizes <= MOST_TOLD else None

    def choose_strategy(self, layer: Any) -> None:
        """Any; hls4ml has C++ for ``Latency`` alone."""
        from l1ml.layers.einsum_dense.strategy import choose_strategy

        choose_strategy(layer)


FAMILY = _EinsumDense(__name__, ("EinsumDense",), opens_segment=True)
