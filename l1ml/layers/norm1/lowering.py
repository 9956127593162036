"""Norm1: a shift by the exponent of the sum that all inputs share, and a product with one reciprocal."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from typing import Any

import numpy as np
from alkaid.trace import FVariable, FVArray

from l1ml.compiler.programs.cast import cast, finish_rounding, is_constant, overflow
from l1ml.compiler.programs.operations import multiply, read, tree_sum
from l1ml.fixed import FixedType
from l1ml.layers.norm1.arithmetic import Norm1Arithmetic
from l1ml.reference.tables import Tables

Shift = tuple[int, FVariable]
"""Places to shift left, and a bit that is set where nothing is to be shifted."""


def lower(layer: Any, inputs: list[FVArray], tables: Tables) -> FVArray:
    """Lower ``Norm1`` (``nnet_norm1.h``); ``l1ml.layers.norm1.arithmetic`` defines the steps."""
    numbers = Norm1Arithmetic.of(layer)
    x = [value * 2.0**numbers.source.fraction for value in np.asarray(inputs[0])]
    total = tree_sum(x)
    factor, shifts = scale(total, numbers)
    results = [quotient(value, shifts, factor, numbers) for value in x]
    return FVArray(np.array(results), inputs[0].solver_options, inputs[0].hwconf)


def scale(total: FVariable, numbers: Norm1Arithmetic) -> tuple[FVariable, list[Shift]]:
    """What all inputs share: the reciprocal, an integer, and the shifts.

    Args:
        total: Sum of the inputs, in LSB.
        numbers: The layer.
    """
    normal, shifts = _normalize(abs(total).max_of(float(numbers.smallest)), numbers)
    return _reciprocal(normal, numbers), shifts


def _normalize(size: FVariable, numbers: Norm1Arithmetic) -> tuple[FVariable, list[Shift]]:
    """Shift left until the leading one is at ``top``: by halves of the way, the largest first."""
    farthest = numbers.top - (numbers.smallest.bit_length() - 1)
    width = numbers.top + 1
    shifts: list[Shift] = []
    for places in (1 << i for i in reversed(range(farthest.bit_length()))):
        there = size.quantize(0, width, places - width).unary_bit_op("any")
        size = there.msb_mux(size, size * 2.0**places).quantize(0, width, 0)
        shifts.append((places, there))
    return size, shifts


def _reciprocal(normal: FVariable, numbers: Norm1Arithmetic) -> FVariable:
    """The table's entry, an integer."""
    behind = normal.quantize(0, numbers.top, numbers.table_bits - numbers.top)
    return read(numbers.reciprocals.astype(np.float64), behind * 2.0 ** (numbers.table_bits - numbers.top))


def quotient(value: FVariable, shifts: list[Shift], factor: FVariable, numbers: Norm1Arithmetic) -> FVariable:
    """One input, in LSB, over the sum: mantissa, product, result."""
    clipped, fraction = numbers.clipped, numbers.fraction + numbers.reciprocal_bits
    negative, mantissa, beyond = value.is_negative(), value * 2.0 ** (numbers.fraction - numbers.top), []
    left = sum(places for places, _ in shifts)
    for places, there in shifts:
        left -= places
        mantissa = there.msb_mux(mantissa, mantissa * 2.0**places)
        mantissa, flag = _window(mantissa, numbers.mantissa_bits, left)
        beyond += flag
    mantissa, flag = _window(mantissa, numbers.mantissa_bits, 0)
    product = _rounded_product(mantissa, factor, numbers.reciprocal_bits, replace_unit(clipped, fraction))
    result = product * 2.0**-fraction
    if not (beyond := beyond + flag):
        return result
    ends = [FVariable.from_const(end * clipped.lsb, value.hwconf) for end in (clipped.lowest, clipped.maximum)]
    return reduce(lambda a, b: a | b, beyond).msb_mux(negative.msb_mux(*ends), result)


def replace_unit(target: FixedType, fraction: int) -> FixedType:
    """A type for values counted in units of ``2**-fraction``."""
    return replace(target, integer=target.integer + fraction)


def _window(value: FVariable, bits: int, finer: int) -> tuple[FVariable, list[FVariable]]:
    """Keep ``bits`` bits (and the sign) from place 0 on and ``finer`` bits below it.

    Returns:
        What is kept, and at most one bit that says whether something above was lost.
    """
    signed, integer, fraction = value.kif
    kept = value.quantize(signed, min(bits, integer), min(fraction, finer))
    if is_constant(value) or integer <= bits:
        return kept, []
    above = value.quantize(signed, integer, -bits)
    lost = above.unary_bit_op("any")
    return kept, [lost & ~above.unary_bit_op("all") if signed else lost]


def _rounded_product(value: FVariable, factor: FVariable, bits: int, target: FixedType) -> FVariable:
    """A product cast to a type; the constant of a rounding to nearest is added on the way."""
    if target.rounding in ("RND", "RND_CONV") and target.fraction < 0 and not is_constant(value):
        return overflow(finish_rounding(multiply(value, factor, bits, target.lsb / 2), target), target)
    return cast(multiply(value, factor, bits), target)
