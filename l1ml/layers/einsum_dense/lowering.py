"""EinsumDense as hls4ml computes it (``nnet_einsum_dense.h``): a dense layer on each part of the transposed input.

Of the I L0 C elements of the transposed input, each C are multiplied by one of I matrices of C by L1 constants; each of
the I L0 results has a bias of its own. Then all results are transposed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from alkaid.trace import FVArray
from numpy.typing import NDArray

from l1ml.compiler.programs.cast import cast
from l1ml.constants import Constants
from l1ml.layers.dense.lowering import accumulate, side_by_side, weights_of
from l1ml.layers.family import Sums
from l1ml.layers.parameters import attribute_type, constants, output_type
from l1ml.reference.tables import Tables

Part = tuple[NDArray[np.int64], Sums]
"""Index of the inputs of a dense layer, and its sums."""


def lower(layer: Any, inputs: list[FVArray], tables: Tables) -> FVArray:
    """Lower ``EinsumDense``, each dense layer by itself."""
    result = output_type(layer)
    sums = np.array([total for place, part in parts_of(layer) for total in accumulate(inputs[0][place], part)])
    values = [cast(total, result) for total in sums[transposed(layer, "out_interpert_shape", "out_tpose_idxs")]]
    return FVArray(np.array(values), inputs[0].solver_options, inputs[0].hwconf)


def sums_of(layer: Any) -> Sums:
    """The sums of all dense layers as those of one."""
    whole = side_by_side(layer, parts_of(layer), int(layer.get_input_variable().size()))
    order = transposed(layer, "out_interpert_shape", "out_tpose_idxs")
    weights = Constants(whole.weights.values[:, order], whole.weights.exponent)
    return Sums(weights, Constants(whole.start.values[order], whole.start.exponent), whole.accum)


def parts_of(layer: Any) -> list[Part]:
    """The dense layers, in the order of their results."""
    free, kernel, contracted, inplace = (
        int(layer.get_attr(f"n_{name}")) for name in ("free_data", "free_kernel", "contract", "inplace")
    )
    accum, bias, weights = attribute_type(layer, "accum_t"), constants(layer, "bias"), weights_of(layer)
    starts = accum.cast(bias.values, -bias.exponent).reshape(inplace, free, kernel)
    matrices = weights.values.reshape(inplace, contracted, kernel)
    places = transposed(layer, "inp_shape", "inp_tpose_idxs").reshape(inplace, free, contracted)
    return [
        (places[i, f], Sums(Constants(matrices[i], weights.exponent), Constants(starts[i, f], -accum.fraction), accum))
        for i in range(inplace)
        for f in range(free)
    ]


def transposed(layer: Any, shape: str, axes: str) -> NDArray[np.int64]:
    """Index of each element of a transposed tensor in the tensor, both flat.

    Args:
        layer: The layer.
        shape: Attribute of it that has the shape of the tensor.
        axes: Attribute of it that has the order of its axes.
    """
    size = tuple(int(length) for length in layer.get_attr(shape))
    return np.arange(np.prod(size, dtype=int)).reshape(size).transpose(layer.get_attr(axes)).ravel()
