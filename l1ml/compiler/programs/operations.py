"""Sums, products, tables and comparisons of symbolic values, for layers that do more than multiply by constants."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from alkaid.trace import FVariable
from numpy.typing import NDArray

from l1ml.compiler.programs.cast import is_constant


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


def read(table: NDArray[np.float64], address: FVariable) -> FVariable:
    """Entry of a table of real words, at most 24 bits each; the address is its index."""
    first, last = round(address.low), round(address.high)
    if is_constant(address):
        return FVariable.from_const(float(table[first]), hwconf=address.hwconf)
    return address.lookup(np.asarray(table[first : last + 1 : round(address.step)], dtype=np.float64))


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


def reaches(value: FVariable, least: float) -> FVariable:
    """One bit: ``value >= least``."""
    if value.low >= least or value.high < least:
        return FVariable.from_const(float(value.low >= least), hwconf=value.hwconf)
    return ~(value - least).is_negative()
