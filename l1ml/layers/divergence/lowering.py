"""Divergence: squares of means, a table for the variances, half of their sum."""

from __future__ import annotations

from typing import Any

import numpy as np
from alkaid.trace import FVariable, FVArray

from l1ml.compiler.programs.cast import cast
from l1ml.compiler.programs.operations import square, tree_sum
from l1ml.layers.divergence.arithmetic import DivergenceArithmetic
from l1ml.reference.tables import Tables


def lower(layer: Any, inputs: list[FVArray], tables: Tables) -> FVArray:
    """Lower ``Divergence`` (``nnet_divergence.h``); ``l1ml.layers.divergence.arithmetic`` defines the steps."""
    numbers = DivergenceArithmetic.of(layer)
    means, log_variances = (np.asarray(values) for values in inputs)
    terms = [square(value) for value in means] + [_term(value, numbers) for value in log_variances]
    result = cast(tree_sum(terms) * 0.5, numbers.result)
    return FVArray(np.array([result]), inputs[0].solver_options, inputs[0].hwconf)


def _term(value: FVariable, numbers: DivergenceArithmetic) -> FVariable:
    """e^l - 1 - l of one l."""
    source = numbers.log_variance
    address = value * 2.0**source.fraction
    first = source.minimum  # of the table; the value itself may have a smaller range
    words = numbers.term.to_float(numbers.table)
    lowest, highest, step = round(address.low), round(address.high), round(address.step)
    if lowest == highest:
        return FVariable.from_const(float(words[lowest - first]), hwconf=value.hwconf)
    return address.lookup(words[lowest - first : highest - first + 1 : step])
