"""Comparisons with thresholds: ``normalize_binary_tanh`` and ``normalize_ternary_tanh`` (``nnet_batchnorm.h``)."""

from __future__ import annotations

from typing import Any

import numpy as np
from alkaid.trace import FVArray
from numpy.typing import NDArray

from l1ml.compiler.programs.operations import reaches
from l1ml.errors import L1mlError
from l1ml.layers.parameters import constants, input_type
from l1ml.reference.tables import Tables


def lower(layer: Any, inputs: list[FVArray], tables: Tables) -> FVArray:
    """Lower ``BatchNormalizationQuantizedTanh``: a bit, or -1, 0 and 1.

    Raises:
        L1mlError: If a threshold is infinite.
    """
    values, lsb = np.asarray(inputs[0]), input_type(layer).lsb
    levels = {name: np.resize(_levels(layer, name), len(values)) for name in layer.weights}  # again at each position
    if "threshold" in levels:
        results = [reaches(value, float(level)) for value, level in zip(values, levels["threshold"], strict=True)]
    else:
        upper, lower = levels["threshold_hi"] + lsb, levels["threshold_lo"] + lsb  # from there on it is above them
        # Whatever is above the upper one gives 1, even where that is below the lower one.
        steps = zip(values, upper, np.minimum(upper, lower), strict=True)
        results = [reaches(value, float(high)) + reaches(value, float(low)) - 1.0 for value, high, low in steps]
    return FVArray(np.array(results), inputs[0].solver_options, inputs[0].hwconf)


def _levels(layer: Any, name: str) -> NDArray[np.float64]:
    if not np.all(np.isfinite(layer.weights[name].data)):
        raise L1mlError(
            f"layer {layer.name!r}: the batch normalisation in it has a scale of 0, so that there is no threshold; "
            "train it with scale=False, or prune the neurons with a gamma of 0"
        )
    return constants(layer, name).real.ravel()
