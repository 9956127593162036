"""Dense layers: matrix times vector with the accumulator of hls4ml, one result per clock.

hls4ml's ``nnet::dense_latency`` (``nnet_dense_latency.h``) casts every product to ``accum_t`` before
it is added to ``accum_t(bias)``, in the order of the inputs. Where ``accum_t`` loses nothing, the
order is irrelevant and the whole sum is one constant matrix-vector product; where it drops bits, the
loss is per product and is reproduced per product.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from alkaid.trace import FVariable, FVArray
from hls4ml.model.types import IntegerPrecisionType, XnorPrecisionType
from numpy.typing import NDArray

from l1ml.compiler.programs.cast import cast
from l1ml.compiler.programs.exact import (
    add,
    add_constant,
    bounds,
    constant,
    is_constant,
    is_narrow,
    matrix_product,
    times,
)
from l1ml.compiler.programs.operations import product_by_parts
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
        n_out, transposed = bias.values.size, bool(layer.get_attr("_weights_transposed"))
        # The C++ reads them flat, whatever their shape; with hls4ml's strategy Resource, neuron by neuron.
        values = weight.values.reshape(n_out, -1).T if transposed else weight.values.reshape(-1, n_out)
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
    accum = parameters.accum
    start = parameters.start.fractions
    if accum.saturation != "WRAP" and not never_overflows(x, parameters):
        return _accumulate_in_order(x, parameters.weights, start, accum)
    if products_are_exact(x, parameters):
        rows, weights = list(np.asarray(x)), parameters.weights
    else:
        rows, weights = _cast_products(x, parameters.weights, accum)
    wrap = FixedType(accum.width, accum.integer, accum.signed)
    return [
        cast(add_constant(value, offset), wrap) for value, offset in zip(_sums(x, rows, weights), start, strict=True)
    ]


def _sums(x: FVArray, rows: list[FVariable], weights: Constants) -> list[FVariable]:
    """The product of a vector and a matrix."""
    if not is_narrow(rows, weights):
        return matrix_product(rows, weights)
    kernel = weights.real
    known = np.array([float(v.low) if is_constant(v) else np.nan for v in rows])
    if not np.any(kernel[np.isnan(known)]):  # alkaid does not multiply nothing but constants by a matrix
        sums: list[Any] = list(np.nan_to_num(known) @ kernel)
    else:
        # alkaid addresses tables with groups of one-bit inputs, which must not be sign bits.
        signs = np.array([-1.0 if v.low < 0 and sum(v.kif) == 1 else 1.0 for v in rows])
        unsigned = np.array([v.msb() * v.step if sign < 0 else v for v, sign in zip(rows, signs, strict=True)])
        factors = FVArray(unsigned, x.solver_options, x.hwconf)
        sums = list(np.asarray(product_by_parts(factors, kernel * signs[:, None])))
    return [_variable(value, x) for value in sums]


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
    weights, accum, values = parameters.weights, parameters.accum, np.asarray(x)
    step = min(float(variable.step) for variable in values)
    ends = np.array([bounds(variable, step) for variable in values], dtype=object).T[:, :, None] * weights.values
    places = weights.exponent + round(np.log2(step)) + accum.fraction
    low, high = ends.min(axis=0), ends.max(axis=0)  # of each product
    low, high = (low * 2**places, high * 2**places) if places >= 0 else (low >> -places, -(-high >> -places))
    first = parameters.start.values
    least = np.minimum(first + np.minimum(low, 0).sum(axis=0), low.min(axis=0))
    most = np.maximum(first + np.maximum(high, 0).sum(axis=0), high.max(axis=0))
    return bool(np.all(least >= accum.lowest) and np.all(most <= accum.maximum))


def _accumulate_in_order(x: FVArray, weights: Constants, start: list[Fraction], accum: FixedType) -> list[FVariable]:
    """Saturating accumulators depend on the order: add product after product, as the C++ loop does."""
    unit = Fraction(2) ** weights.exponent
    sums = [constant(value, x.hwconf) for value in start]
    for variable, row in zip(np.asarray(x), weights.values, strict=True):
        for j in np.flatnonzero(row):
            sums[j] = cast(add(sums[j], cast(times(variable, int(row[j]) * unit), accum)), accum)
    return sums


def _cast_products(x: FVArray, weights: Constants, accum: FixedType) -> tuple[list[FVariable], Constants]:
    """Distinct products, each cast on its own, and the 0/1 matrix that sums them."""
    rows, columns, unit = [], [], Fraction(2) ** weights.exponent
    for variable, row in zip(np.asarray(x), weights.values, strict=True):
        for weight in np.unique(row[row != 0]):
            rows.append(cast(times(variable, int(weight) * unit), accum))
            columns.append(row == weight)
    matrix = np.array(columns, dtype=np.int64).reshape(len(rows), weights.values.shape[1])
    return rows, Constants(matrix, 0)
