"""Tracing symbolic values and evaluating what comes out, without Verilog."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from alkaid.trace import FVariable, FVArray, trace
from numpy.typing import NDArray

from l1ml.compiler.programs.simplify import simplify
from l1ml.compiler.programs.trace import HARDWARE
from l1ml.fixed import FixedType


def symbols(low: Sequence[float], high: Sequence[float], step: Sequence[float]) -> FVArray:
    """Inputs between given bounds."""
    return FVArray.from_lhs(*(np.array(v, dtype=np.float64) for v in (low, high, step)), HARDWARE)


def symbols_of(types: Sequence[FixedType]) -> FVArray:
    """Inputs that can be anything that their types hold."""
    return symbols(*zip(*[(t.minimum * t.lsb, t.maximum * t.lsb, t.lsb) for t in types], strict=True))


def evaluate(inputs: FVArray, outputs: Sequence[FVariable], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Outputs for real inputs of shape (events, inputs)."""
    logic = simplify(trace(list(np.asarray(inputs)), list(outputs), optimize=False))
    return logic.predict(values)
