"""Fixed-point types: the one description of an ``ap_[u]fixed`` that everything in l1ml uses.

Values travel as integers in units of the least significant bit (LSB). Rounding and overflow follow
the ``ap_fixed`` of AMD's ``ap_types`` headers that hls4ml ships: quantise first, then test for
overflow, so that the carry of a rounding counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.errors import L1mlError

ROUNDING_MODES = ("TRN", "TRN_ZERO", "RND", "RND_ZERO", "RND_INF", "RND_MIN_INF", "RND_CONV")
"""The quantisation modes of ``ap_fixed``, by hls4ml's names."""

INT = "INT"
"""The rounding of ``ap_[u]int``, which has no modes: toward zero. Two faults of the headers are its rules as well: real
numbers between -1/2 and 0 become 1; a signed ``ap_fixed`` without integer bits is floored, but as that depends on the
type that is cast, `l1ml.frontends.hls4ml.checks` refuses it."""

SATURATION_MODES = ("WRAP", "SAT", "SAT_ZERO", "SAT_SYM")
"""The overflow modes of ``ap_fixed`` that hls4ml knows (``WRAP_SM`` has no hls4ml name)."""

MAX_WIDTH = 1024
"""Widest ``ap_fixed``, as AMD's headers are compiled by hls4ml."""

INT64_BITS = 62
"""Integers of so many bits (with one carry bit) fit an int64; arrays of wider ones hold Python's integers."""

# As ``ap_types`` count them, and one rounding more.
_COUNTED_ROUNDING = ("RND", "RND_ZERO", "RND_MIN_INF", "RND_INF", "RND_CONV", "TRN", "TRN_ZERO", INT)
_COUNTED_SATURATION = ("SAT", "SAT_ZERO", "SAT_SYM", "WRAP", "WRAP_SM")

_PATTERN = re.compile(
    r"^(?:ap_)?(?P<kind>u?fixed|u?int)<\s*(?P<width>\d+)\s*"
    r"(?:,\s*(?P<integer>-?\d+)\s*)?(?:,\s*(?:AP_)?(?P<rounding>\w+)\s*)?(?:,\s*(?:AP_)?(?P<saturation>\w+)\s*)?"
    r"(?:,\s*\d+\s*)?>$"
)


@dataclass(frozen=True)
class FixedType:
    """A two's complement fixed-point type: ``ap_[u]fixed<width, integer, rounding, saturation>``, ``ap_[u]int<width>``.

    Attributes:
        width: Number of bits, sign included.
        integer: Bits left of the binary point, sign included; may be negative or exceed ``width``.
        signed: Whether the type has a sign bit.
        rounding: How bits right of the LSB are dropped, one of ``ROUNDING_MODES``; ``INT`` makes it an ``ap_[u]int``.
        saturation: What happens to values out of range, one of ``SATURATION_MODES``.

    Raises:
        ValueError: For a width outside 1..1024 or an unknown mode.
    """

    width: int
    integer: int
    signed: bool = True
    rounding: str = "TRN"
    saturation: str = "WRAP"

    def __post_init__(self) -> None:
        if not 1 <= self.width <= MAX_WIDTH:
            raise ValueError(f"a fixed-point width must lie in 1..{MAX_WIDTH}, got {self.width}")
        if self.is_int and (self.integer, self.saturation) != (self.width, "WRAP"):
            raise ValueError("an integer type has no fraction and no overflow mode")
        if self.rounding not in (*ROUNDING_MODES, INT):
            raise ValueError(f"unknown rounding mode {self.rounding!r}; known: {', '.join(ROUNDING_MODES)}")
        if self.saturation not in SATURATION_MODES:
            raise ValueError(f"unknown overflow mode {self.saturation!r}; known: {', '.join(SATURATION_MODES)}")

    @classmethod
    def parse(cls, text: str) -> FixedType:
        """Read a precision string such as ``fixed<16,6,RND_CONV,SAT>``, ``ap_uint<8>`` or ``ufixed<6,0>``.

        Raises:
            L1mlError: If the text is no precision.
        """
        match = _PATTERN.match(text.strip())
        problem = f"precision {text!r} is not understood; write it like fixed<16,6> or ufixed<6,0,RND_CONV,SAT>"
        if match is None:
            raise L1mlError(problem)
        kind, width = match["kind"], int(match["width"])
        if kind.endswith("fixed") and match["integer"] is None:
            raise L1mlError(problem)
        signed = not kind.startswith("u")
        if kind.endswith("int") and any(match[key] for key in ("integer", "rounding", "saturation")):
            raise L1mlError(f"precision {text!r}: an integer type has a width and nothing else")
        try:
            if kind.endswith("int"):
                return cls(width, width, signed, INT)
            rounding, saturation = match["rounding"] or "TRN", match["saturation"] or "WRAP"
            return cls(width, int(match["integer"]), signed, rounding, saturation)
        except ValueError as error:
            raise L1mlError(f"precision {text!r}: {error}") from None

    @classmethod
    def printed(cls, width: int, integer: int, signed: int, rounding: int, saturation: int) -> FixedType:
        """The type that C++ printed by ``print_type`` of ``firmware_templates/cpp/print_type.h``.

        Raises:
            ValueError: If it is wider than l1ml takes, or wraps by ``WRAP_SM``.
        """
        modes = _COUNTED_ROUNDING[rounding], _COUNTED_SATURATION[saturation]
        return cls(width, integer, bool(signed), *modes)

    @classmethod
    def from_hls4ml(cls, precision: Any) -> FixedType:
        """Translate an hls4ml precision (fixed, integer or XNOR type).

        Raises:
            L1mlError: For a type without fixed-point form, such as ``float`` or exponents of powers of two.
        """
        kinds = {kind.__name__ for kind in type(precision).__mro__}  # hls4ml is not imported here
        if not hasattr(precision, "integer") or "float" in str(precision):
            raise L1mlError(f"precision {precision} is not fixed-point; give the layer an ap_fixed type")
        width, signed = int(precision.width), bool(precision.signed)
        if kinds & {"IntegerPrecisionType", "XnorPrecisionType"}:
            return cls(width, width, signed, INT)
        return cls(
            width=width,
            integer=int(getattr(precision, "integer", width)),
            signed=signed,
            rounding=str(getattr(precision, "rounding_mode", None) or "TRN"),
            saturation=str(getattr(precision, "saturation_mode", None) or "WRAP"),
        )

    @property
    def is_int(self) -> bool:
        """Whether it is an ``ap_[u]int``."""
        return self.rounding == INT

    @property
    def fraction(self) -> int:
        """Bits right of the binary point; negative if the LSB is worth more than 1."""
        return self.width - self.integer

    @property
    def lsb(self) -> float:
        """Worth of the least significant bit."""
        return 2.0**-self.fraction

    @property
    def minimum(self) -> int:
        """Smallest integer (in LSB) of the representation; ``SAT_SYM`` clips at ``lowest``."""
        return -(1 << (self.width - 1)) if self.signed else 0

    @property
    def lowest(self) -> int:
        """Smallest integer (in LSB) that is not an overflow; a sign bit alone cannot be symmetric."""
        symmetric = self.saturation == "SAT_SYM" and self.signed and self.width > 1
        return self.minimum + int(symmetric)

    @property
    def maximum(self) -> int:
        """Largest integer (in LSB)."""
        return (1 << (self.width - int(self.signed))) - 1

    def __str__(self) -> str:
        if self.is_int:
            return f"{'' if self.signed else 'u'}int<{self.width}>"
        modes = "" if (self.rounding, self.saturation) == ("TRN", "WRAP") else f",{self.rounding},{self.saturation}"
        return f"{'' if self.signed else 'u'}fixed<{self.width},{self.integer}{modes}>"

    def quantize(self, values: NDArray[np.floating] | float) -> NDArray[np.int64]:
        """Cast real values to this type.

        Args:
            values: Real numbers of any shape and any finite size.

        Returns:
            Integers in LSB, int64 up to ``INT64_BITS`` of the type, same shape.

        Raises:
            ValueError: For NaN or infinite values.
        """
        values = np.asarray(values, dtype=np.float64)
        if not np.all(np.isfinite(values)):
            raise ValueError(f"cannot cast NaN or infinite values to {self}")
        # What lies far outside the range is first brought near it, so that it fits an integer.
        span = 2.0**self.integer
        near = np.fmod(values, span) if self.saturation == "WRAP" else np.clip(values, -span, span)
        near = np.ldexp(near, self.fraction)
        floor = np.floor(near)
        rest = near - floor
        kept = self._round(whole(floor), rest >= 0.5, (rest != 0) & (rest != 0.5), near < 0)
        return self._overflow(np.where((values < 0) & (values > -0.5), 1, kept) if self.is_int else kept)

    def cast(self, values: NDArray[np.int64], fraction: int) -> NDArray[np.int64]:
        """Cast integers worth ``2**-fraction`` each to this type.

        Args:
            values: Integers of any shape: int64 below 2^62 in size, or Python's of any size.
            fraction: Number of fractional bits of ``values``.

        Returns:
            Integers in LSB of this type, as by ``quantize``, same shape.
        """
        drop, shape = fraction - self.fraction, np.shape(values)
        wide = self.width > INT64_BITS or np.asarray(values).dtype.kind in "Ou"
        values = np.atleast_1d(values).astype(object if wide else np.int64)
        if drop <= 0:
            if self.saturation != "WRAP":  # a value that is out of range stays so, and fits after the shift
                limit = max(1, (1 << self.width) >> -drop)
                values, drop = np.clip(values, -limit, limit), max(drop, -self.width)
            return self._overflow(values << -drop).reshape(shape)
        below, above = (drop - 1, drop) if wide else (min(drop - 1, 63), min(drop, 63))
        first, rest = (values >> below) & 1 != 0, (values & ((1 << below) - 1)) != 0
        return self._overflow(self._round(values >> above, first, rest, values < 0)).reshape(shape)

    def _round(
        self, kept: NDArray[np.int64], first: NDArray[np.bool_], rest: NDArray[np.bool_], negative: NDArray[np.bool_]
    ) -> NDArray[np.int64]:
        """Round floored values by their sign, their first dropped bit and whether any other one is set."""
        increments = {
            "TRN": np.zeros_like(first),
            "RND": first,
            "RND_CONV": first & ((kept & 1 != 0) | rest),
            "RND_INF": first & (~negative | rest),
            "RND_ZERO": first & (negative | rest),
            "RND_MIN_INF": first & rest,
            "TRN_ZERO": negative & (first | rest),
            INT: negative & (first | rest),
        }
        return np.asarray(kept + increments[self.rounding].astype(np.int64))

    def _overflow(self, values: NDArray[np.int64]) -> NDArray[np.int64]:
        if self.width > INT64_BITS:
            values = np.asarray(values).astype(object)
        if self.saturation in ("SAT", "SAT_SYM"):
            kept = np.clip(values, self.lowest, self.maximum)
        elif self.saturation == "SAT_ZERO":
            kept = np.where((values < self.lowest) | (values > self.maximum), 0, values)
        else:
            kept = ((values - self.minimum) & ((1 << self.width) - 1)) + self.minimum
        return kept if self.width > INT64_BITS else np.asarray(kept, dtype=np.int64)

    def selects(self, source: FixedType) -> bool:
        """Whether a cast from another type does nothing but drop bits and extend by others."""
        floors = self.rounding == "TRN" or (self.rounding in ("TRN_ZERO", INT) and not source.signed)
        low, high = source.minimum * source.lsb, source.maximum * source.lsb
        inside = self.lowest * self.lsb <= low and high < (self.maximum + 1) * self.lsb
        return (floors or source.fraction <= self.fraction) and (inside or self.saturation == "WRAP")

    def rounded(self, values: NDArray[np.floating]) -> NDArray[np.float32]:
        """Real values as this type holds them, in the float32 that networks are trained on; same shape.

        Raises:
            ValueError: For NaN or infinite values.
        """
        return self.to_float(self.quantize(values)).astype(np.float32)

    def to_float(self, integers: NDArray[np.int64]) -> NDArray[np.float64]:
        """Real values of integers in LSB."""
        return np.ldexp(np.asarray(integers, dtype=np.float64), -self.fraction)


BIT = FixedType(1, 1, False, INT)
"""``ap_uint<1>``: what hls4ml has for -1 and 1 as well, as 0 and 1."""


def integers(values: NDArray[Any]) -> NDArray[np.int64]:
    """Python's integers as int64 if all of them have at most ``INT64_BITS``."""
    values = np.asarray(values)
    if values.size and max(abs(int(values.max())), abs(int(values.min()))) >> INT64_BITS:
        return values
    return values.astype(np.int64)


def whole(real: NDArray[np.float64]) -> NDArray[np.int64]:
    """Whole real numbers of any size as integers."""
    fits = np.all(np.abs(real) < 2.0**INT64_BITS)
    return real.astype(np.int64) if fits else np.vectorize(int, otypes=[object])(real)
