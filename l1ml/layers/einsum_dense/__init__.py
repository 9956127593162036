"""EinsumDense: products of a tensor with constants, summed along the axes that an equation names."""

from __future__ import annotations

from typing import Any

from l1ml.layers.dense import DenseFamily


class _EinsumDense(DenseFamily):
    """Dense layers on parts of a tensor, with constants that all have or each has its own."""

    def choose_strategy(self, layer: Any) -> None:
        """Any; hls4ml has C++ for ``Latency`` alone."""
        from l1ml.layers.einsum_dense.strategy import choose_strategy

        choose_strategy(layer)


FAMILY = _EinsumDense(__name__, ("EinsumDense",), opens_segment=True)
