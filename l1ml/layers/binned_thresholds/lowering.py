"""BinnedThresholds: comparisons count the bins, a table gives the line, one comparison for each working point."""

from __future__ import annotations

from typing import Any

import numpy as np
from alkaid.trace import FVariable, FVArray

from l1ml.compiler.programs.operations import read, tree_sum
from l1ml.layers.binned_thresholds.arithmetic import BinnedThresholdsArithmetic
from l1ml.reference.tables import Tables


def lower(layer: Any, inputs: list[FVArray], tables: Tables) -> FVArray:
    """Lower ``BinnedThresholds`` (``nnet_binned_thresholds.h``); ``arithmetic.py`` defines the steps."""
    numbers = BinnedThresholdsArithmetic.of(layer)
    score, et, eta, pileup = (np.asarray(values)[0] for values in inputs)
    above_et = [_at_least(et, edge) for edge in numbers.et.to_float(numbers.et_edges)]
    above_eta = [_at_least(abs(eta), edge) for edge in numbers.eta.to_float(numbers.eta_edges)]
    inside = above_et[0] & above_eta[0] & ~above_eta[-1]

    points, rows, columns = numbers.intercept.shape
    pitch = 1 << (columns - 1).bit_length()
    zero = FVariable.from_const(0.0, score.hwconf)
    address = tree_sum(above_et[1:] or [zero]) * float(pitch) + tree_sum(above_eta[1:-1] or [zero])
    lines = [
        np.pad(fixed.to_float(integers), [(0, 0), (0, 0), (0, pitch - columns)]).reshape(points, rows * pitch)
        for fixed, integers in ((numbers.intercept_type, numbers.intercept), (numbers.slope_type, numbers.slope))
    ]
    fires = [
        (read(intercept, address) + read(slope, address) * pileup - score).is_negative() & inside
        for intercept, slope in zip(*lines, strict=True)
    ]
    return FVArray(np.array(fires), inputs[0].solver_options, inputs[0].hwconf)


def _at_least(value: FVariable, edge: float) -> FVariable:
    """One bit: value >= edge."""
    return ~(value - edge).is_negative()
