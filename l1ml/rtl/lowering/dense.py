"""Dense layers: matrix times vector with the accumulator of hls4ml, one result per clock.

hls4ml's ``nnet::dense_latency`` (``nnet_dense_latency.h``) casts every product to ``accum_t`` before
it is added to ``accum_t(bias)``, in the order of the inputs. Where ``accum_t`` loses nothing, the
order is irrelevant and the whole sum is one constant matrix-vector product; where it drops bits, the
loss is per product and is reproduced per product.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from alkaid.trace import FVariable, FVArray
from hls4ml.model.types import FixedPrecisionType, IntegerPrecisionType
from numpy.typing import NDArray

from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.rtl.cast import cast
from l1ml.rtl.lowering.registry import Tables, attribute_type, lowers, output_type

MAX_WEIGHT_BITS = 24
"""alkaid keeps constants in float32, whose mantissa has 24 bits."""


@lowers("Dense")
def dense(layer: Any, inputs: list[FVArray], tables: Tables) -> FVArray:
    """Lower ``Dense`` (and QKeras' ``QDense``): ``result_t(accum_t(bias) + sum accum_t(x_i w_ij))``."""
    weights = weight_integers(layer, "weight")
    bias_type = FixedType.from_hls4ml(layer.weights["bias"].type.precision)
    bias = bias_type.to_float(weight_integers(layer, "bias"))
    weight_type = FixedType.from_hls4ml(layer.weights["weight"].type.precision)
    accumulated = accumulate(inputs[0], weights, weight_type, bias, attribute_type(layer, "accum_t"))
    result = output_type(layer)
    return FVArray(np.array([cast(value, result) for value in accumulated]), inputs[0].solver_options)


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
    return fixed.quantize(np.asarray(variable.data, dtype=np.float64))


def accumulate(
    x: FVArray,
    weights: NDArray[np.int64],
    weight_type: FixedType,
    bias: NDArray[np.float64],
    accum: FixedType,
) -> list[FVariable]:
    """The sums of a dense layer in ``accum_t``.

    Args:
        x: Symbolic inputs, shape (n_in,).
        weights: Integers in LSB of ``weight_type``, shape (n_in, n_out).
        bias: Real biases, shape (n_out,).
        accum: Type of the accumulator.

    Returns:
        n_out symbolic values, each within ``accum``.
    """
    real = weight_type.to_float(weights)
    start = accum.to_float(accum.quantize(bias))
    if accum.saturation != "WRAP" and not _never_overflows(x, real, start, accum):
        return _accumulate_in_order(x, real, start, accum)
    if _products_are_exact(x, real, accum):
        rows, kernel = list(np.asarray(x)), real
    else:
        rows, kernel = _cast_products(x, real, accum)
    if not rows:
        sums: list[Any] = [FVariable.from_const(0.0, hwconf=x.hwconf)] * len(start)
    else:
        sums = list(np.asarray(FVArray(np.array(rows), x.solver_options, x.hwconf) @ kernel))
    wrap = FixedType(accum.width, accum.integer, accum.signed)
    return [cast(_variable(value, x) + float(offset), wrap) for value, offset in zip(sums, start, strict=True)]


def _variable(value: Any, like: FVArray) -> FVariable:
    return value if isinstance(value, FVariable) else FVariable.from_const(float(value), hwconf=like.hwconf)


def _lsb(value: float) -> float:
    """Worth of the lowest set bit of a real number."""
    numerator, denominator = abs(value).as_integer_ratio()
    return (numerator & -numerator) / denominator


def _products_are_exact(x: FVArray, real: NDArray[np.float64], accum: FixedType) -> bool:
    return all(
        variable.step * _lsb(weight) >= accum.lsb
        for variable, row in zip(np.asarray(x), real, strict=True)
        for weight in row[row != 0]
        if variable.low != variable.high or variable.low != 0
    )


def _never_overflows(x: FVArray, real: NDArray[np.float64], start: NDArray[np.float64], accum: FixedType) -> bool:
    """Whether no partial sum can leave the accumulator's range, whatever the order (one LSB lost per product)."""
    size = np.array([max(abs(v.low), abs(v.high)) for v in np.asarray(x)])
    bound = np.abs(start) + size @ np.abs(real) + accum.lsb * np.count_nonzero(real, axis=0)
    return bool(np.all(bound <= accum.maximum * accum.lsb)) and (accum.signed or bool(np.all(real >= 0)))


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
