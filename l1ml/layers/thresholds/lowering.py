"""Thresholds: a comparison for each trigger bit."""

from __future__ import annotations

from typing import Any

import numpy as np
from alkaid.trace import FVArray

from l1ml.reference.tables import Tables


def lower(layer: Any, inputs: list[FVArray], tables: Tables) -> FVArray:
    """Lower ``Thresholds`` (``nnet_thresholds.h``): the sign of score - threshold."""
    (score,), levels = (np.asarray(values) for values in inputs)
    bits = [~(score - level).is_negative() for level in levels]
    return FVArray(np.array(bits), inputs[0].solver_options, inputs[0].hwconf)
