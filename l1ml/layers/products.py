"""Products of inputs and constants as hls4ml's C++ makes them, by the types of both: ``nnet_mult.h``."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from alkaid.trace import FVariable

from l1ml.compiler.programs.cast import floor_to, is_constant
from l1ml.compiler.programs.exact import times
from l1ml.constants import Constants
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.layers.parameters import constants, input_type, weight_type

SPAN = 61
"""Largest difference of two exponents of powers of two, so that an int64 holds them in one unit."""


@dataclass(frozen=True)
class Products:
    """What constants make of an input ``x``: ``x * factors + offsets``, exact but for ``bits``.

    Attributes:
        factors: Shape of the constants.
        offsets: Of the same shape and exponent; zeros, but where inputs of one bit mean -1 and 1.
        integer: Integer bits of the type of a product, its sign included.
        signed: Whether that type has one.
        bits: For constants that are powers of two: integer bits, sign included, and as many fractional bits, to which
            the C++ cuts ``x`` times the power, before it negates; None if that keeps everything.
    """

    factors: Constants
    offsets: Constants
    integer: int
    signed: bool = True
    bits: int | None = None

    @classmethod
    def of(cls, layer: Any, name: str) -> Products:
        """The products of a layer's only input and some of its constants.

        Raises:
            L1mlError: If these are not fixed-point, powers of two or binary, or too wide.
        """
        kind, x = product_kind(layer, name), input_type(layer)
        if kind == "weight_exponential":
            return _by_powers(powers_of_two(layer, name), x, _exponent_bits(layer, name) + x.width)
        known = constants(layer, name)
        values, none = known.values, np.zeros_like(known.values)
        signs = 2 * values - 1
        constant = weight_type(layer, name)
        if kind == "both_binary":  # 1 where both are equal
            return cls(Constants(signs, 0), Constants(1 - values, 0), 1, signed=False)
        if kind == "weight_binary":
            return cls(Constants(signs, 0), Constants(none, 0), x.integer + 1)
        if kind == "data_binary":
            return cls(Constants(2 * values, known.exponent), Constants(-values, known.exponent), constant.integer + 1)
        if kind == "weight_ternary":  # any weight but 0 and -1 is taken for 1
            return cls(Constants(np.where(values == -2, 1, values), 0), Constants(none, 0), x.integer + 1)
        signed = x.signed or constant.signed
        return cls(known, Constants(none, known.exponent), x.integer + constant.integer, signed)


def product_kind(layer: Any, name: str) -> str:
    """The structure in ``nnet::product`` with which the C++ of a layer multiplies its input by some constants."""
    from hls4ml.backends import get_backend

    source, constant = layer.get_input_variable().type.precision, layer.weights[name].type.precision
    return str(get_backend("vivado").product_type(source, constant))  # which hls4ml's templates ask, too


def powers_of_two(layer: Any, name: str) -> Constants:
    """Constants that are powers of two, out of the signs and exponents that the C++ reads.

    Raises:
        L1mlError: If one is 0, or they are too far from each other.
    """
    where = f"layer {layer.name!r}: {name}"
    if not np.all(layer.weights[name].data):
        raise L1mlError(f"{where} is 0 somewhere, which is no power of two; use quantized_bits for it")
    pairs = np.array([text.strip("{}").split(",") for text in layer.weights[name]], dtype=np.float64)
    signs = np.where(pairs[:, 0] == 1, 1, -1)
    bits = _exponent_bits(layer, name)
    exponents = FixedType(bits, bits).cast(pairs[:, 1].astype(np.int64), 0)
    least = int(exponents.min())
    if exponents.max() - least > SPAN:
        raise L1mlError(
            f"{where} has powers of two from 2^{least} to 2^{exponents.max()}; give its quantizer fewer bits"
        )
    return Constants((signs << (exponents - least)).reshape(layer.weights[name].data.shape), least)


def _exponent_bits(layer: Any, name: str) -> int:
    return int(layer.weights[name].type.precision.width)


def _by_powers(powers: Constants, x: FixedType, bits: int) -> Products:
    largest = max(float(np.abs(powers.real).max()), 1.0) * max(-x.minimum, x.maximum) * x.lsb
    kept = x.fraction - min(int(powers.lowest.min()), 0) <= bits and largest < 2.0 ** (bits - 1)
    none = Constants(np.zeros_like(powers.values), powers.exponent)
    return Products(powers, none, bits, bits=None if kept else bits)


def product(x: FVariable, factor: Fraction, bits: int | None) -> FVariable:
    """One product of an input and a constant; ``bits`` as those of ``Products``."""
    if bits is None:
        return times(x, factor)
    cut = _cut(times(_cut(x, bits), abs(factor)), bits)
    return cut if factor > 0 else _cut(-cut, bits)


def _cut(value: FVariable, bits: int) -> FVariable:
    """``ap_fixed<2 * bits, bits>`` of a value: lower bits are dropped, higher ones, too."""
    if is_constant(value):
        span, lsb = 2.0**bits, 2.0**-bits
        kept = np.floor(float(value.low) / lsb) * lsb
        return FVariable.from_const((kept + span / 2) % span - span / 2, hwconf=value.hwconf)
    floored = value if value.step >= 2.0**-bits else floor_to(value, bits)
    inside = floored.low >= -(2.0 ** (bits - 1)) and floored.high < 2.0 ** (bits - 1)
    return floored if inside else floored.quantize(1, bits - 1, bits)
