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
from hls4ml.model.types import IntegerPrecisionType, XnorPrecisionType
from numpy.typing import NDArray

from l1ml.compiler.programs.cast import cast, is_constant
from l1ml.errors import L1mlError
from l1ml.fixed import Constants, FixedType
from l1ml.layers.family import Sums
from l1ml.layers.parameters import attribute_type, narrow_constants, output_type
from l1ml.reference.tables import Tables

MOST_WEIGHTS = 1 << 24
"""Inputs times outputs of the largest layer that is made of several: 128 MiB."""


class DenseParameters(Sums):
    """The numbers of a dense layer as its C++ sees them; the sums start from ``accum_t(bias)``."""

    @classmethod
    def of(cls, layer: Any) -> DenseParameters:
        """Read them from an hls4ml layer.

        Raises:
            L1mlError: If weights, biases or inputs are not plain fixed-point.
        """
        weight, bias, accum = weights_of(layer), narrow_constants(layer, "bias"), attribute_type(layer, "accum_t")
        values, n_out = weight.values, bias.values.size
        if layer.get_attr("_weights_transposed"):  # as hls4ml's strategy Resource reads them
            values = values.reshape(n_out, -1).T
        values = values.reshape(-1, n_out)  # a convolution's have more axes
        start = Constants(accum.cast(bias.values, -bias.exponent), -accum.fraction)
        return cls(Constants(values, weight.exponent), start, accum)


def lower(layer: Any, inputs: list[FVArray], tables: Tables) -> FVArray:
    """Lower ``Dense`` (and QKeras' ``QDense``): ``result_t(accum_t(bias) + sum accum_t(x_i w_ij))``."""
    result = output_type(layer)
    sums = accumulate(inputs[0], DenseParameters.of(layer))
    return FVArray(np.array([cast(value, result) for value in sums]), inputs[0].solver_options)


def sums_of(layer: Any) -> Sums:
    """The sums of a dense layer."""
    return DenseParameters.of(layer)


def weights_of(layer: Any) -> Constants:
    """What a layer multiplies its inputs by, in the shape that its weights have.

    Raises:
        L1mlError: If weights or inputs are not plain fixed-point.
    """
    if isinstance(layer.get_input_variable().type.precision, XnorPrecisionType):
        raise L1mlError(f"layer {layer.name!r}: binary inputs have no Verilog lowering; use fixed-point inputs")
    weight = narrow_constants(layer, "weight")
    return Constants(np.where(weight.values == -2, 1, weight.values), weight.exponent) if _is_ternary(layer) else weight


def side_by_side(layer: Any, parts: list[tuple[NDArray[np.int64], Sums]], n_in: int) -> Sums:
    """Dense layers on some of the inputs each, as one whose weights are zero elsewhere.

    Args:
        layer: The layer of which they are made.
        parts: For each of them the index of its inputs, and its sums; all with one exponent and accumulator.
        n_in: Number of inputs.

    Raises:
        L1mlError: If that is too large a matrix.
    """
    (_, first), *_ = parts
    ends = np.cumsum([0, *(sums.start.values.size for _, sums in parts)])
    if n_in * ends[-1] > MOST_WEIGHTS:
        raise L1mlError(
            f"layer {layer.name!r}: its {len(parts)} positions are too many for a reuse factor above 1, with {n_in} "
            f"inputs and {ends[-1]} outputs in all; use reuse factor 1"
        )
    weights = np.zeros((n_in, int(ends[-1])), dtype=np.int64)
    for (place, sums), low, high in zip(parts, ends, ends[1:], strict=False):
        weights[place, low:high] = sums.weights.values
    start = np.concatenate([sums.start.values for _, sums in parts])
    return Sums(Constants(weights, first.weights.exponent), Constants(start, first.start.exponent), first.accum)


def _is_ternary(layer: Any) -> bool:
    """Whether hls4ml multiplies by ``nnet::product::weight_ternary``, which takes any weight but 0 and -1 for 1."""
    precision = layer.weights["weight"].type.precision
    return isinstance(precision, IntegerPrecisionType) and precision.width == 2 and bool(precision.signed)


def accumulate(x: FVArray, parameters: Sums) -> list[FVariable]:
    """The sums of a dense layer in ``accum_t``.

    Args:
        x: Symbolic inputs, shape (n_in,).
        parameters: Weights, start values and accumulator type.

    Returns:
        n_out symbolic values, each within ``accum_t``.
    """
    real, start, accum = parameters.weights.real, parameters.start.real, parameters.accum
    if accum.saturation != "WRAP" and not never_overflows(x, parameters):
        return _accumulate_in_order(x, real, start, accum)
    if products_are_exact(x, parameters):
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


def products_are_exact(x: FVArray, parameters: Sums) -> bool:
    """Whether ``accum_t`` keeps every bit of every product."""
    counts = [variable.low != variable.high or variable.low != 0 for variable in np.asarray(x)]
    steps = np.array([variable.step for variable in np.asarray(x)])[counts]
    products = np.ldexp(steps[:, None], parameters.weights.lowest[counts])
    return bool(np.all(products >= parameters.accum.lsb))


def never_overflows(x: FVArray, parameters: Sums) -> bool:
    """Whether no product and no partial sum can leave the accumulator's range, whatever the order and the rounding."""
    real, accum = parameters.weights.real, parameters.accum
    ends = np.array([(v.low, v.high) for v in np.asarray(x)]).T[:, :, None] * real
    low, high = np.floor(ends.min(axis=0) / accum.lsb), np.ceil(ends.max(axis=0) / accum.lsb)  # of each product
    first = parameters.start.values
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
