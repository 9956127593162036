"""Batch normalisation and QKeras' scaling: ``result_t(x * scale + bias)`` (``nnet_batchnorm.h``)."""

from __future__ import annotations

from typing import Any

import numpy as np
from alkaid.trace import FVArray

from l1ml.compiler.programs.cast import cast
from l1ml.fixed import FixedType
from l1ml.layers.dense.lowering import weight_integers
from l1ml.layers.registry import Tables, lowers, output_type


@lowers("BatchNormalization", "ApplyAlpha")
def normalize(layer: Any, inputs: list[FVArray], tables: Tables) -> FVArray:
    """Lower ``BatchNormalization``; the sum is exact in C++, only the result is cast."""
    values = np.asarray(inputs[0])
    scale, bias = (
        FixedType.from_hls4ml(layer.weights[name].type.precision).to_float(weight_integers(layer, name)).ravel()
        for name in ("scale", "bias")
    )
    target = output_type(layer)
    lowered = [
        cast(value * float(scale[i % len(scale)]) + float(bias[i % len(bias)]), target)
        for i, value in enumerate(values)
    ]
    return FVArray(np.array(lowered), inputs[0].solver_options, inputs[0].hwconf)
