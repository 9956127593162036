"""Activations of inputs too wide for a table of all of them: what hls4ml's C++ does, operation by operation.

Comparisons, clips and constants are logic. The entries of tables are what the C++ gives for an input that reaches them,
so that their precision and their rounding are hls4ml's by construction (``nnet_activation.h``).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from alkaid.trace import FVariable, FVArray

from l1ml.compiler.programs.cast import cast, is_above, is_constant
from l1ml.fixed import FixedType
from l1ml.layers.activations.tables import function, index_of
from l1ml.layers.parameters import attribute_type, input_type, narrow_number, output_type
from l1ml.reference.tables import LayerTables

_LAMBDA_TYPE = FixedType(16, 1, signed=False)
_LAMBDA = float(_LAMBDA_TYPE.to_float(_LAMBDA_TYPE.quantize(1.0507009873554805)))
"""Slope of SELU above zero, in the C++ an ``ap_ufixed<16, 1>``."""


def computed(value: FVariable, layer: Any, tables: LayerTables) -> FVariable:
    """The output of a layer for one symbolic input."""
    name, source, target = function(layer), input_type(layer), output_type(layer)
    if name.startswith("hard_"):
        return _hard(value, layer, target, symmetric=name == "hard_tanh")
    index = index_of(layer)
    assert index is not None, f"{name} has no table"
    if index.span > 0:
        return index.read(value, source.fraction, tables.values["entries"])
    slope = _LAMBDA if name == "selu" else 1.0
    if value.low >= 0:
        return cast(value * slope, target)
    negative = index.read(value, source.fraction, tables.values["entries"])
    return _either(value.is_negative(), negative, cast(_unsigned(value) * slope, target))


def _either(flag: FVariable, yes: FVariable | float, no: FVariable | float) -> FVariable:
    """One of two by the highest bit of a value."""
    if is_constant(flag):
        chosen = yes if flag.low else no
        return chosen if isinstance(chosen, FVariable) else FVariable.from_const(chosen, hwconf=flag.hwconf)
    return flag.msb_mux(yes, no)


def _unsigned(value: FVariable) -> FVariable:
    """A value without its sign: the same above zero, and nothing that matters below."""
    _, integer, fraction = value.kif
    return value.quantize(0, integer, fraction)


def _hard(value: FVariable, layer: Any, target: FixedType, *, symmetric: bool) -> FVariable:
    """``slope * x + shift`` between 0 and 1, or that of -1 to 1."""
    slope, shift = (narrow_number(layer, name, attribute_type(layer, f"{name}_t")) for name in ("slope", "shift"))
    # As a product with a matrix, of which alkaid never makes the negative.
    (product,) = np.asarray(FVArray(np.array([value]), hwconf=value.hwconf) @ np.array([[slope]]))
    line = product + shift
    between = line.quantize(0, 0, line.kif[2])
    clipped = _either(line.is_negative(), 0.0, _either(is_above(line, 0), 1.0, between))
    return cast(clipped * 2.0 - 1.0 if symmetric else clipped, target)
