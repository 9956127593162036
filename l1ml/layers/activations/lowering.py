"""Element-wise activations: the ReLU family as logic, everything else as a small exact table of all inputs.

Where there are too many of those, it is lowered operation by operation as the C++ has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from alkaid.trace import FVariable, FVArray

from l1ml.compiler.programs.cast import cast, relu_cast
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.layers.activations.computing import computed
from l1ml.layers.activations.shortening import shortened
from l1ml.layers.activations.tables import TABLE_ACTIVATIONS, asked, uses_table
from l1ml.layers.parameters import attribute_type, input_type, narrow_constants, narrow_number, output_type
from l1ml.reference.tables import LayerTables, Tables


def _map(values: FVArray, function: Callable[[FVariable], FVariable]) -> FVArray:
    return FVArray(np.array([function(v) for v in np.asarray(values)]), values.solver_options, values.hwconf)


def _clipped_relu(value: FVariable, limit: float, target: FixedType) -> FVariable:
    if value.high <= limit:
        return relu_cast(value, target)
    return cast(value.relu().min_of(limit), target)


def lower(layer: Any, inputs: list[FVArray], tables: Tables) -> FVArray:
    """Lower an element-wise activation (``nnet_activation.h``)."""
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
        threshold = _parameter(layer)
        return _map(inputs[0], lambda v: cast((v > threshold).msb_mux(v, 0.0), target))
    if "param" in layer.weights:
        return _prelu(layer, inputs[0], target)
    if uses_table(layer):
        found = tables(layer) if asked(layer) else LayerTables()
        return _map(inputs[0], lambda v: _tabled(v, layer, found))
    known = sorted(TABLE_ACTIVATIONS | {"linear", "relu", "relu1", "relu6", "leaky_relu", "thresholded_relu"})
    raise L1mlError(f"layer {layer.name!r}: activation {name!r} has no Verilog lowering; supported: {', '.join(known)}")


def _tabled(value: FVariable, layer: Any, tables: LayerTables) -> FVariable:
    """A function as a table of all inputs, or computed if that would be too large."""
    outputs = tables.values.get("activation")
    table = None if outputs is None else shortened(value, input_type(layer), outputs)
    return computed(value, layer, tables) if table is None else table


def _prelu(layer: Any, values: FVArray, target: FixedType) -> FVArray:
    """``PReLU``: one slope per element."""
    slopes = narrow_constants(layer, "param").real.ravel()
    results = [_leaky_relu(v, float(s), target) for v, s in zip(np.asarray(values), slopes, strict=True)]
    return FVArray(np.array(results), values.solver_options, values.hwconf)


def _parameter(layer: Any) -> float:
    """The parameter of a parametrised activation as the C++ sees it, cast to ``param_t``."""
    return narrow_number(layer, "activ_param", attribute_type(layer, "param_t"))


def _leaky_relu(value: FVariable, slope: float, target: FixedType) -> FVariable:
    positive, negative = cast(value, target), cast(value * slope, target)
    if value.low >= 0:
        return positive
    if value.high <= 0:
        return negative
    return value.msb_mux(negative, positive)
