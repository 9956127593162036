"""Dense layers: matrix times vector with the accumulator of hls4ml, one result per clock.

hls4ml's ``nnet::dense_latency`` (``nnet_dense_latency.h``) casts every product to ``accum_t`` before
it is added to ``accum_t(bias)``, in the order of the inputs. Where ``accum_t`` loses nothing, the
order is irrelevant and the whole sum is one constant matrix-vector product; where it drops bits, the
loss is per product and is reproduced per product.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from alkaid.trace import FVariable, FVArray
from hls4ml.model.types import FixedPrecisionType, IntegerPrecisionType, XnorPrecisionType
from numpy.typing import NDArray

from l1ml.compiler.programs.cast import cast, is_constant
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.layers.registry import Tables, attribute_type, lowers, output_type

MAX_WEIGHT_BITS = 24
"""alkaid keeps constants in float32, whose mantissa has 24 bits."""


@dataclass(frozen=True)
class DenseParameters:
    """The numbers of a dense layer as its C++ sees them.

    Attributes:
        weights: Real weights, shape (n_in, n_out).
        start: Real values from which the accumulators start, ``accum_t(bias)``, shape (n_out,).
        accum: Type of the accumulators.
    """

    weights: NDArray[np.float64]
    start: NDArray[np.float64]
    accum: FixedType

    @classmethod
    def of(cls, layer: Any) -> DenseParameters:
        """Read them from an hls4ml layer.

        Raises:
            L1mlError: If weights, biases or inputs are not plain fixed-point.
        """
        if isinstance(layer.get_input_variable().type.precision, XnorPrecisionType):
            raise L1mlError(f"layer {layer.name!r}: binary inputs have no Verilog lowering; use fixed-point inputs")
        real = {
            name: FixedType.from_hls4ml(layer.weights[name].type.precision).to_float(weight_integers(layer, name))
            for name in ("weight", "bias")
        }
        if _is_ternary(layer):
            real["weight"] = np.where(real["weight"] == -2, 1.0, real["weight"])
        if layer.get_attr("_weights_transposed"):  # as hls4ml's strategy Resource reads them
            real["weight"] = real["weight"].T
        accum = attribute_type(layer, "accum_t")
        return cls(real["weight"], accum.to_float(accum.quantize(real["bias"])), accum)


@lowers("Dense")
def dense(layer: Any, inputs: list[FVArray], tables: Tables) -> FVArray:
    """Lower ``Dense`` (and QKeras' ``QDense``): ``result_t(accum_t(bias) + sum accum_t(x_i w_ij))``."""
    result = output_type(layer)
    sums = accumulate(inputs[0], DenseParameters.of(layer))
    return FVArray(np.array([cast(value, result) for value in sums]), inputs[0].solver_options)


def _is_ternary(layer: Any) -> bool:
    """Whether hls4ml multiplies by ``nnet::product::weight_ternary``, which takes any weight but 0 and -1 for 1."""
    precision = layer.weights["weight"].type.precision
    return isinstance(precision, IntegerPrecisionType) and precision.width == 2 and bool(precision.signed)


def weight_integers(layer: Any, name: str) -> NDArray[np.int64]:
    """A layer's weights as integers in LSB of their type, as the C++ holds them.

    Raises:
        L1mlError: For weights that are not plain fixed-point or are wider than ``MAX_WEIGHT_BITS``.
    """
    variable = layer.weights[name]
    precision = variable.type.precision
    if not isinstance(precision, (FixedPrecisionType, IntegerPrecisionType)):
        raise L1mlError(
            f"layer {layer.name!r}: {name} of type {type(precision).__name__} has no Verilog lowering; "
            "use fixed-point weights"
        )
    fixed = FixedType.from_hls4ml(precision)
    if fixed.width > MAX_WEIGHT_BITS:
        raise L1mlError(f"layer {layer.name!r}: {name} has {fixed.width} bits; at most {MAX_WEIGHT_BITS} are supported")
    # hls4ml writes weights as decimals with as many digits as the type has fractional bits, and it is this text that
    # the C++ casts: for a weight that is not on the type's grid, the digits decide.
    written = np.array([float(text) for text in variable], dtype=np.float64)
    return fixed.quantize(written.reshape(variable.data.shape))


def accumulate(x: FVArray, parameters: DenseParameters) -> list[FVariable]:
    """The sums of a dense layer in ``accum_t``.

    Args:
        x: Symbolic inputs, shape (n_in,).
        parameters: Weights, start values and accumulator type.

    Returns:
        n_out symbolic values, each within ``accum_t``.
    """
    real, start, accum = parameters.weights, parameters.start, parameters.accum
    if accum.saturation != "WRAP" and not never_overflows(x, real, start, accum):
        return _accumulate_in_order(x, real, start, accum)
    if products_are_exact(x, real, accum):
        rows, kernel = list(np.asarray(x)), real
    else:
        rows, kernel = _cast_products(x, real, accum)
    known = np.array([float(v.low) if is_constant(v) else np.nan for v in rows])
    if not np.any(kernel[np.isnan(known)]):  # alkaid does not multiply nothing but constants by a matrix
        sums: list[Any] = list(np.nan_to_num(known) @ kernel)
    else:
        # alkaid addresses tables with groups of one-bit inputs, which must not be sign bits.
        signs = np.array([-1.0 if v.low < 0 and sum(v.kif) == 1 else 1.0 for v in rows])
        unsigned = np.array([v.msb() * v.step if sign < 0 else v for v, sign in zip(rows, signs, strict=True)])
        sums = list(np.asarray(FVArray(unsigned, x.solver_options, x.hwconf) @ (kernel * signs[:, None])))
    wrap = FixedType(accum.width, accum.integer, accum.signed)
    return [cast(_variable(value, x) + float(offset), wrap) for value, offset in zip(sums, start, strict=True)]


def _variable(value: Any, like: FVArray) -> FVariable:
    return value if isinstance(value, FVariable) else FVariable.from_const(float(value), hwconf=like.hwconf)


def lowest_bit(value: float) -> float:
    """Worth of the lowest set bit of a real number."""
    numerator, denominator = abs(value).as_integer_ratio()
    return (numerator & -numerator) / denominator


def products_are_exact(x: FVArray, real: NDArray[np.float64], accum: FixedType) -> bool:
    """Whether ``accum_t`` keeps every bit of every product."""
    return all(
        variable.step * lowest_bit(weight) >= accum.lsb
        for variable, row in zip(np.asarray(x), real, strict=True)
        for weight in row[row != 0]
        if variable.low != variable.high or variable.low != 0
    )


def never_overflows(x: FVArray, real: NDArray[np.float64], start: NDArray[np.float64], accum: FixedType) -> bool:
    """Whether no product and no partial sum can leave the accumulator's range, whatever the order and the rounding."""
    ends = np.array([(v.low, v.high) for v in np.asarray(x)]).T[:, :, None] * real
    low, high = np.floor(ends.min(axis=0) / accum.lsb), np.ceil(ends.max(axis=0) / accum.lsb)  # of each product
    first = start / accum.lsb
    least = np.minimum(first + np.minimum(low, 0).sum(axis=0), low.min(axis=0))
    most = np.maximum(first + np.maximum(high, 0).sum(axis=0), high.max(axis=0))
    return bool(np.all(least >= accum.lowest) and np.all(most <= accum.maximum))


def _accumulate_in_order(
    x: FVArray, real: NDArray[np.float64], start: NDArray[np.float64], accum: FixedType
) -> list[FVariable]:
    """Saturating accumulators depend on the order: add product after product, as the C++ loop does."""
    sums = [FVariable.from_const(float(value), hwconf=x.hwconf) for value in start]
    for variable, row in zip(np.asarray(x), real, strict=True):
        for j in np.flatnonzero(row):
            sums[j] = cast(sums[j] + cast(variable * float(row[j]), accum), accum)
    return sums


def _cast_products(
    x: FVArray, real: NDArray[np.float64], accum: FixedType
) -> tuple[list[FVariable], NDArray[np.float64]]:
    """Distinct products, each cast on its own, and the 0/1 matrix that sums them."""
    rows, columns = [], []
    for variable, row in zip(np.asarray(x), real, strict=True):
        for weight in np.unique(row[row != 0]):
            rows.append(cast(variable * float(weight), accum))
            columns.append(row == weight)
    return rows, np.array(columns, dtype=np.float64).reshape(len(rows), real.shape[1])
