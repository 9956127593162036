"""Sums, products and tables of symbolic values, for layers that do more than multiply by constants."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from alkaid.trace import FVariable
from numpy.typing import NDArray

from l1ml.compiler.programs.cast import MAX_CONSTANT_BITS, is_constant
from l1ml.fixed import Constants, FixedType


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


def look_up(address: FVariable, words: NDArray[np.float64]) -> FVariable:
    """A word for each value of an address; long words are two tables side by side.

    Args:
        address: Any symbolic value.
        words: Real numbers for its values from the lowest to the highest, in its steps; 62 bits have to hold each.
    """
    if is_constant(address) or np.all(words == words[0]):
        return FVariable.from_const(float(words[0]), hwconf=address.hwconf)
    constants = Constants.of(words)
    exponent = int(constants.lowest.min())
    integers = constants.at(exponent)
    if np.abs(integers).max() < 1 << MAX_CONSTANT_BITS:
        return address.lookup(words)
    low = integers & ((1 << MAX_CONSTANT_BITS) - 1)
    high, rest = Constants(integers - low, exponent), Constants(low, exponent)
    return look_up(address, high.real) | look_up(address, rest.real)


def read(table: NDArray[np.float64], address: FVariable) -> FVariable:
    """Entry of a table of real words; the address is its index."""
    first, last = round(address.low), round(address.high)
    stride = 1 if is_constant(address) else round(address.step)
    return look_up(address, table[first : last + 1 : stride].astype(np.float64))


def read_by_top_bits(value: FVariable, source: FixedType, table: NDArray[np.float64]) -> FVariable:
    """Entry of a table that is addressed with the top bits of a value's two's complement, as hls4ml does.

    Args:
        value: Within ``source``.
        source: Its type, of which the top ``log2(len(table))`` bits are the address.
        table: Real words; as many as a power of two.
    """
    shift = source.width - int(np.log2(len(table)))
    signed, fraction = int(source.signed), source.fraction - shift
    top = value.quantize(signed, source.integer - signed, fraction) if shift > 0 else value
    first, last = round(top.low * 2.0**fraction), round(top.high * 2.0**fraction)
    stride = 1 if is_constant(top) else round(top.step * 2.0**fraction)
    return look_up(top, table[np.arange(first, last + 1, stride) % len(table)])


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
