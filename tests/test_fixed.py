"""``FixedType`` against the ``ap_fixed`` of the headers that hls4ml ships, compiled and called with integers."""

from __future__ import annotations

import ctypes
import importlib.util
import subprocess
from dataclasses import replace
from fractions import Fraction
from math import floor, trunc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from l1ml.constants import Constants
from l1ml.errors import L1mlError
from l1ml.fixed import INT, INT64_BITS, ROUNDING_MODES, SATURATION_MODES, FixedType

NARROW, UNSIGNED, WIDE = FixedType(9, 4), FixedType(8, 4, signed=False), FixedType(40, 20)

# Bits lost and gained at both ends, a sign bit alone, no integer bits, an LSB above 1.
SHAPES = {NARROW: [(4, 2), (12, 6), (5, -1), (1, 1)], UNSIGNED: [(4, 2), (3, 6)], WIDE: [(12, 6), (6, 8)]}

PAIRS = [
    (source, FixedType(width, integer, signed, rounding, saturation))
    for source, shapes in SHAPES.items()
    for width, integer in shapes
    for signed in (True, False)
    for rounding in ROUNDING_MODES
    for saturation in SATURATION_MODES
]

INTEGERS = [FixedType(width, width, signed, INT) for width in (1, 3, 6) for signed in (True, False)]

PAIRS += [(source, target) for source in (*SHAPES, *INTEGERS) for target in INTEGERS]
PAIRS += [(source, FixedType(6, 4)) for source in INTEGERS]

READ = [
    *(
        FixedType(5, 3, signed, mode, over)
        for signed in (True, False)
        for mode in ROUNDING_MODES
        for over in SATURATION_MODES
    ),
    *INTEGERS,
]

PROGRAM = """
#include <cstdint>
#include "ap_fixed.h"

template <class Source, class Target> void run(const std::int64_t *values, std::int64_t *results, long count) {
    for (long i = 0; i < count; i++) {
        Source value;
        value.range() = values[i];
        Target result = value;
        results[i] = result.range().to_int64();
    }
}

template <class Target> void run_real(const double *values, std::int64_t *results, long count) {
    for (long i = 0; i < count; i++) {
        Target result = values[i];
        results[i] = result.range().to_int64();
    }
}

typedef void (*Cast)(const std::int64_t *, std::int64_t *, long);
static const Cast casts[] = {CASTS};
typedef void (*Read)(const double *, std::int64_t *, long);
static const Read reads[] = {READS};

extern "C" void run_cast(int index, const std::int64_t *values, std::int64_t *results, long count) {
    casts[index](values, results, count);
}

extern "C" void run_read(int index, const double *values, std::int64_t *results, long count) {
    reads[index](values, results, count);
}
"""


class ApFixed:
    """Casts by the C++ ``ap_fixed``."""

    def __init__(self, folder: Path) -> None:
        spec = importlib.util.find_spec("hls4ml")
        assert spec is not None and spec.origin is not None
        headers = Path(spec.origin).parent / "templates" / "vivado" / "ap_types"
        source, library = folder / "casts.cpp", folder / "casts.so"
        casts = ", ".join(f"run<{cpp(a)}, {cpp(b)}>" for a, b in PAIRS)
        reads = ", ".join(f"run_real<{cpp(target)}>" for target in READ)
        source.write_text(PROGRAM.replace("CASTS", casts).replace("READS", reads))
        command = ["g++", "-w", "-std=c++14", "-shared", "-fPIC", f"-I{headers}", str(source), "-o", str(library)]
        subprocess.run(command, check=True)
        loaded = ctypes.CDLL(str(library))
        self._run, self._read = loaded.run_cast, loaded.run_read
        for function in (self._run, self._read):
            function.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_long]

    def cast(self, values: NDArray[np.int64], index: int) -> NDArray[np.int64]:
        """Integers of the source of ``PAIRS[index]``, cast to integers of its target."""
        return self._call(self._run, index, np.ascontiguousarray(values), PAIRS[index][1])

    def read(self, values: NDArray[np.float64], index: int) -> NDArray[np.int64]:
        """Real numbers, cast to integers of ``READ[index]``."""
        return self._call(self._read, index, np.ascontiguousarray(values), READ[index])

    @staticmethod
    def _call(function: Any, index: int, values: NDArray[Any], target: FixedType) -> NDArray[np.int64]:
        patterns = np.empty(values.shape, dtype=np.int64)
        function(index, values.ctypes.data, patterns.ctypes.data, values.size)
        return np.where(patterns > target.maximum, patterns - (1 << target.width), patterns)


def cpp(fixed: FixedType) -> str:
    """A type as C++ writes it."""
    if fixed.is_int:
        return f"ap_{'' if fixed.signed else 'u'}int<{fixed.width}>"
    sign = "" if fixed.signed else "u"
    return f"ap_{sign}fixed<{fixed.width}, {fixed.integer}, AP_{fixed.rounding}, AP_{fixed.saturation}>"


def values_for(source: FixedType, target: FixedType) -> NDArray[np.int64]:
    """All integers of a narrow source; of a wide one those around halves and limits of the target, and random ones."""
    if source != WIDE:
        return np.arange(source.minimum, source.maximum + 1, dtype=np.int64)
    half = 1 << (source.fraction - target.fraction - 1)
    edges = np.concatenate([np.arange(-8, 9), [2 * target.minimum, 2 * target.maximum, 2 * target.maximum + 2]])
    near = (edges[:, None] + np.arange(-2, 3)).ravel()[:, None] * half + np.array([-1, 0, 1])
    return np.concatenate([near.ravel(), np.random.default_rng(1).integers(source.minimum, source.maximum, 500)])


def test_casts_are_those_of_ap_fixed_for_every_mode(tmp_path: Path) -> None:
    ap_fixed = ApFixed(tmp_path)
    for index, (source, target) in enumerate(PAIRS):
        values = values_for(source, target)
        np.testing.assert_array_equal(
            target.cast(values, source.fraction), ap_fixed.cast(values, index), err_msg=f"{source} to {target}"
        )


def test_real_numbers_are_cast_as_the_cpp_casts_them(tmp_path: Path) -> None:
    ap_fixed = ApFixed(tmp_path)
    near = np.arange(-40, 41)[:, None] / 8 + np.array([-1e-9, -0.03, 0, 0.03, 1e-9])
    values = np.concatenate([near.ravel(), [-1e-300, 1e-300, 77.4, -77.6, 1e9, -1e9, 2.0**40 + 5.5, -(2.0**40) - 5.5]])
    for index, target in enumerate(READ):
        np.testing.assert_array_equal(target.quantize(values), ap_fixed.read(values, index), err_msg=str(target))


@st.composite
def fixed_types(draw: st.DrawFn, most: int = INT64_BITS) -> FixedType:
    """Any fixed-point type."""
    return FixedType(
        width=draw(st.integers(1, most)),
        integer=draw(st.integers(-8, 24)),
        signed=draw(st.booleans()),
        rounding=draw(st.sampled_from(ROUNDING_MODES)),
        saturation=draw(st.sampled_from(SATURATION_MODES)),
    )


@given(fixed_types(), fixed_types(), st.data())
def test_a_value_of_a_type_survives_the_cast_to_any_type_that_contains_it(
    source: FixedType, target: FixedType, data: st.DataObject
) -> None:
    value = data.draw(st.integers(source.minimum, source.maximum))
    exact = value * 2 ** max(0, target.fraction - source.fraction)
    dropped = max(0, source.fraction - target.fraction)
    low = target.minimum + (target.saturation == "SAT_SYM" and target.signed)
    if exact % 2**dropped or not low <= exact >> dropped <= target.maximum:
        return
    assert int(target.cast(np.array(value), source.fraction)) == exact >> dropped


@given(fixed_types(150), fixed_types(150), st.data())
def test_casts_between_types_of_any_width_are_exact(source: FixedType, target: FixedType, data: st.DataObject) -> None:
    """Against rational numbers, in the modes whose definition is one line."""
    value = data.draw(st.integers(source.minimum, source.maximum))
    real = Fraction(value) * Fraction(2) ** (target.fraction - source.fraction)
    wanted = {"TRN": floor(real), "RND": floor(real + Fraction(1, 2)), "TRN_ZERO": trunc(real)}
    fixed = replace(target, rounding=data.draw(st.sampled_from(sorted(wanted))))
    kept = wanted[fixed.rounding]
    if fixed.saturation == "WRAP":
        kept = (kept - fixed.minimum) % (1 << fixed.width) + fixed.minimum
    elif not fixed.lowest <= kept <= fixed.maximum:
        kept = 0 if fixed.saturation == "SAT_ZERO" else fixed.lowest if kept < 0 else fixed.maximum
    given = np.array([value] * 2, dtype=np.int64 if abs(value) < 2**62 else object)
    assert fixed.cast(given, source.fraction).tolist() == [kept] * 2


@given(fixed_types(40), arrays(np.float64, 20, elements=st.floats(-(2.0**20), 2.0**20)))
def test_real_values_are_quantized_like_the_integers_they_stand_for(fixed: FixedType, values: NDArray) -> None:
    fraction = fixed.fraction + 10
    integers = np.rint(np.ldexp(values, fraction))
    keep = np.abs(integers) < 2.0**53
    integers = integers[keep].astype(np.int64)
    np.testing.assert_array_equal(
        fixed.quantize(np.ldexp(integers.astype(np.float64), -fraction)), fixed.cast(integers, fraction)
    )


@pytest.mark.parametrize("value", [1e9, -1e9, 2.0**50, -(2.0**60), 2.0**61 + 2.0**20, 1e30, -1e300])
@pytest.mark.parametrize("rounding", ROUNDING_MODES)
def test_large_real_values_saturate_and_wrap_at_any_size(value: float, rounding: str) -> None:
    def quantized(saturation: str) -> int:
        return int(FixedType(16, 6, True, rounding, saturation).quantize(value))

    assert quantized("SAT") == (32767 if value > 0 else -32768)
    assert quantized("SAT_SYM") == (32767 if value > 0 else -32767)
    assert quantized("SAT_ZERO") == 0
    assert quantized("WRAP") == (int(value) * 1024 + 32768) % 65536 - 32768


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match=r"NaN or infinite values to fixed<16,6>"):
        FixedType(16, 6).quantize(np.array([0.0, value]))


@given(fixed_types())
def test_a_type_survives_being_written_and_read(fixed: FixedType) -> None:
    assert FixedType.parse(str(fixed)) == fixed
    assert FixedType.parse(cpp(fixed)) == fixed


@pytest.mark.parametrize("saturation", SATURATION_MODES)
@pytest.mark.parametrize("width", [63, 64, 65, 100])
def test_small_real_values_are_cast_to_types_that_no_int64_holds(width: int, saturation: str) -> None:
    kind = FixedType(width, width - 30, True, "RND", saturation)
    assert kind.quantize(np.array([1.5, -0.25, 0.0])).tolist() == [3 << 29, -(1 << 28), 0]


@given(fixed_types(50))
def test_to_float_and_quantize_are_inverse(fixed: FixedType) -> None:
    integers = np.array([fixed.minimum + (fixed.saturation == "SAT_SYM" and fixed.signed), 0, fixed.maximum])
    np.testing.assert_array_equal(fixed.quantize(fixed.to_float(integers)), integers)


@pytest.mark.parametrize(
    ("text", "fixed"),
    [
        ("ap_uint<8>", FixedType(8, 8, False, INT)),
        ("int<3>", FixedType(3, 3, True, INT)),
        ("ap_fixed< 16 , 6 , AP_RND , AP_SAT , 0 >", FixedType(16, 6, True, "RND", "SAT")),
        ("ufixed<6,0,RND_CONV>", FixedType(6, 0, False, "RND_CONV")),
        ("ap_fixed<8,-3>", FixedType(8, -3)),
    ],
)
def test_the_ways_to_write_a_precision_are_understood(text: str, fixed: FixedType) -> None:
    assert FixedType.parse(text) == fixed


@pytest.mark.parametrize(
    "text",
    ["", "float", "fixed<16>", "fixed<16,6", "fixed<6.5,2>", "fixed<0,0>", "fixed<1025,6>", "fixed<8,4,ROUND>",
     "fixed<8,4,RND,CLIP>", "fixed<8,4,AP_TRN,AP_WRAP_SM>", "std::fixed<8,4>", "ac_fixed<8,4>", "int<8,4>",
     "uint<0>", "int<1025>"],
)  # fmt: skip
def test_a_bad_precision_is_refused_in_one_line_that_quotes_it(text: str) -> None:
    with pytest.raises(L1mlError) as caught:
        FixedType.parse(text)
    assert repr(text) in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.lists(st.tuples(st.integers(-1000, 1000), st.integers(-10, 10)), min_size=1), st.integers(-20, 20))
def test_constants_are_the_real_numbers_that_they_are_made_of(parts: list[tuple[int, int]], exponent: int) -> None:
    real = np.array([integer * 2.0**places for integer, places in parts])
    constants = Constants.of(real)
    np.testing.assert_array_equal(constants.real, real)
    np.testing.assert_array_equal(constants.at(exponent), np.floor(real * 2.0**-exponent))
    for number, lowest in zip(real[real != 0], constants.lowest[real != 0], strict=True):
        assert number % 2.0**lowest == 0 and number % 2.0 ** (lowest + 1) != 0
    assert np.all(constants.lowest[real == 0] > 30)
