"""SumOfSquares: squares without a DSP, and their sum in the accumulator's type."""

from __future__ import annotations

from typing import Any

import numpy as np
from alkaid.trace import FVArray

from l1ml.compiler.programs.cast import cast
from l1ml.compiler.programs.operations import square, sum_within
from l1ml.layers.sum_of_squares.arithmetic import SumOfSquaresArithmetic
from l1ml.reference.tables import Tables


def lower(layer: Any, inputs: list[FVArray], tables: Tables) -> FVArray:
    """Lower ``SumOfSquares`` (``nnet_sum_of_squares.h``); ``arithmetic.py`` defines the steps."""
    numbers = SumOfSquaresArithmetic.of(layer)
    squares = [cast(square(value), numbers.accum) for value in np.asarray(inputs[0])]
    total = cast(sum_within(squares, numbers.accum), numbers.result)
    return FVArray(np.array([total]), inputs[0].solver_options, inputs[0].hwconf)
