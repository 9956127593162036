"""``ap_fixed`` casts on symbolic values: all rounding and overflow modes, written for few LUTs.

A rounding is an addition of a constant before the truncation, so that it merges with the bias that
went before; an overflow is found by looking at the bits above the result instead of by comparing.
The rules are those of ``l1ml.fixed.FixedType.cast``, which the tests hold against ``ap_fixed``.
"""

from __future__ import annotations

from fractions import Fraction
from functools import reduce

import numpy as np
from alkaid.trace import FVariable

from l1ml.compiler.programs.exact import (
    DOUBLE_BITS,
    add,
    add_constant,
    constant,
    is_constant,
    times,
)
from l1ml.fixed import INT, FixedType

PIECE_BITS = 32
"""Bits of the pieces of a limit that no constant holds."""


def cast(value: FVariable, target: FixedType) -> FVariable:
    """Cast one symbolic value.

    Args:
        value: Any traced value; its interval is used to leave out what cannot happen.
        target: The type to cast to, with its rounding and overflow mode.

    Returns:
        A value in LSB steps of ``target`` and within its range.
    """
    if is_constant(value):
        fraction = max(value.kif[2], target.fraction)
        integer = target.cast(np.array(int(Fraction(value.low) * 2**fraction)), fraction)
        return constant(int(integer) * _lsb(target), value.hwconf)
    return overflow(_round(value, target), target)


def _lsb(target: FixedType) -> Fraction:
    return Fraction(2) ** -target.fraction


def relu_cast(value: FVariable, target: FixedType) -> FVariable:
    """Cast max(0, value), in one step where saturation clips the negative side anyway."""
    if is_constant(value) or not (target.saturation in ("SAT", "SAT_SYM") and not target.signed):
        return cast(value.relu(), target)
    # Rounding a negative number never gives a positive one, so clipping at 0 may come last.
    symmetric_below_zero = FixedType(target.width, target.integer, False, target.rounding, "SAT")
    return cast(value, symmetric_below_zero)


def _round(value: FVariable, target: FixedType) -> FVariable:
    fraction = target.fraction
    step, lsb = value.step, target.lsb
    if step >= lsb:
        return value
    mode = target.rounding
    if mode == "TRN":
        return floor_to(value, fraction)
    half, least = _lsb(target) / 2, Fraction(step)
    if mode in ("TRN_ZERO", INT):
        if value.low >= 0:
            return floor_to(value, fraction)
        return floor_to(_add_if_negative(value, 2 * half - least), fraction)
    if mode == "RND_MIN_INF":
        return floor_to(add_constant(value, half - least), fraction)
    if mode == "RND_INF":
        return floor_to(_add_if_negative(add_constant(value, half), -least, of=value), fraction)
    if mode == "RND_ZERO":
        return floor_to(_add_if_negative(add_constant(value, half - least), least, of=value), fraction)
    return finish_rounding(add_constant(value, half), target)


def _add_if_negative(value: FVariable, number: Fraction, of: FVariable | None = None) -> FVariable:
    """A value and, if it or another one is negative, a constant."""
    return add(value, times((value if of is None else of).is_negative(), number))


def finish_rounding(value: FVariable, target: FixedType, sticky: FVariable | None = None) -> FVariable:
    """Truncate a value to which the constant of its rounding has been added.

    Args:
        value: The value, half an LSB of the target added for ``RND`` and ``RND_CONV``, nothing for ``TRN``.
        target: The type to round to.
        sticky: One bit, set if bits below the value's own LSB are set.
    """
    fraction = target.fraction
    kept = floor_to(value, fraction)
    if target.rounding != "RND_CONV":
        return kept
    # A tie is where nothing is left below the LSB after adding a half; it clears the LSB.
    flags = [] if sticky is None else [sticky]
    if value.step < target.lsb:
        flags.append(value.quantize(0, -fraction, value.kif[2]).unary_bit_op("any"))
    no_tie = reduce(lambda a, b: a | b, flags) if flags else FVariable.from_const(0.0, hwconf=value.hwconf)
    if is_constant(kept):
        odd = int(Fraction(kept.low) / _lsb(target)) % 2
        return add_constant(no_tie * target.lsb, Fraction(kept.low) - _lsb(target)) if odd else kept
    signed, integer, _ = kept.kif
    last = kept.quantize(0, -fraction + 1, fraction)
    if signed + integer + fraction <= 1:
        only = last & (no_tie * target.lsb)
        return only - last * 2.0 if signed else only  # a bit worth -1 is one worth -2 and its LSB
    head = kept.quantize(signed, integer, fraction - 1)
    return add(head, last & (no_tie * target.lsb))


def floor_to(value: FVariable, fraction: int) -> FVariable:
    """Drop bits below ``fraction`` fractional bits."""
    signed, integer, _ = value.kif
    # One integer bit always remains, so that a tiny value still has a place for its sign or its carry.
    return value.quantize(signed, max(integer, 1 - fraction - signed), fraction)


def overflow(value: FVariable, target: FixedType) -> FVariable:
    """Bring a value that has the LSB of the target into its range."""
    if is_constant(value):
        return cast(value, target)
    over, under = goes_beyond(value, target)
    if not over and not under:
        return value
    integer = target.integer - int(target.signed)
    wrapped = value.quantize(int(target.signed), integer, target.fraction)
    if target.saturation == "WRAP":
        return wrapped
    result = wrapped
    zero = target.saturation == "SAT_ZERO"
    if under:
        result = _limited(is_below(value, target, integer), 0 if zero else target.lowest, result, target)
    if over:
        result = _limited(is_above(value, integer), 0 if zero else target.maximum, result, target)
    return result


def goes_beyond(value: FVariable, target: FixedType) -> tuple[bool, bool]:
    """Whether a value, rounded already, may lie above and below the range of a type."""
    if target.width <= DOUBLE_BITS:
        return value.high > target.maximum * target.lsb, value.low < target.lowest * target.lsb
    # Doubles hold neither end of the type; the ends of its bits they do.
    top, unsymmetric = 2.0 ** (target.integer - int(target.signed)), target.lowest == target.minimum
    bottom = -top if target.signed else 0.0
    return value.high + value.step > top, value.low < bottom if unsymmetric else value.low - value.step < bottom


def _limited(flag: FVariable, limit: int, value: FVariable, target: FixedType) -> FVariable:
    """A limit in LSB of a type, if a flag is set, or else a value."""
    if abs(limit).bit_length() <= DOUBLE_BITS or limit == target.minimum:
        return flag.msb_mux(constant(limit * _lsb(target), value.hwconf), value)
    low = value.quantize(0, PIECE_BITS - target.fraction, target.fraction)
    upper = FixedType(target.width - PIECE_BITS, target.integer, target.signed)
    high = value.quantize(int(target.signed), target.integer - int(target.signed), upper.fraction)
    rest = limit >> PIECE_BITS
    first = flag.msb_mux(constant((limit - (rest << PIECE_BITS)) * _lsb(target), value.hwconf), low)
    return add(_limited(flag, rest, high, upper), first)


def is_above(value: FVariable, integer: int) -> FVariable:
    """One bit: value >= 2**integer."""
    signed, bits, _ = value.kif
    flag = value.quantize(0, bits, -integer).unary_bit_op("any")
    return flag & ~value.msb() if signed else flag


def is_below(value: FVariable, target: FixedType, integer: int) -> FVariable:
    """One bit: value < the lowest one of the target."""
    if target.lowest != target.minimum:
        return add_constant(value, -target.lowest * _lsb(target)).is_negative()
    _, bits, _ = value.kif
    negative = value.is_negative()
    if not target.signed or bits <= integer or value.step > 2.0**integer:
        return negative
    upper = value.quantize(0, bits, -integer)
    return negative & ~upper.unary_bit_op("all")
