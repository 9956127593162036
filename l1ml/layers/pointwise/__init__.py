"""Dense layers on tensors of more than one axis, and convolutions whose kernel is one position."""

from __future__ import annotations

from typing import Any

from l1ml.layers.dense import DenseFamily
from l1ml.layers.family import Sums
from l1ml.layers.strategies import BY_ROWS

_CLASSES = ("Conv1D", "Conv2D", "PointwiseConv1D", "PointwiseConv2D")
"""hls4ml makes the first two of a dense layer, and the last two of them where the kernel is one position."""


class _Pointwise(DenseFamily):
    """The same matrix for the channels of each position."""

    def takes(self, layer: Any) -> bool:
        """Not what is derived from a convolution and multiplies otherwise, nor larger kernels."""
        size = int(layer.get_attr("filt_height", 1)) * int(layer.get_attr("filt_width", 1))
        return layer.class_name in _CLASSES and size == 1

    def position(self, layer: Any) -> Sums:
        """The same at each."""
        from l1ml.layers.dense.lowering import DenseParameters

        return DenseParameters.of(layer)

    def choose_strategy(self, layer: Any) -> None:
        """Any; the C++ of ``Resource`` stops the program where it would take more cycles than there are channels."""
        super().choose_strategy(layer)
        config, by_rows = layer.model.config, layer.get_attr("rtl_strategy") in BY_ROWS
        if by_rows and config.get_reuse_factor(layer) > layer.get_attr("n_chan"):
            config.layer_name_strategy[layer.name.lower()] = "Latency"


FAMILY = _Pointwise(__name__, _CLASSES, opens_segment=True, only="with a kernel of one position")
