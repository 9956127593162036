"""Sums, products and tables of symbolic values, for layers that do more than multiply by constants."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from alkaid.trace import FVariable
from numpy.typing import NDArray

from l1ml.compiler.programs.cast import is_constant
from l1ml.fixed import Constants

WORD_BITS = 24
"""alkaid keeps the words of a table in float32, whose mantissa has 24 bits."""


def tree_sum(values: Sequence[FVariable]) -> FVariable:
    """Exact sum, in as few adders one after the other as possible."""
    level = list(values)
    while len(level) > 1:
        pairs = [a + b for a, b in zip(level[::2], level[1::2], strict=False)]
        level = pairs + level[2 * len(pairs) :]
    return level[0]


def bit(value: FVariable, place: int) -> FVariable:
    """One bit of a value's two's complement, worth 1; place 0 is worth 1 in the value."""
    return value.quantize(0, place + 1, -place) * 2.0**-place


def side_by_side(words: NDArray[np.float64], read: Callable[[NDArray[np.float64]], FVariable]) -> FVariable:
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
    return side_by_side(Constants(integers - low, exponent).real, read) | read(Constants(low, exponent).real)


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

    return side_by_side(words, read)


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
