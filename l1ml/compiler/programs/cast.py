"""``ap_fixed`` casts on symbolic values: all rounding and overflow modes, written for few LUTs.

A rounding is an addition of a constant before the truncation, so that it merges with the bias that
went before; an overflow is found by looking at the bits above the result instead of by comparing.
The rules are those of ``l1ml.fixed.FixedType.cast``, which the tests hold against ``ap_fixed``.
"""

from __future__ import annotations

from functools import reduce

from alkaid.trace import FVariable

from l1ml.errors import L1mlError
from l1ml.fixed import INT, FixedType

MAX_CONSTANT_BITS = 24
"""alkaid keeps constants in float32, whose mantissa has 24 bits."""


def is_constant(value: FVariable) -> bool:
    """Whether a symbolic value can only be one number."""
    return bool(value.low == value.high)


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
        integer = target.cast(round(value.low * 2.0**fraction), fraction)
        return FVariable.from_const(float(target.to_float(integer)), hwconf=value.hwconf)
    if target.lowest != target.minimum and value.low < target.lowest * target.lsb:
        require_narrow(float(target.lowest), target)
    return overflow(_round(value, target), target)


def require_narrow(constant: float, target: FixedType) -> None:
    """Check that alkaid keeps every bit of a constant.

    Raises:
        L1mlError: If it would lose some.
    """
    numerator, _ = abs(constant).as_integer_ratio()
    bits = (numerator // (numerator & -numerator or 1)).bit_length()
    if bits > MAX_CONSTANT_BITS:
        raise L1mlError(
            f"the cast to {target} needs a constant of {bits} bits; at most {MAX_CONSTANT_BITS} are supported: "
            "give the values before it fewer fractional bits, or use another rounding or saturation mode"
        )


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
    if mode in ("TRN_ZERO", INT):
        if value.low >= 0:
            return floor_to(value, fraction)
        require_narrow(lsb - step, target)
        return floor_to(value + value.is_negative() * (lsb - step), fraction)
    half = lsb / 2
    if mode in ("RND_MIN_INF", "RND_ZERO"):
        require_narrow(half - step, target)
    if mode == "RND_MIN_INF":
        return floor_to(value + (half - step), fraction)
    if mode == "RND_INF":
        return floor_to(value + half - value.is_negative() * step, fraction)
    if mode == "RND_ZERO":
        return floor_to(value + (half - step) + value.is_negative() * step, fraction)
    return finish_rounding(value + half, target)


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
        odd = round(kept.low / target.lsb) % 2
        return no_tie * target.lsb + (kept.low - target.lsb) if odd else kept
    signed, integer, _ = kept.kif
    last = kept.quantize(0, -fraction + 1, fraction)
    if signed + integer + fraction <= 1:
        only = last & (no_tie * target.lsb)
        return only - last * 2.0 if signed else only  # a bit worth -1 is one worth -2 and its LSB
    head = kept.quantize(signed, integer, fraction - 1)
    return head + (last & (no_tie * target.lsb))


def floor_to(value: FVariable, fraction: int) -> FVariable:
    """Drop bits below ``fraction`` fractional bits."""
    signed, integer, _ = value.kif
    # One integer bit always remains, so that a tiny value still has a place for its sign or its carry.
    return value.quantize(signed, max(integer, 1 - fraction - signed), fraction)


def overflow(value: FVariable, target: FixedType) -> FVariable:
    """Bring a value that has the LSB of the target into its range."""
    if is_constant(value):
        return cast(value, target)
    low, high = target.lowest * target.lsb, target.maximum * target.lsb
    if value.low >= low and value.high <= high:
        return value
    integer = target.integer - int(target.signed)
    wrapped = value.quantize(int(target.signed), integer, target.fraction)
    if target.saturation == "WRAP":
        return wrapped
    over = is_above(value, integer) if value.high > high else None
    under = None
    if value.low < low:
        under = (value - low).is_negative() if target.lowest != target.minimum else is_below(value, target, integer)
    limits = (0.0, 0.0) if target.saturation == "SAT_ZERO" else (low, high)
    result = wrapped
    if under is not None:
        result = under.msb_mux(FVariable.from_const(limits[0], hwconf=value.hwconf), result)
    if over is not None:
        result = over.msb_mux(FVariable.from_const(limits[1], hwconf=value.hwconf), result)
    return result


def is_above(value: FVariable, integer: int) -> FVariable:
    """One bit: value >= 2**integer."""
    signed, bits, _ = value.kif
    flag = value.quantize(0, bits, -integer).unary_bit_op("any")
    return flag & ~value.msb() if signed else flag


def is_below(value: FVariable, target: FixedType, integer: int) -> FVariable:
    """One bit: value < the target's minimum."""
    _, bits, _ = value.kif
    negative = value.is_negative()
    if not target.signed or bits <= integer or value.step > 2.0**integer:
        return negative
    upper = value.quantize(0, bits, -integer)
    return negative & ~upper.unary_bit_op("all")
