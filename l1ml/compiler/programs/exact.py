"""Sums and products of symbolic values with more bits than alkaid keeps.

alkaid multiplies by constants in float32 (24 bits), adds constants of 32 bits, and keeps what a value can be in doubles
(53 bits). What fits there is left to it. Else a product is made of pieces of its constant, a constant is added by an
adder, and the bounds are kept apart from what the value can be:

A value of more than 53 bits is *wide*. Its bounds are rounded outward, and the highest one is never reached, so that
it is no fault that ``high + step`` loses the step. So are the bounds that alkaid gives to what it wraps, ``-2**n`` and
``2**n``; but the negative of such a value does reach the highest one. `l1ml.compiler.programs.widths` sees that no
value is too narrow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np
from alkaid.trace import FVariable, HWConfig
from alkaid.trace.affine_interval import AffineInterval
from alkaid.types import CombLogic, QInterval
from numpy.typing import NDArray

from l1ml.compiler.programs.mended import solve_once
from l1ml.compiler.programs.opcodes import Opcode
from l1ml.constants import Constants
from l1ml.errors import L1mlError

FACTOR_BITS = 24
"""Bits of a constant by which alkaid multiplies: the mantissa of a float32."""

ADDEND_BITS = 31
"""Bits of a constant that alkaid adds."""

DOUBLE_BITS = 53
"""Bits of bounds that doubles hold."""

PIECE_BITS = 23
"""Bits of the pieces of a factor, sign included."""

LONG_BITS = 32
"""Bits of a factor that is chosen, not multiplied, by a factor of one bit."""

KEPT_BITS = 48
"""Bits that bounds of wide values are rounded to, outward."""


class TooWideError(L1mlError):
    """Something has more bits than is supported; whoever knows its layer is to say so."""


def bounds(value: FVariable, step: float) -> tuple[int, int]:
    """Lowest and highest integer of a value, in units of a step; the highest of a wide one may be out of reach."""
    finer = int(value.step / step)
    return int(value.low / value.step) * finer, int(value.high / value.step) * finer


def interval(low: int, high: int, step: float) -> tuple[float, float, float]:
    """Bounds in units of a step as real numbers; if doubles do not hold them, a lower and a higher one."""
    bits = max(abs(low), abs(high)).bit_length()
    if bits > DOUBLE_BITS:
        unit = bits - KEPT_BITS
        low, high = low >> unit << unit, ((high >> unit) + 1) << unit
    return low * step, high * step, step


def reach(low: float, high: float, step: float) -> tuple[int, int]:
    """Lowest and highest integer in units of the step, as far as bounds tell."""
    top = int(high / step)
    return int(low / step), top - 1 if top.bit_length() > DOUBLE_BITS and top & (top - 1) == 0 else top


def is_wide(value: FVariable) -> bool:
    """Whether a value has more bits than doubles hold."""
    return bool(value.low != value.high and max(-value.low, value.high) >= value.step * 2.0**DOUBLE_BITS)


def is_constant(value: FVariable) -> bool:
    """Whether a symbolic value can only be one number."""
    return bool(value.low == value.high)


def constant(number: Fraction, hardware: HWConfig) -> FVariable:
    """A symbolic constant.

    Raises:
        TooWideError: If it has more significant bits than a double.
    """
    if (bits := _odd(number).bit_length()) > DOUBLE_BITS:
        raise TooWideError(f"a constant of {bits} bits; at most {DOUBLE_BITS} are supported: give types fewer bits")
    return FVariable.from_const(float(number), hwconf=hardware)


def _odd(number: Fraction) -> int:
    """A number without the power of two in it."""
    return abs(number.numerator) // (number.numerator & -number.numerator or 1)


def add(first: FVariable, second: FVariable) -> FVariable:
    """Exact sum."""
    for value, other in ((first, second), (second, first)):
        if is_constant(other):
            return add_constant(value, Fraction(other.low))
    step = min(first.step, second.step)
    (low, high), (least, most) = bounds(first, step), bounds(second, step)
    return _within(first + second, low + least, high + most, step)


def subtract(first: FVariable, second: FVariable) -> FVariable:
    """Exact difference."""
    return add(first, -second)


def add_constant(value: FVariable, number: Fraction) -> FVariable:
    """Exact sum of a value and a constant."""
    if is_constant(value):
        return constant(Fraction(value.low) + number, value.hwconf)
    if not number:
        return value
    step = min(value.step, float((number.numerator & -number.numerator) / number.denominator))
    low, high = (bound + int(number / Fraction(step)) for bound in bounds(value, step))
    merged = number + _added_before(value)  # by alkaid
    if max(abs(low), abs(high)).bit_length() <= DOUBLE_BITS and _odd(merged).bit_length() <= ADDEND_BITS:
        return value + float(number)
    for piece in _pieces(number):
        value = _adder(value, constant(piece, value.hwconf))
    return _bounded(value, low, high, step)


def _added_before(value: FVariable) -> Fraction:
    """The constant that a value is a sum with."""
    if value.opr != "cadd" or value._data is None:
        return Fraction(0)
    added, place = (
        ((part & 0xFFFFFFFF) + (1 << 31)) % (1 << 32) - (1 << 31) for part in (value._data, value._data >> 32)
    )
    return Fraction(added) * Fraction(2) ** -place * Fraction(value._factor)


def _pieces(number: Fraction) -> Iterator[Fraction]:
    """A number in pieces that doubles hold."""
    while number:
        yield (piece := Fraction(float(number)))
        number -= piece


def _adder(first: FVariable, second: FVariable) -> FVariable:
    """A sum of which one term may be a constant; what it can be is not known yet."""
    if first._factor < 0:
        return -_adder(-first, -second)
    ends = first.low + second.low, first.high + second.high, min(first.step, second.step)
    return FVariable(*ends, _from=(first, second), _factor=first._factor, opr="vadd", hwconf=first.hwconf)


def _within(value: FVariable, low: int, high: int, step: float) -> FVariable:
    """A new value with these bounds, in units of a step, if alkaid does not know them itself."""
    known = max(abs(low), abs(high)).bit_length() <= DOUBLE_BITS and value.step >= step
    return value if known else _bounded(value, low, high, step)


def _bounded(value: FVariable, low: int, high: int, step: float) -> FVariable:
    if value._factor < 0:  # alkaid works with the negative, so neither bound is to be reached
        return -_bounded(-value, -high - 1, -low, step)
    return value._with(_affine=AffineInterval.new(QInterval(*interval(low, high, step))))


def negative(value: FVariable) -> FVariable:
    """Exact negative."""
    if not is_wide(value):
        return -value
    # Under another name, with a lower bound that is not reached either.
    low, high = bounds(value, value.step)
    again = {"_from": (value,), "_factor": value._factor, "opr": "cadd", "_data": 0, "hwconf": value.hwconf}
    return -FVariable(*interval(low - 1, high, value.step), **again)


def times(value: FVariable, number: Fraction) -> FVariable:
    """Exact product of a value and a constant."""
    if is_constant(value):
        return constant(Fraction(value.low) * number, value.hwconf)
    odd = _odd(number)
    reached = max(abs(bound) for bound in bounds(value, value.step)) * odd
    if odd.bit_length() <= FACTOR_BITS and reached.bit_length() <= DOUBLE_BITS:
        return value * float(number)
    return matrix_product([value], Constants(np.array([[number.numerator]], dtype=object), 0), number.denominator)[0]


def product(first: FVariable, second: FVariable) -> FVariable:
    """Exact product of two values."""
    for value, other in ((first, second), (second, first)):
        if is_constant(other):
            return times(value, Fraction(other.low))
        # alkaid gives a product with a bit a negative delay if the other factor is long.
        if {other.low, other.high} in ({0.0, other.step}, {0.0, -other.step}) and sum(value.kif) > LONG_BITS:
            factor = value * other.step if other.high else negative(value) * other.step
            return other.msb_mux(factor, FVariable.from_const(0.0, hwconf=value.hwconf))
    ends = [a * b for a in bounds(first, first.step) for b in bounds(second, second.step)]
    return _within(first * second, min(ends), max(ends), first.step * second.step)


def larger(first: FVariable, second: FVariable) -> FVariable:
    """The larger one of two values."""
    return _one_of(first, second, second, first) or first.max_of(second)


def smaller(first: FVariable, second: FVariable) -> FVariable:
    """The smaller one of two values."""
    return _one_of(first, second, first, second) or first.min_of(second)


def _one_of(first: FVariable, second: FVariable, if_less: FVariable, if_not: FVariable) -> FVariable | None:
    """A choice by the sign of a difference that is wide; None if it is not."""
    difference = subtract(first, second)
    return difference.is_negative().msb_mux(if_less, if_not) if is_wide(difference) else None


def if_negative(value: FVariable, yes: FVariable, no: FVariable) -> FVariable:
    """One of two values by the sign of a third."""
    if value.low >= 0:
        return no
    return yes if value.high < 0 else value.is_negative().msb_mux(yes, no)


def is_narrow(x: Sequence[FVariable], weights: Constants) -> bool:
    """Whether alkaid multiplies a vector by a matrix exactly, and has bounds of the result in doubles."""
    if not np.any(weights.values):
        return True
    whole = np.abs(weights.at(int(weights.lowest.min())).astype(object))
    step = min(value.step for value in x)
    reached = np.array([max(abs(bound) for bound in bounds(value, step)) for value in x], dtype=object)
    largest, total = int(whole.max()), int((reached[:, None] * whole).sum(axis=0).max())
    return largest.bit_length() <= FACTOR_BITS and total.bit_length() <= DOUBLE_BITS


def matrix_product(x: Sequence[FVariable], weights: Constants, divisor: int = 1) -> list[FVariable]:
    """Exact product of a vector and a matrix of any size.

    Args:
        x: The vector, shape (n_in,).
        weights: The matrix, shape (n_in, n_out).
        divisor: A power of two by which the product is divided.
    """
    unit = Fraction(2) ** weights.exponent / divisor
    count = weights.values.shape[1]
    totals = [FVariable.from_const(0.0, hwconf=x[0].hwconf) for _ in range(count)]
    moving = [i for i, value in enumerate(x) if not is_constant(value)]
    for i in set(range(len(x))) - set(moving):
        for j, weight in enumerate(weights.values[i]):
            totals[j] = add_constant(totals[j], Fraction(x[i].low) * int(weight) * unit)
    digits = np.concatenate(_digits(weights.values[moving]), axis=1)
    used = np.flatnonzero(np.any(digits != 0, axis=0))
    if not len(used):
        return totals
    values = [x[i] for i in moving]
    programs = solve_once(
        np.ascontiguousarray(digits[:, used].astype(np.float32)),
        qintervals=[value.qint for value in values],
        latencies=[float(value.latency) for value in values],
    )
    for program in programs:
        values = _run(program, values)
    for column, value in zip(used.tolist(), values, strict=True):
        piece, j = divmod(column, count)
        totals[j] = add(totals[j], value * float(unit * 2 ** (PIECE_BITS * piece)))
    return totals


def _digits(weights: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Matrices whose sum is a matrix, if that at index i counts ``2**(PIECE_BITS * i)``."""
    rest, half = weights.astype(object), 1 << PIECE_BITS - 1
    digits = [np.zeros(weights.shape, dtype=np.int64)]
    while np.any(rest):
        digits.append(np.asarray((rest + half) % (2 * half) - half, dtype=np.int64))
        rest = (rest - digits[-1]) >> PIECE_BITS
    return digits[1:] or digits


def _run(program: CombLogic, x: Sequence[FVariable]) -> list[FVariable]:
    """The results of a program of additions, each with bounds that hold it."""
    found: list[FVariable] = []
    for op in program.ops:
        if op.opcode == Opcode.INPUT:
            found.append(x[op.data[0]] * 2.0 ** program.inp_shifts[op.data[0]])
            continue
        assert op.opcode in (Opcode.ADD, Opcode.SUBTRACT), f"alkaid multiplies by a matrix with operation {op.opcode}"
        first, second = found[op.addr[0]], found[op.addr[1]] * 2.0 ** op.data[0]
        found.append(add(first, second) if op.opcode == Opcode.ADD else subtract(first, second))
    results = []
    for index, shift, minus in zip(program.out_idxs, program.out_shifts, program.out_negs, strict=True):
        value = found[index] * 2.0**shift if index >= 0 else FVariable.from_const(0.0, hwconf=x[0].hwconf)
        results.append(negative(value) if minus else value)
    return results
