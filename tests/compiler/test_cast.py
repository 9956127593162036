"""Symbolic casts against ``FixedType.cast``, value by value."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from alkaid.trace import FVariable, FVArray
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from programs import evaluate, symbols

from l1ml.compiler.programs.cast import cast, relu_cast
from l1ml.fixed import ROUNDING_MODES, SATURATION_MODES, FixedType

SHAPES = [(1, 0), (1, 1), (2, 2), (3, 1), (4, 2), (4, 6), (5, -1), (6, 3), (8, 4), (12, 6)]
"""Widths and integer bits of the targets."""

SOURCES = {
    "signed": (-128, 127),
    "unsigned": (0, 255),
    "not a power of two": (-37, 90),
    "negative only": (-101, -3),
    "minus one at most": (-64, -1),
    "positive only": (17, 201),
    "around zero": (-1, 1),
    "one bit": (0, 1),
    "a sign bit": (-1, 0),
    "constant": (53, 53),
    "negative constant": (-77, -77),
    "zero": (0, 0),
}
"""Intervals of the integers that are cast; their LSB is 1/16."""

FRACTION = 4


def targets() -> list[FixedType]:
    """All shapes in all modes."""
    modes = product(SHAPES, (True, False), ROUNDING_MODES, SATURATION_MODES)
    return [FixedType(width, integer, *rest) for (width, integer), *rest in modes]


def run(inputs: FVArray, outputs: list[FVariable], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Outputs for real values of the only input, one row for each event."""
    return evaluate(inputs, outputs, values.reshape(-1, 1))


def symbol(low: int, high: int, fraction: int = FRACTION) -> FVArray:
    """One input between two integers of LSB ``2**-fraction``."""
    return symbols(*([v * 2.0**-fraction] for v in (low, high, 1)))


@pytest.mark.parametrize("source", SOURCES)
def test_a_cast_gives_what_ap_fixed_gives_for_every_value(source: str) -> None:
    low, high = SOURCES[source]
    integers = np.arange(low, high + 1)
    inputs, types = symbol(low, high), targets()
    outputs = [cast(np.asarray(inputs)[0], target) for target in types]
    results = run(inputs, outputs, integers * 2.0**-FRACTION)
    for target, output, column in zip(types, outputs, results.T, strict=True):
        expected = target.to_float(target.cast(integers, FRACTION))
        np.testing.assert_array_equal(column, expected, err_msg=str(target))
        assert output.low <= expected.min() and output.high >= expected.max(), f"{target}: interval too narrow"
        within = output.high <= target.maximum * target.lsb and output.low >= target.minimum * target.lsb
        assert within, f"{target}: interval wider than the type"


@pytest.mark.parametrize("source", SOURCES)
def test_a_cast_of_a_relu_gives_what_ap_fixed_gives_for_every_value(source: str) -> None:
    low, high = SOURCES[source]
    integers = np.arange(low, high + 1)
    inputs, types = symbol(low, high), targets()
    results = run(inputs, [relu_cast(np.asarray(inputs)[0], t) for t in types], integers * 2.0**-FRACTION)
    for target, column in zip(types, results.T, strict=True):
        expected = target.to_float(target.cast(np.maximum(integers, 0), FRACTION))
        np.testing.assert_array_equal(column, expected, err_msg=str(target))


@st.composite
def casts(draw: st.DrawFn) -> tuple[int, int, int, FixedType]:
    """An interval, its fractional bits and a target."""
    width = draw(st.integers(1, 20))
    bounds = st.integers(-(1 << width), (1 << width) - 1)
    low, high = sorted((draw(bounds), draw(bounds)))
    target = FixedType(
        draw(st.integers(1, 24)),
        draw(st.integers(-6, 16)),
        draw(st.booleans()),
        draw(st.sampled_from(ROUNDING_MODES)),
        draw(st.sampled_from(SATURATION_MODES)),
    )
    fraction = draw(st.integers(-4, 16))
    assume(fraction - target.fraction <= 20)
    return low, high, fraction, target


@settings(deadline=None, max_examples=300)
@given(
    casts(),
    st.sampled_from([1.0, 2.0, -1.0, 0.5, -4.0, 16.0, 3.0, -5.0]),
    st.sampled_from([0, 0, 3, -8]),
    st.integers(0, 2**32),
)
def test_a_cast_of_a_scaled_sum_gives_what_ap_fixed_gives(
    case: tuple[int, int, int, FixedType], scale: float, gain: int, seed: int
) -> None:
    low, high, fraction, target = case
    inputs = symbol(low, high, fraction)
    offset = gain * 2.0**-fraction
    rng = np.random.default_rng(seed)
    integers = np.concatenate([[low, high], rng.integers(low, high + 1, 200)])
    symbolic = np.asarray(inputs)[0] * scale + offset
    results = run(inputs, [cast(symbolic, target), relu_cast(symbolic, target)], integers * 2.0**-fraction)
    exact = np.rint((integers * scale + gain) * 2).astype(np.int64)
    expected = np.column_stack([target.cast(exact, fraction + 1), target.cast(np.maximum(exact, 0), fraction + 1)])
    np.testing.assert_array_equal(results, target.to_float(expected))


def test_a_cast_may_drop_many_bits_where_its_constants_are_short() -> None:
    values = np.random.default_rng(1).integers(-(1 << 44), 1 << 44, 500)
    for mode in ("TRN", "RND", "RND_CONV", "RND_INF"):
        target = FixedType(20, 18, True, mode)
        inputs = symbol(-(1 << 44), (1 << 44) - 1, 30)
        results = run(inputs, [cast(np.asarray(inputs)[0], target)], values * 2.0**-30)[:, 0]
        np.testing.assert_array_equal(results, target.to_float(target.cast(values, 30)), err_msg=mode)
