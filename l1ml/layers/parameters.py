"""What the layers of hls4ml's graph carry: types and constants, as their C++ has them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.constants import Constants
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType

MAX_WEIGHT_BITS = 24
"""Most bits of constants that are given a type of their own."""


def input_type(layer: Any, name: str | None = None) -> FixedType:
    """Type of a layer's only input, or of the one of a name."""
    return FixedType.from_hls4ml(layer.get_input_variable(name).type.precision)


def output_type(layer: Any) -> FixedType:
    """Type of a layer's output."""
    return FixedType.from_hls4ml(layer.get_output_variable().type.precision)


def attribute_type(layer: Any, name: str) -> FixedType:
    """Type kept in a layer's attribute such as ``accum_t``."""
    return FixedType.from_hls4ml(layer.get_attr(name).precision)


def weight_type(layer: Any, name: str) -> FixedType:
    """Type of some of a layer's weights, other than factors (``l1ml.layers.products``).

    Raises:
        L1mlError: If they are powers of two.
    """
    from hls4ml.model.types import ExponentPrecisionType

    precision = layer.weights[name].type.precision
    if isinstance(precision, ExponentPrecisionType):
        raise L1mlError(
            f"layer {layer.name!r}: hls4ml has no C++ for a {name} of powers of two; quantize it by quantized_bits"
        )
    return FixedType.from_hls4ml(precision)


def constants(layer: Any, name: str) -> Constants:
    """Weights of a layer, or what else it keeps as such, in LSB of their type: as the C++ holds them.

    hls4ml writes weights as decimals with as many digits as the type has fractional bits, and it is this text that the
    C++ casts: for a weight that is not on the type's grid, the digits decide.

    Raises:
        L1mlError: If some are no numbers.
    """
    variable, fixed = layer.weights[name], weight_type(layer, name)
    written = np.array([float(text) for text in variable], dtype=np.float64)
    if not np.all(np.isfinite(written)):
        raise L1mlError(
            f"layer {layer.name!r}: {name} has values that are no numbers; if QKeras scales it by alpha='auto', hls4ml "
            "divides by 0 where all weights of a neuron are 0: give it alpha=1 or alpha='auto_po2'"
        )
    return Constants(fixed.quantize(written.reshape(variable.data.shape)), -fixed.fraction)


def narrow_number(layer: Any, name: str, kind: FixedType) -> float:
    """A number among a layer's attributes as the C++ holds it, by which alkaid multiplies, or that it adds.

    Raises:
        L1mlError: If that has more than ``MAX_WEIGHT_BITS``.
    """
    held = kind.quantize(float(layer.get_attr(name)))
    integer = int(held)
    bits = (abs(integer) // (integer & -integer or 1)).bit_length()
    if bits > MAX_WEIGHT_BITS:
        raise L1mlError(
            f"layer {layer.name!r}: {name} has {bits} bits in {kind}; at most {MAX_WEIGHT_BITS} are supported"
        )
    return float(kind.to_float(held))


def exact_type(values: NDArray[np.float64]) -> FixedType:
    """The narrowest type that holds some constants with every fractional bit that they have.

    Raises:
        L1mlError: If that is wider than ``MAX_WEIGHT_BITS``.
    """
    values = np.asarray(values, dtype=np.float64)
    signed = bool((values < 0).any())
    for fraction in range(MAX_WEIGHT_BITS + 1):
        integers = np.ldexp(values, fraction)
        if np.all(integers == np.rint(integers)):
            largest = int(max(integers.max(), -integers.min() - 1))
            width = max(largest.bit_length(), 1) + int(signed)
            if width <= MAX_WEIGHT_BITS:
                return FixedType(width, width - fraction, signed)
    raise L1mlError(
        f"constants need more than {MAX_WEIGHT_BITS} bits; round them to a power of two, or give the layer a precision "
        "for them, such as ufixed<9,8>"
    )
