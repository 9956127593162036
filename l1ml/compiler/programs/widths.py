"""A program looked at again: do its values have as many bits as they need, where doubles do not hold their bounds?"""

from __future__ import annotations

from fractions import Fraction
from itertools import product

from alkaid.types import CombLogic, Op

from l1ml.compiler.programs.exact import DOUBLE_BITS, TooWideError, reach
from l1ml.compiler.programs.opcodes import Opcode

SUMS = (Opcode.ADD, Opcode.SUBTRACT, Opcode.ADD_CONSTANT, Opcode.NEGATE)
"""Operations that are linear, so that terms they have in common may cancel."""

Reach = tuple[int, int, int]
"""Lowest and highest integer, and how many fractional bits they have."""


def check_widths(logic: CombLogic) -> None:
    """See that sums, products and choices of more than 53 bits cannot overflow, from what they are made of.

    Raises:
        TooWideError: If one could.
    """
    found: list[Reach] = []
    for index, op in enumerate(logic.ops):
        signed, integers, fraction = op.qint.kif
        bits, inside = integers + fraction, (-int(signed) << integers + fraction, (1 << integers + fraction) - 1)
        low, high = reach(*op.qint) if op.qint.step else (0, 0)
        if max(abs(low), abs(high)).bit_length() > DOUBLE_BITS and (exact := _exact(op, found)) is not None:
            low, high = (_at(bound, exact[2], fraction) for bound in exact[:2])
            if (low < inside[0] or high > inside[1]) and op.opcode in SUMS:
                low, high = _sum_of_leaves(index, logic, found, fraction)
            if low < inside[0] or high > inside[1]:
                raise TooWideError(f"a value of {bits + signed} bits, of which {DOUBLE_BITS} are known; give it fewer")
        found.append((low, high, fraction))


def _sum_of_leaves(index: int, logic: CombLogic, found: list[Reach], fraction: int) -> tuple[int, int]:
    """Bounds of a sum whose terms have terms in common, as one sum of values that are no sums themselves."""
    weights: dict[int, Fraction] = {}
    low = high = Fraction(0)
    waiting = {index: Fraction(1)}
    while waiting:  # an operation comes behind all that it needs, so that its weight is whole when it is reached
        weight = waiting.pop(last := max(waiting))
        op = logic.ops[last]
        terms = [(address, weight) for address in op.addr]
        match op.opcode:
            case Opcode.ADD | Opcode.SUBTRACT:
                shifted = weight * Fraction(2) ** op.data[0]
                terms[1] = op.addr[1], shifted if op.opcode == Opcode.ADD else -shifted
            case Opcode.ADD_CONSTANT:
                low, high = (bound + weight * op.data[0] / Fraction(2) ** op.data[1] for bound in (low, high))
            case Opcode.NEGATE:
                terms = [(op.addr[0], -weight)]
            case _:
                weights[last], terms = weight, []
        for address, share in terms:
            waiting[address] = waiting.get(address, Fraction(0)) + share
    for leaf, weight in weights.items():
        ends = sorted(weight * end / Fraction(2) ** found[leaf][2] for end in found[leaf][:2])
        low, high = low + ends[0], high + ends[1]
    unit = Fraction(2) ** -fraction
    return int(low // unit), int(-(-high // unit))


def _at(integer: int, fraction: int, wanted: int) -> int:
    return integer << wanted - fraction if wanted >= fraction else integer >> fraction - wanted


def _exact(op: Op, found: list[Reach]) -> Reach | None:
    """What an operation gives, by interval arithmetic; None for one whose bits say it."""
    terms = [found[i] for i in op.addr]
    match op.opcode:
        case Opcode.ADD | Opcode.SUBTRACT:
            first, (low, high, fraction) = terms[0], terms[1]
            second = (low, high) if op.opcode == Opcode.ADD else (-high, -low)
            return _sum(first, (*second, fraction - op.data[0]))
        case Opcode.ADD_CONSTANT:
            return _sum(terms[0], (op.data[0], op.data[0], op.data[1]))
        case Opcode.NEGATE:
            low, high, fraction = terms[0]
            return -high, -low, fraction
        case Opcode.MULTIPLY:
            (first, second) = terms
            ends = [a * b for a, b in product(first[:2], second[:2])]
            if op.addr[0] == op.addr[1]:  # a square
                ends = [first[0] ** 2, first[1] ** 2, *[0] * (first[0] < 0 < first[1])]
            return min(ends), max(ends), first[2] + second[2]
        case Opcode.MUX:
            (first, (low, high, fraction)), shifted = terms[:2], op.data[0]
            return _union(first, (low, high, fraction - shifted))
    return None


def _sum(first: Reach, second: Reach) -> Reach:
    fraction = max(first[2], second[2])
    low, high = (
        _at(a, first[2], fraction) + _at(b, second[2], fraction) for a, b in zip(first[:2], second[:2], strict=True)
    )
    return low, high, fraction


def _union(first: Reach, second: Reach) -> Reach:
    fraction = max(first[2], second[2])
    ends = [[_at(end, found[2], fraction) for end in found[:2]] for found in (first, second)]
    return min(ends[0][0], ends[1][0]), max(ends[0][1], ends[1][1]), fraction
