"""Sums, products, tables and comparisons of symbolic values, for layers that do more than multiply by constants."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import reduce

import numpy as np
from alkaid.trace import FVariable, FVArray
from numpy.typing import NDArray

from l1ml.compiler.programs.cast import cast
from l1ml.compiler.programs.exact import add, add_constant, is_constant
from l1ml.constants import Constants
from l1ml.fixed import FixedType

SQUARE_BITS = 6
"""A square of no more bits than this is a table: one LUT for each bit of it."""

MAX_ADDRESS_BITS = 12
"""Largest table address: 4096 entries, about 64 six-input LUTs for each output bit."""

WORD_BITS = 24
"""alkaid keeps the words of tables in float32, whose mantissa has 24 bits."""


def tree_sum(values: Sequence[FVariable]) -> FVariable:
    """Exact sum, in as few adders one after the other as possible."""
    level = list(values)
    while len(level) > 1:
        pairs = [add(a, b) for a, b in zip(level[::2], level[1::2], strict=False)]
        level = pairs + level[2 * len(pairs) :]
    return level[0]


def sum_within(values: Sequence[FVariable], accum: FixedType) -> FVariable:
    """Sum of values that a type holds, each sum on the way cast to it, in the order in which they come.

    The order counts only where one may overflow and does not wrap.
    """
    most, least = sum(max(v.high, 0.0) for v in values), sum(min(v.low, 0.0) for v in values)
    if accum.saturation == "WRAP" or (least >= accum.lowest * accum.lsb and most <= accum.maximum * accum.lsb):
        return cast(tree_sum(values), replace(accum, saturation="WRAP"))
    return reduce(lambda total, value: cast(add(total, value), accum), values)


def product_by_parts(x: FVArray, weights: NDArray[np.float64]) -> FVArray:
    """``x @ weights`` for constant weights, in as many parts as have no inputs in common.

    alkaid looks for what any two outputs share, in a time that grows faster than the matrix.

    Args:
        x: Symbolic inputs, none of them constant; shape (n_in,).
        weights: Shape (n_in, n_out).
    """
    parts = list(_independent(weights != 0))
    if len(parts) <= 1:
        return x @ weights
    results = np.zeros(weights.shape[1], dtype=object)
    for rows, columns in parts:
        results[columns] = np.asarray(x[rows] @ weights[np.ix_(rows, columns)])
    return FVArray(results, x.solver_options, x.hwconf)


def _independent(used: NDArray[np.bool_]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Rows and columns of each part of a matrix that shares none of them with the others."""
    left = np.asarray(used.any(axis=1))
    while left.any():
        rows, columns = np.flatnonzero(left)[:1], np.zeros(0, dtype=np.int64)
        while (reached := np.flatnonzero(used[rows].any(axis=0))).size > columns.size:
            columns = reached
            rows = np.flatnonzero(used[:, columns].any(axis=1))
        left[rows] = False
        yield rows, columns


def bit(value: FVariable, place: int) -> FVariable:
    """One bit of a value's two's complement, worth 1; place 0 is worth 1 in the value."""
    return value.quantize(0, place + 1, -place) * 2.0**-place


def in_parts(words: NDArray[np.float64], read: Callable[[NDArray[np.float64]], FVariable]) -> FVariable:
    """Read words that are too long for alkaid in parts.

    Args:
        words: Real numbers; 62 bits have to hold each.
        read: What chooses one of some words, of at most ``WORD_BITS`` bits.
    """
    constants = Constants.of(words)
    exponent = int(constants.lowest.min())
    integers = constants.at(exponent)
    if np.abs(integers).max() < 1 << WORD_BITS:
        return read(words)
    low = integers & ((1 << WORD_BITS) - 1)
    return in_parts(Constants(integers - low, exponent).real, read) | read(Constants(low, exponent).real)


def look_up(address: FVariable, words: NDArray[np.float64]) -> FVariable:
    """A word for each value of an address.

    Args:
        address: Any symbolic value.
        words: Real numbers for its values from the lowest to the highest, in its steps; 62 bits have to hold each.
    """

    def read(part: NDArray[np.float64]) -> FVariable:
        if is_constant(address) or np.all(part == part[0]):
            return FVariable.from_const(float(part[0]), hwconf=address.hwconf)
        return address.lookup(part)

    return in_parts(words, read)


def read(table: NDArray[np.float64], address: FVariable) -> FVariable:
    """Entry of a table of real words; the address is its index."""
    first, last = round(address.low), round(address.high)
    stride = 1 if is_constant(address) else round(address.step)
    return look_up(address, table[first : last + 1 : stride].astype(np.float64))


def multiply(value: FVariable, factor: FVariable, bits: int, start: float = 0.0) -> FVariable:
    """``start + value * factor`` without a DSP, for a factor that many values share.

    The factor's digits in base 4 choose 0, 1, 2 or 3 times the value. Such a choice and the adder behind it take one
    six-input LUT for each bit. The lowest digit comes first, so that the adders stay short, and ``start`` (a constant
    for rounding, for instance) rides on its carry chain.

    Args:
        value: Any symbolic value.
        factor: An integer from 0 to ``2**bits - 1``.
        bits: Its width.
        start: A constant.
    """
    if is_constant(factor) or is_constant(value):
        return value * factor + start
    thrice = value * 2.0 + value
    total = None
    for low in range(0, bits, 2):
        chosen = bit(factor, low).msb_mux(value, 0.0)
        if low + 1 < bits:
            chosen = bit(factor, low + 1).msb_mux(bit(factor, low).msb_mux(thrice, value * 2.0), chosen)
        total = chosen + start if total is None else total + chosen * 2.0**low
    assert total is not None
    return total


def square(value: FVariable) -> FVariable:
    """Exact square of a symbolic value.

    With low bits l and the rest h 2^n, x^2 = h^2 2^2n + l^2 + h l 2^(n+1): the first two lie side by side, the third
    is one product of half the width.
    """
    signed, integer, fraction = value.kif
    width = signed + integer + fraction
    whole, unit = value * 2.0**fraction, 2.0 ** (-2 * fraction)
    if is_constant(value) or width <= SQUARE_BITS:
        return _squares(whole) * unit
    n = width // 2
    low = whole.quantize(0, n, 0)
    high = whole.quantize(signed, width - signed, -n) * 2.0**-n
    beside = (square(high) * 4.0**n) | square(low)
    total = beside + multiply(high, low, n) * 2.0 ** (n + 1)
    return total.quantize(0, 2 * width - signed, 0) * unit


def _squares(value: FVariable) -> FVariable:
    """Square of an integer of few bits."""
    squares = np.arange(round(value.low), round(value.high) + 1, dtype=np.float64) ** 2
    if is_constant(value):
        return FVariable.from_const(float(squares[0]), hwconf=value.hwconf)
    return value.lookup(squares)


def reaches(value: FVariable, least: float) -> FVariable:
    """One bit: ``value >= least``."""
    if value.low >= least or value.high < least:
        return FVariable.from_const(float(value.low >= least), hwconf=value.hwconf)
    return ~add_constant(value, -Fraction(least)).is_negative()
