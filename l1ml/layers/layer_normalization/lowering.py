"""Layer normalization as hls4ml computes it (``layernorm_1d`` of ``nnet_layernorm.h``), for each row of n elements.

With a for ``accum_t``, to which all is cast that is written in its parentheses:

- the mean is ``a(s k)``, where s is the sum of the elements, each cast to a and added in order, and k is ``a(1 / n)``;
- differences are ``a(a(x) - mean)``, their squares are cast to a and added in order, and ``a`` of this sum times k is
  the variance v;
- the table has one over a square root at ``v size 2^range``, cut off to an integer that is an index of it;
- the result is ``result_t(difference entry scale + bias)``, exact up to there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from alkaid.trace import FVariable, FVArray
from hls4ml.model.types import FixedPrecisionType, IntegerPrecisionType
from numpy.typing import NDArray

from l1ml.compiler.programs.cast import cast, floor_to
from l1ml.compiler.programs.operations import multiply, read, square, sum_within
from l1ml.constants import Constants
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.layers.parameters import attribute_type, constants, output_type, weight_type
from l1ml.reference.tables import Tables

INT_BITS = 31
"""Bits of the index in the C++, an ``int``."""


def lower(layer: Any, inputs: list[FVArray], tables: Tables) -> FVArray:
    """Lower ``LayerNormalization``.

    Raises:
        L1mlError: If the table is too large, or its index may overflow in C++.
    """
    _check(layer)
    scale, bias = (constants(layer, name).real.ravel() for name in ("scale", "bias"))
    table, target = tables(layer).values["inverse_root"], output_type(layer)
    results = []
    for row in np.split(np.asarray(inputs[0]), int(layer.get_attr("seq_len"))):
        differences, variance = _moments(list(row), attribute_type(layer, "accum_t"))
        factor = _entry(layer, variance, table)
        for value, slope, offset in zip(differences, scale, bias, strict=True):
            results.append(cast(_product(value, factor, table) * float(slope) + float(offset), target))
    return FVArray(np.array(results), inputs[0].solver_options, inputs[0].hwconf)


def _check(layer: Any) -> None:
    """See that the C++ multiplies mean and variance by 1/n, which it does by the types of input and scale."""
    kind, source = layer.weights["scale"].type.precision, layer.get_input_variable().type.precision
    plain = all(isinstance(t, FixedPrecisionType | IntegerPrecisionType) for t in (kind, source))
    if not plain or (isinstance(kind, IntegerPrecisionType) and kind.width <= 2):
        raise L1mlError(f"layer {layer.name!r}: give its scale and its input types of more than two bits")
    accum, result, table = attribute_type(layer, "accum_t"), output_type(layer), attribute_type(layer, "table_t")
    top = accum.integer + table.integer + weight_type(layer, "scale").integer
    if accum.is_int or (result.is_int and top < 1):
        raise L1mlError(f"layer {layer.name!r}: give its accum and its result precision fixed<...> types")


def _moments(row: list[FVariable], accum: FixedType) -> tuple[list[FVariable], FVariable]:
    """Differences to the mean, and the variance."""
    share = float(accum.to_float(accum.quantize(1.0 / len(row))))
    values = [cast(value, accum) for value in row]
    mean = cast(sum_within(values, accum) * share, accum)
    differences = [cast(value - mean, accum) for value in values]
    squares = [cast(square(value), accum) for value in differences]
    return differences, cast(sum_within(squares, accum) * share, accum)


def _entry(layer: Any, variance: FVariable, table: NDArray[np.float64]) -> FVariable:
    """The table's entry for a variance, in LSB of the table's finest entry."""
    place = variance * (float(len(table)) * 2.0 ** int(layer.get_attr("table_range_power2")))
    if max(-place.low, place.high) >= 1 << INT_BITS:
        raise L1mlError(
            f"layer {layer.name!r}: the index of its table may be up to {place.high:.0f}, which overflows in C++; give "
            "its accum precision fewer integer bits"
        )
    # Below 0 the C++ cuts off toward 0; both ways that is entry 0.
    index = floor_to(place, 0).relu().min_of(float(len(table) - 1))
    return read(np.ldexp(table, -_exponent(table)), index)


def _exponent(table: NDArray[np.float64]) -> int:
    """Of the table's finest entry."""
    return int(Constants.of(table).lowest.min())


def _product(value: FVariable, factor: FVariable, table: NDArray[np.float64]) -> FVariable:
    """A difference times the table's entry."""
    exponent = _exponent(table)
    bits = int(np.ldexp(table.max(), -exponent)).bit_length()
    product = multiply(value, factor, bits) if table.min() >= 0 else value * factor
    return product * 2.0**exponent
