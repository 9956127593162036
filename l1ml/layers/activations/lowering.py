"""Element-wise activations: the ReLU family as logic, everything else as a small exact table of all inputs.

Where there are too many of those, it is lowered operation by operation as the C++ has it."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from alkaid.trace import FVariable, FVArray

from l1ml.compiler.programs.cast import cast, is_constant, relu_cast
from l1ml.compiler.programs.exact import add_constant, constant, if_negative, is_wide, negative, smaller, times
from l1ml.compiler.programs.operations import reaches
from l1ml.errors import L1mlError
from l1ml.fixed import BIT, FixedType
from l1ml.layers.activations.computing import computed
from l1ml.layers.activations.shortening import shortened
from l1ml.layers.activations.tables import TABLE_ACTIVATIONS, asked, uses_table
from l1ml.layers.cpp import compares_wrongly
from l1ml.layers.parameters import attribute_type, constants, input_type, output_type
from l1ml.reference.tables import LayerTables, Tables

LOGIC_ACTIVATIONS = frozenset(
    {"linear", "relu", "relu1", "relu6", "leaky_relu", "thresholded_relu", "binary_tanh", "ternary_tanh"}
)
"""hls4ml activation functions that are lowered as logic."""


def _map(values: FVArray, function: Callable[[FVariable], FVariable]) -> FVArray:
    return FVArray(np.array([function(v) for v in np.asarray(values)]), values.solver_options, values.hwconf)


def _clipped_relu(value: FVariable, limit: float, target: FixedType) -> FVariable:
    if value.high <= limit:
        return relu_cast(value, target)
    return cast(smaller(value.relu(), constant(Fraction(limit), value.hwconf)), target)


def lower(layer: Any, inputs: list[FVArray], tables: Tables) -> FVArray:
    """Lower an element-wise activation (``nnet_activation.h``).

    Raises:
        L1mlError: If it is not known, or hls4ml writes no C++ for it.
    """
    if layer.class_name == "TernaryTanh":  # all but these have become a batch normalisation with thresholds
        raise L1mlError(
            f"layer {layer.name!r}: hls4ml writes no C++ for ternary values with a threshold of exactly 0.5; "
            "give QKeras' ternary another threshold, such as 0.499, or a batch normalisation before it"
        )
    name, target = layer.get_attr("activation").lower(), output_type(layer)
    if name == "linear":
        return _map(inputs[0], lambda v: cast(v, target))
    if name == "relu":
        return _map(inputs[0], lambda v: relu_cast(v, target))
    if name in ("relu1", "relu6"):
        return _map(inputs[0], lambda v: _clipped_relu(v, float(name.removeprefix("relu")), target))
    if name in ("leaky_relu", "leakyrelu"):
        slope = _parameter(layer)
        return _map(inputs[0], lambda v: _leaky_relu(v, slope, target))
    if name in ("thresholded_relu", "thresholdedrelu"):
        return _map(inputs[0], lambda v: cast(_thresholded(v, layer), target))
    if name in ("binary_tanh", "ternary_tanh"):
        sign = _binary_tanh if name == "binary_tanh" else _ternary_tanh
        return _map(inputs[0], lambda v: sign(v, input_type(layer), target))
    if "param" in layer.weights:
        return _prelu(layer, inputs[0], target)
    if uses_table(layer):
        found = tables(layer) if asked(layer) else LayerTables()
        return _map(inputs[0], lambda v: _tabled(v, layer, found))
    known = sorted(TABLE_ACTIVATIONS | LOGIC_ACTIVATIONS)
    raise L1mlError(f"layer {layer.name!r}: activation {name!r} has no Verilog lowering; supported: {', '.join(known)}")


def _tabled(value: FVariable, layer: Any, tables: LayerTables) -> FVariable:
    """A function as a table of all inputs, or computed if that would be too large."""
    outputs = tables.values.get("activation")
    table = None if outputs is None else shortened(value, input_type(layer), outputs)
    return computed(value, layer, tables) if table is None else table


def _prelu(layer: Any, values: FVArray, target: FixedType) -> FVArray:
    """``PReLU``: one slope per element."""
    slopes, elements = constants(layer, "param").fractions, np.asarray(values)
    if len(slopes) != len(elements):
        raise L1mlError(
            f"layer {layer.name!r}: hls4ml's C++ reads a slope for each of {len(elements)} elements, and there are "
            f"{len(slopes)}; give it as many"
        )
    results = [_leaky_relu(v, s, target) for v, s in zip(elements, slopes, strict=True)]
    return FVArray(np.array(results), values.solver_options, values.hwconf)


def _parameter(layer: Any) -> Fraction:
    """The parameter of a parametrised activation as the C++ sees it, cast to ``param_t``."""
    param = attribute_type(layer, "param_t")
    return int(param.quantize(float(layer.get_attr("activ_param")))) * Fraction(2) ** -param.fraction


def _thresholded(value: FVariable, layer: Any) -> FVariable:
    """The value where the C++ takes it to be above the threshold, 0 elsewhere."""
    threshold = _parameter(layer)
    difference = add_constant(negative(value), threshold)
    above = difference.is_negative() if is_wide(value) or is_wide(difference) else value > float(threshold)
    kept = above.msb_mux(value, 0.0)
    return if_negative(value, value, kept) if compares_wrongly(layer) else kept


def _leaky_relu(value: FVariable, slope: Fraction, target: FixedType) -> FVariable:
    above, below = cast(value, target), cast(times(value, slope), target)
    if value.low >= 0:
        return above
    if value.high <= 0:
        return below
    return value.msb_mux(below, above)


def _binary_tanh(value: FVariable, source: FixedType, target: FixedType) -> FVariable:
    """1 from 0 on, else -1; 0 in a type of one bit."""
    low, high = (0.0, 1.0) if target == BIT else _ones(target)
    return reaches(value, 0.0) * (high - low) + low


def _ternary_tanh(value: FVariable, source: FixedType, target: FixedType) -> FVariable:
    """-1, 0 or 1, by twice the input in the input's own type."""
    doubled, lsb = cast(value * 2.0, source), source.lsb
    above, passed = (reaches(doubled, (np.floor(level / lsb) + 1) * lsb) for level in (1, -1))
    low, high = _ones(target)
    between = low - passed * low
    return between if is_constant(above) and not above.low else above.msb_mux(high, between)


def _ones(target: FixedType) -> tuple[float, float]:
    """-1 and 1 as a type has them."""
    low, high = (target.to_float(target.cast(np.array(one), 0)) for one in (-1, 1))
    return float(low), float(high)
