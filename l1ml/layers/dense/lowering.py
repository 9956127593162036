"""Dense layers: matrix times vector with the accumulator of hls4ml, one result per clock.

hls4ml's ``nnet::dense_latency`` (``nnet_dense_latency.h``) casts every product to ``accum_t`` before
it is added to ``accum_t(bias)``, in the order of the inputs. Where ``accum_t`` loses nothing, the
order is irrelevant and the whole sum is one constant matrix-vector product; where it drops bits, the
loss is per product and is reproduced per product. What a product is, depends on the types
(``l1ml.layers.products``): between bits, it is XNOR, and then the sum counts them.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from alkaid.trace import FVariable, FVArray
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
from l1ml.constants import Constants
from l1ml.errors import L1mlError
from l1ml.fixed import BIT, INT, FixedType
from l1ml.layers.family import Sums
from l1ml.layers.parameters import attribute_type, constants, input_type, output_type, weight_type
from l1ml.layers.products import Products, product, product_kind
from l1ml.reference.tables import Tables

MOST_WEIGHTS = 1 << 24
"""Inputs times outputs of the largest layer that is made of several: 128 MiB."""


class DenseParameters(Sums):
    """The numbers of a dense layer as its C++ sees them; the sums start from ``accum_t(bias)``."""

    @classmethod
    def of(cls, layer: Any) -> DenseParameters:
        """Read them from an hls4ml layer.

        Raises:
            L1mlError: If weights or biases are of a type that has no Verilog.
        """
        products, accum = Products.of(layer, "weight"), attribute_type(layer, "accum_t")
        bias = constants(layer, "bias")
        n_out, transposed = bias.values.size, bool(layer.get_attr("_weights_transposed"))

        def matrix(given: Constants) -> Constants:
            # The C++ reads them flat, whatever their shape; with hls4ml's strategy Resource, neuron by neuron.
            flat = given.values
            return replace(given, values=flat.reshape(n_out, -1).T if transposed else flat.reshape(-1, n_out))

        factors, offsets = matrix(products.factors), matrix(products.offsets)
        start = Constants(accum.cast(bias.values, -bias.exponent), -accum.fraction)
        sums = cls(factors, start, accum, bits=products.bits)
        return _of_bits(replace(sums, offsets=offsets)) if np.any(offsets.values) else sums


def _of_bits(sums: DenseParameters) -> DenseParameters:
    """Sums over bits: a product is one of two constants, which are cast beforehand unless the order counts."""
    offsets, accum = sums.offsets, sums.accum
    assert offsets is not None
    no, yes = (accum.cast(v, -offsets.exponent) for v in (offsets.values, offsets.values + sums.weights.values))
    least = sums.start.values + np.minimum(np.minimum(no, yes), 0).sum(axis=0)
    most = sums.start.values + np.maximum(np.maximum(no, yes), 0).sum(axis=0)
    if accum.saturation != "WRAP" and (np.any(least < accum.lowest) or np.any(most > accum.maximum)):
        return sums
    weights, start = (Constants(v, -accum.fraction) for v in (yes - no, sums.start.values + no.sum(axis=0)))
    return DenseParameters(weights, start, FixedType(accum.width, accum.integer, accum.signed))


def lower(layer: Any, inputs: list[FVArray], tables: Tables) -> FVArray:
    """Lower ``Dense`` (and QKeras' ``QDense``): ``result_t(accum_t(bias) + sum accum_t(x_i w_ij))``."""
    sums = accumulate(inputs[0], DenseParameters.of(layer))
    return FVArray(np.array([finish(layer, value) for value in sums]), inputs[0].solver_options)


def sums_of(layer: Any) -> Sums:
    """The sums of a dense layer."""
    return DenseParameters.of(layer)


def weights_of(layer: Any) -> Constants:
    """What a layer multiplies its inputs by, in the shape that its weights have.

    Raises:
        L1mlError: If a product is more than that.
    """
    products = Products.of(layer, "weight")
    if products.bits is not None or np.any(products.offsets.values):
        raise L1mlError(
            f"layer {layer.name!r}: inputs of bits, and powers of two that lose bits of an input, are supported in "
            "Dense layers; give this one a fixed type"
        )
    return products.factors


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

    def blocks(matrices: list[Constants]) -> Constants:
        whole = np.zeros((n_in, int(ends[-1])), dtype=matrices[0].values.dtype)
        for (place, _), matrix, low, high in zip(parts, matrices, ends, ends[1:], strict=False):
            whole[place, low:high] = matrix.values
        return Constants(whole, matrices[0].exponent)

    start = Constants(np.concatenate([sums.start.values for _, sums in parts]), first.start.exponent)
    offsets = [sums.offsets for _, sums in parts if sums.offsets is not None]
    assert len(offsets) in (0, len(parts)), f"some parts of {layer.name} have offsets, others none"
    weights = blocks([sums.weights for _, sums in parts])
    return Sums(weights, start, first.accum, blocks(offsets) if offsets else None, first.bits)


def counts_bits(layer: Any) -> bool:
    """Whether inputs and weights are bits by type: the C++ doubles their sum and subtracts how many there are."""
    powers = product_kind(layer, "weight") == "weight_exponential"
    return input_type(layer) == BIT and not powers and weight_type(layer, "weight") == BIT


def finish(layer: Any, total: FVariable) -> FVariable:
    """What a dense layer gives for a sum in ``accum_t`` (``nnet::cast`` of ``nnet_mult.h``)."""
    if counts_bits(layer):
        n_in = int(layer.get_attr("n_in") or layer.get_attr("n_chan"))
        width = max((n_in - 1).bit_length(), 1) + 2
        total = cast(add_constant(total * 2.0, Fraction(-n_in)), FixedType(width, width, True, INT))
    return cast(total, output_type(layer))


def accumulate(x: FVArray, parameters: Sums) -> list[FVariable]:
    """The sums of a dense layer in ``accum_t``.

    Args:
        x: Symbolic inputs, shape (n_in,).
        parameters: Weights, start values and accumulator type.

    Returns:
        n_out symbolic values, each within ``accum_t``.
    """
    if not parameters.linear:
        x, parameters = _separate(x, parameters)
    accum, start = parameters.accum, parameters.start.fractions
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
        # alkaid addresses tables with groups of one-bit inputs, which must not be sign bits (constants have none).
        signs = np.array([-1.0 if v.low < 0 == v.high and sum(v.kif) == 1 else 1.0 for v in rows])
        unsigned = np.array([v.msb() * v.step if sign < 0 else v for v, sign in zip(rows, signs, strict=True)])
        factors = FVArray(unsigned, x.solver_options, x.hwconf)
        sums = list(np.asarray(product_by_parts(factors, kernel * signs[:, None])))
    return [_variable(value, x) for value in sums]


def _separate(x: FVArray, parameters: Sums) -> tuple[FVArray, Sums]:
    """Products that are more than an input times a weight, as inputs with weights of their own; in the same order."""
    weights, bits = parameters.weights.real, parameters.bits
    offsets = np.zeros_like(weights) if parameters.offsets is None else parameters.offsets.real
    values, columns = [], []
    for variable, row, added in zip(np.asarray(x), weights, offsets, strict=True):
        for factor, offset in sorted({*zip(np.abs(row).tolist(), added.tolist(), strict=True)} - {(0.0, 0.0)}):
            chosen = (np.abs(row) == factor) & (added == offset)
            positive, negative = (product(variable, sign * Fraction(factor), bits) + offset for sign in (1, -1))
            if not offset and negative.high == -positive.low:
                values.append(positive)
                columns.append(chosen * np.sign(row))
                continue
            values += [positive, negative]
            columns += [chosen & (row >= 0), chosen & (row < 0)]
    kernel = Constants.of(np.array(columns, dtype=np.float64).reshape(len(values), weights.shape[1]))
    return FVArray(np.array(values), x.solver_options, x.hwconf), Sums(kernel, parameters.start, parameters.accum)


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
