"""Softmax in hls4ml's implementations ``stable``, ``latency`` and ``argmax`` (``nnet_activation.h``)."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np
from alkaid.trace import FVariable, FVArray
from numpy.typing import NDArray

from l1ml.compiler.programs.cast import cast
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.layers.parameters import output_type
from l1ml.reference.tables import LayerTables, Tables


def lower(layer: Any, inputs: list[FVArray], tables: Tables) -> FVArray:
    """Lower ``Softmax`` over the last axis, or over ``n_slice`` of ``n_outer`` × ``n_slice`` × ``n_inner``."""
    implementation = layer.get_attr("implementation", "stable")
    slices = {"stable": _stable, "latency": _latency, "argmax": _argmax}
    if implementation not in slices:
        raise L1mlError(
            f"layer {layer.name!r}: softmax implementation {implementation!r} has no Verilog lowering; "
            f"set Implementation to one of {', '.join(slices)}"
        )
    found = LayerTables() if implementation == "argmax" else tables(layer)
    values = np.asarray(inputs[0])
    inner, outer = int(layer.get_attr("n_inner", 1)), int(layer.get_attr("n_outer", 1))
    cube = values.reshape(outer, -1, inner)
    result = np.empty_like(cube)
    for i in range(outer):
        for k in range(inner):
            result[i, :, k] = slices[implementation](layer, list(cube[i, :, k]), found)
    return FVArray(result.ravel(), inputs[0].solver_options, inputs[0].hwconf)


def _stable(layer: Any, values: list[FVariable], tables: LayerTables) -> list[FVariable]:
    maximum = _tree(values, lambda a, b: a.max_of(b))
    return _normalise(layer, [cast(maximum - v, tables.types["address"]) for v in values], tables)


def _latency(layer: Any, values: list[FVariable], tables: LayerTables) -> list[FVariable]:
    return _normalise(layer, values, tables)


def _argmax(layer: Any, values: list[FVariable], tables: LayerTables) -> list[FVariable]:
    """One for the first largest value, zero elsewhere."""
    one = float(output_type(layer).to_float(output_type(layer).quantize(1.0)))
    results = []
    for i, value in enumerate(values):
        wins = [value >= other if j > i else value > other for j, other in enumerate(values) if j != i]
        results.append(reduce(lambda a, b: a & b, wins) * one if wins else FVariable.from_const(one, value.hwconf))
    return results


def _normalise(layer: Any, exponents: list[FVariable], tables: LayerTables) -> list[FVariable]:
    address, accum, inverse_input = (tables.types[name] for name in ("address", "accum", "inv_inp"))
    exps = [cast(_top_bits_lookup(e, address, tables.values["exp"]), accum) for e in exponents]
    total = cast(_tree(exps, lambda a, b: cast(a + b, accum)), inverse_input)
    inverse = _top_bits_lookup(total, inverse_input, tables.values["inv"])
    return [cast(e * inverse, output_type(layer)) for e in exps]


def _top_bits_lookup(value: FVariable, source: FixedType, table: NDArray[np.float64]) -> FVariable:
    """hls4ml addresses its tables with the top bits of a value's two's complement pattern."""
    shift = source.width - int(np.log2(len(table)))
    signed, fraction = int(source.signed), source.fraction - shift
    top = value.quantize(signed, source.integer - signed, fraction) if shift > 0 else value
    if top.low == top.high:
        return FVariable.from_const(float(table[int(top.low * 2.0**fraction) % len(table)]), hwconf=value.hwconf)
    first, last = round(top.low * 2.0**fraction), round(top.high * 2.0**fraction)
    stride = round(top.step * 2.0**fraction)
    return top.lookup(table[np.arange(first, last + 1, stride) % len(table)])


def _tree(values: list[FVariable], combine: Any) -> FVariable:
    """``nnet::reduce``: a balanced tree whose left part is the largest power of two below the size."""
    if len(values) == 1:
        return values[0]
    left = 1 << ((len(values) - 1).bit_length() - 1)
    return combine(_tree(values[:left], combine), _tree(values[left:], combine))
