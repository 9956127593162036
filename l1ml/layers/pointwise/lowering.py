"""A dense layer at each position: ``pointwise_conv_1d_cl`` (``nnet_conv1d.h``) and ``_2d_cl`` (``nnet_conv2d.h``).

All positions have the same weights, whatever ``ParallelizationFactor`` says of how many the C++ has at a time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from alkaid.trace import FVArray
from numpy.typing import NDArray

from l1ml.errors import L1mlError
from l1ml.layers.dense.lowering import DenseParameters, accumulate, finish, side_by_side
from l1ml.layers.family import Sums
from l1ml.reference.tables import Tables


def lower(layer: Any, inputs: list[FVArray], tables: Tables) -> FVArray:
    """Lower a kernel of one position: ``Dense`` on the channels of each position that the strides leave.

    Raises:
        L1mlError: If the image is padded or its channels come first.
    """
    parameters = DenseParameters.of(layer)
    sums = [total for place in positions_of(layer) for total in accumulate(inputs[0][place], parameters)]
    return FVArray(np.array([finish(layer, total) for total in sums]), inputs[0].solver_options, inputs[0].hwconf)


def sums_of(layer: Any) -> Sums:
    """The sums of all positions side by side: one matrix of blocks."""
    parameters, places = DenseParameters.of(layer), positions_of(layer)
    return side_by_side(layer, [(place, parameters) for place in places], int(layer.get_input_variable().size()))


def positions_of(layer: Any) -> NDArray[np.int64]:
    """Index of the inputs of each position that the layer computes; shape (positions, channels).

    Raises:
        L1mlError: If the image is padded or its channels come first.
    """
    sides = [side for side in ("height", "width") if layer.get_attr(f"in_{side}") is not None]
    padding = [layer.get_attr(f"pad_{edge}", 0) for edge in ("top", "bottom", "left", "right")]
    if any(padding) or layer.get_attr("data_format", "channels_last") != "channels_last":
        raise L1mlError(
            f"layer {layer.name!r}: a kernel of one position is supported without padding and with channels last"
        )
    size = [int(layer.get_attr(f"in_{side}")) for side in sides]
    index = np.arange(np.prod(size) * int(layer.get_attr("n_chan"))).reshape(*size, -1)
    strides = [int(layer.get_attr(f"stride_{side}")) for side in sides]
    ends = [int(layer.get_attr(f"out_{side}")) * stride for side, stride in zip(sides, strides, strict=True)]
    taken = index[tuple(slice(0, end, stride) for end, stride in zip(ends, strides, strict=True))]
    return taken.reshape(-1, index.shape[-1])
