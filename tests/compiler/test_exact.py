"""Sums, products and casts of more bits than floating point holds, against Python's integers."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from alkaid.trace import FVArray
from hypothesis import example, given, settings
from hypothesis import strategies as st
from programs import evaluate_circuit

from l1ml.compiler.programs import exact
from l1ml.compiler.programs.cast import cast, relu_cast
from l1ml.compiler.programs.trace import HARDWARE, intervals_of, symbol
from l1ml.constants import Constants
from l1ml.errors import L1mlError
from l1ml.fixed import ROUNDING_MODES, SATURATION_MODES, FixedType

EVENTS = 12


def inputs_of(kinds: Sequence[FixedType]) -> FVArray:
    """Inputs that can be all that their types hold."""
    found = [symbol(*exact.interval(kind.minimum, kind.maximum, kind.lsb)) for kind in kinds]
    return FVArray(np.array(found), hwconf=HARDWARE)


def events(kinds: Sequence[FixedType], seed: int) -> list[list[int]]:
    """All at their ends, and random ones of every size."""
    rng = random.Random(seed)
    ends = [[getattr(kind, end) for kind in kinds] for end in ("minimum", "maximum")]
    mixed = [[rng.choice((k.minimum, k.maximum, k.maximum - 1)) for k in kinds] for _ in range(EVENTS)]
    small = [[rng.randint(k.minimum, k.maximum) >> rng.randrange(k.width) for k in kinds] for _ in range(EVENTS)]
    return [*ends, *mixed, *small]


def integer_types(low: int, high: int) -> st.SearchStrategy[FixedType]:
    """Types of some widths, with a fraction of a third of their bits or none."""
    return st.builds(
        lambda width, signed, part: FixedType(width, width - part * width // 3, signed),
        st.integers(low, high), st.booleans(), st.integers(0, 2),
    )  # fmt: skip


def targets() -> st.SearchStrategy[FixedType]:
    """Types of any width in all modes."""
    return st.builds(
        lambda width, fraction, *rest: FixedType(width, width - fraction, *rest),
        st.integers(1, 100), st.integers(-10, 40), st.booleans(),
        st.sampled_from(ROUNDING_MODES), st.sampled_from(SATURATION_MODES),
    )  # fmt: skip


@settings(deadline=None, max_examples=100)
@example(FixedType(40, 20), FixedType(32, 16, True, "TRN", "SAT"), 0)
@example(FixedType(60, 20), FixedType(58, 20, True, "RND", "SAT"), 0)
@example(FixedType(64, 64), FixedType(62, 62, True, "TRN", "SAT_SYM"), 0)
@given(integer_types(20, 62), targets(), st.integers(0, 99))
def test_a_cast_of_any_width_gives_what_ap_fixed_gives(source: FixedType, target: FixedType, seed: int) -> None:
    inputs, rows = inputs_of([source]), events([source], seed)
    (value,) = np.asarray(inputs)
    found = evaluate_circuit(inputs, [source], [cast(value, target), relu_cast(value, target)], [target] * 2, rows)
    given = np.array([value for (value,) in rows], dtype=object)
    wanted = [target.cast(values, source.fraction) for values in (given, np.maximum(given, 0))]
    assert found == np.stack(wanted, axis=1).tolist()


@settings(deadline=None, max_examples=50)
@given(st.lists(integer_types(1, 62), min_size=1, max_size=6), st.integers(1, 53), st.integers(0, 99))
def test_a_matrix_product_of_any_width_is_exact(kinds: list[FixedType], bits: int, seed: int) -> None:
    rng = random.Random(seed)
    weights = [[rng.getrandbits(bits) - (1 << bits - 1) >> rng.randrange(bits) for _ in range(3)] for _ in kinds]
    offsets = [Fraction(rng.getrandbits(bits) - (1 << bits - 1), 1 << rng.randrange(bits)) for _ in range(3)]
    inputs, rows = inputs_of(kinds), events(kinds, seed)
    factors = Constants(np.array(weights, dtype=object), -bits // 2)
    totals = exact.matrix_product(list(np.asarray(inputs)), factors)
    totals = [exact.add_constant(total, offset) for total, offset in zip(totals, offsets, strict=True)]
    fraction = max(kind.fraction for kind in kinds) + bits + 2
    wide = FixedType(200, 200 - fraction)
    found = evaluate_circuit(inputs, kinds, totals, [wide] * 3, rows)
    for row, results in zip(rows, found, strict=True):
        real = [Fraction(x) / Fraction(2) ** kind.fraction for x, kind in zip(row, kinds, strict=True)]
        for j in range(3):
            total = sum(x * weights[i][j] for i, x in enumerate(real)) * Fraction(2) ** (-bits // 2) + offsets[j]
            assert results[j] == total * 2**fraction
    for (low, high, step), column in zip(intervals_of(totals), zip(*found, strict=True), strict=True):
        least, most = exact.reach(low, high, step)
        unit = Fraction(step) * 2**fraction
        assert least * unit <= min(column) and max(column) <= most * unit


@settings(deadline=None, max_examples=50)
@given(integer_types(1, 60), integer_types(1, 60), st.integers(-(2**40), 2**40), st.integers(0, 99))
def test_two_values_of_any_width_are_combined_exactly(
    first: FixedType, second: FixedType, factor: int, seed: int
) -> None:
    kinds = [first, second]
    inputs, rows = inputs_of(kinds), events(kinds, seed)
    a, b = np.asarray(inputs)
    scaled = Fraction(factor, 1 << 20)
    outputs = [
        exact.add(a, b), exact.subtract(a, b), exact.product(a, b), exact.larger(a, b), exact.smaller(a, b),
        exact.times(a, scaled), exact.negative(a), exact.add(exact.negative(exact.add(a, b)), a),
    ]  # fmt: skip
    fraction = 80
    wide = FixedType(220, 220 - fraction)
    found = evaluate_circuit(inputs, kinds, outputs, [wide] * len(outputs), rows)
    for row, results in zip(rows, found, strict=True):
        x, y = (Fraction(value) / Fraction(2) ** kind.fraction for value, kind in zip(row, kinds, strict=True))
        wanted = [x + y, x - y, x * y, max(x, y), min(x, y), x * scaled, -x, -y]
        assert results == [value * 2**fraction for value in wanted]


def test_constants_that_meet_in_one_sum_keep_all_bits() -> None:
    kind = FixedType(40, 20)
    inputs = inputs_of([kind])
    (value,) = np.asarray(inputs)
    offsets = [Fraction(2**18 + 1), Fraction(1, 2**19), Fraction(-(2**40) - 1, 2**20)]
    for offset in offsets:
        value = exact.add_constant(value, offset)
    rows = events([kind], 0)
    wide = FixedType(80, 50)
    found = evaluate_circuit(inputs, [kind], [value], [wide], rows)
    assert [[(Fraction(x, 2**20) + sum(offsets)) * 2**30] for (x,) in rows] == found


def test_a_constant_that_no_double_holds_is_refused() -> None:
    with pytest.raises(L1mlError, match="a constant of 61 bits; at most 53 are supported"):
        exact.constant(Fraction(2**60 + 1), HARDWARE)


def test_terms_that_cancel_are_not_taken_for_an_overflow() -> None:
    kind = FixedType(56, 56)
    inputs = inputs_of([kind])
    (value,) = np.asarray(inputs)
    most = value * 2.0**10 - value  # of 66 bits; with one or three more it is no longer, though its two terms are
    rows = events([kind], 0)
    found = evaluate_circuit(inputs, [kind], [most + value, most + value * 3.0], [FixedType(70, 70)] * 2, rows)
    assert found == [[x * 1024, x * 1026] for (x,) in rows]
