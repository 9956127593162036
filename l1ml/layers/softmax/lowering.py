"""Softmax in hls4ml's implementations ``stable``, ``latency``, ``argmax`` and ``legacy`` (``nnet_activation.h``)."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np
from alkaid.trace import FVariable, FVArray
from numpy.typing import NDArray

from l1ml.compiler.programs.cast import cast
from l1ml.compiler.programs.exact import is_constant, is_wide, larger, subtract
from l1ml.compiler.programs.operations import look_up, tree_sum
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.layers.indexing import TableIndex
from l1ml.layers.parameters import input_type, output_type
from l1ml.reference.tables import LayerTables, Tables


def lower(layer: Any, inputs: list[FVArray], tables: Tables) -> FVArray:
    """Lower ``Softmax`` over the last axis, or over ``n_slice`` of ``n_outer`` × ``n_slice`` × ``n_inner``."""
    implementation = layer.get_attr("implementation", "stable")
    slices = {"stable": _stable, "latency": _latency, "argmax": _argmax, "legacy": _legacy}
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
    maximum = _tree(values, larger)
    return _normalise(layer, [cast(subtract(maximum, v), tables.types["address"]) for v in values], tables)


def _latency(layer: Any, values: list[FVariable], tables: LayerTables) -> list[FVariable]:
    return _normalise(layer, values, tables)


def _argmax(layer: Any, values: list[FVariable], tables: LayerTables) -> list[FVariable]:
    """One for the first largest value, zero elsewhere."""
    one = float(output_type(layer).to_float(output_type(layer).quantize(1.0)))
    results = []
    for i, value in enumerate(values):
        wins = [_reaches(value, other, also_equal=j > i) for j, other in enumerate(values) if j != i]
        results.append(reduce(lambda a, b: a & b, wins) * one if wins else FVariable.from_const(one, value.hwconf))
    return results


def _reaches(value: FVariable, other: FVariable, *, also_equal: bool) -> FVariable:
    """One bit: a value is larger than another one, or equal."""
    if is_wide(subtract(value, other)):
        return ~subtract(value, other).is_negative() if also_equal else subtract(other, value).is_negative()
    return value >= other if also_equal else value > other


def _legacy(layer: Any, values: list[FVariable], tables: LayerTables) -> list[FVariable]:
    """One over the sum of the exponentials of all differences."""
    exp, inv, kept = tables.values["exp"], tables.values["inv"], tables.types["table"]
    fraction, one = input_type(layer).fraction, FVariable.from_const(1.0, hwconf=values[0].hwconf)
    exponential, inverse = TableIndex.centred(len(exp), 16), TableIndex(len(inv), 64)
    results = []
    for i, value in enumerate(values):
        others = [exponential.read(subtract(other, value), fraction, exp) for j, other in enumerate(values) if j != i]
        # The type of the sums wraps around in all of hls4ml's C++, so that their order does not matter.
        results.append(inverse.read(cast(tree_sum([one, *others]), kept), kept.fraction, inv))
    return results


def _normalise(layer: Any, exponents: list[FVariable], tables: LayerTables) -> list[FVariable]:
    for size in map(len, tables.values.values()):
        if size & (size - 1):
            raise L1mlError(
                f"layer {layer.name!r}: a table of {size} entries, beyond which hls4ml's C++ reads; set TableSize to a "
                "power of two"
            )
    address, accum, inverse_input = (tables.types[name] for name in ("address", "accum", "inv_inp"))
    exps = [cast(_read_by_top_bits(e, address, tables.values["exp"]), accum) for e in exponents]
    total = cast(_tree(exps, lambda a, b: cast(a + b, accum)), inverse_input)
    inverse = _read_by_top_bits(total, inverse_input, tables.values["inv"])
    return [cast(e * inverse, output_type(layer)) for e in exps]


def _read_by_top_bits(value: FVariable, source: FixedType, table: NDArray[np.float64]) -> FVariable:
    """Entry of a table that is addressed with the top bits of a value's two's complement, as hls4ml does.

    Args:
        value: Within ``source``.
        source: Its type, of which the top ``log2(len(table))`` bits are the address.
        table: Real words; as many as a power of two.
    """
    shift = source.width - (len(table) - 1).bit_length()
    signed, fraction = int(source.signed), source.fraction - shift
    top = value.quantize(signed, source.integer - signed, fraction) if shift > 0 else value
    first, last = round(top.low * 2.0**fraction), round(top.high * 2.0**fraction)
    stride = 1 if is_constant(top) else round(top.step * 2.0**fraction)
    return look_up(top, table[np.arange(first, last + 1, stride) % len(table)])


def _tree(values: list[FVariable], combine: Any) -> FVariable:
    """``nnet::reduce``: a balanced tree whose left part is the largest power of two below the size."""
    if len(values) == 1:
        return values[0]
    left = 1 << ((len(values) - 1).bit_length() - 1)
    return combine(_tree(values[:left], combine), _tree(values[left:], combine))
