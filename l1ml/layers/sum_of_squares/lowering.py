"""SumOfSquares: squares without a DSP, and their sum in the accumulator's type."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from alkaid.trace import FVariable, FVArray

from l1ml.compiler.programs.cast import cast, is_constant
from l1ml.compiler.programs.operations import multiply, tree_sum
from l1ml.layers.sum_of_squares.arithmetic import SumOfSquaresArithmetic
from l1ml.reference.tables import Tables

TABLE_BITS = 6
"""A square of no more bits than this is a table: one LUT for each bit of it."""


def lower(layer: Any, inputs: list[FVArray], tables: Tables) -> FVArray:
    """Lower ``SumOfSquares`` (``nnet_sum_of_squares.h``); ``arithmetic.py`` defines the steps."""
    numbers = SumOfSquaresArithmetic.of(layer)
    squares = [cast(square(value), numbers.accum) for value in np.asarray(inputs[0])]
    total = cast(_add(squares, numbers), numbers.result)
    return FVArray(np.array([total]), inputs[0].solver_options, inputs[0].hwconf)


def _add(squares: list[FVariable], numbers: SumOfSquaresArithmetic) -> FVariable:
    """The order counts only where a sum on the way may overflow and does not wrap."""
    most = sum(value.high for value in squares)
    least = sum(min(value.low, 0.0) for value in squares)
    accum = numbers.accum
    if accum.saturation == "WRAP" or (least >= accum.lowest * accum.lsb and most <= accum.maximum * accum.lsb):
        return cast(tree_sum(squares), replace(accum, saturation="WRAP"))
    total = squares[0]
    for value in squares[1:]:
        total = cast(total + value, accum)
    return total


def square(value: FVariable) -> FVariable:
    """Exact square of a symbolic value.

    With low bits l and the rest h 2^n, x^2 = h^2 2^2n + l^2 + h l 2^(n+1): the first two lie side by side, the third
    is one product of half the width.
    """
    signed, integer, fraction = value.kif
    width = signed + integer + fraction
    whole, unit = value * 2.0**fraction, 2.0 ** (-2 * fraction)
    if is_constant(value) or width <= TABLE_BITS:
        return _table(whole) * unit
    n = width // 2
    low = whole.quantize(0, n, 0)
    high = whole.quantize(signed, width - signed, -n) * 2.0**-n
    beside = (square(high) * 4.0**n) | square(low)
    total = beside + multiply(high, low, n) * 2.0 ** (n + 1)
    return total.quantize(0, 2 * width - signed, 0) * unit


def _table(value: FVariable) -> FVariable:
    """Square of an integer of few bits."""
    squares = np.arange(round(value.low), round(value.high) + 1, dtype=np.float64) ** 2
    if is_constant(value):
        return FVariable.from_const(float(squares[0]), hwconf=value.hwconf)
    return value.lookup(squares)
