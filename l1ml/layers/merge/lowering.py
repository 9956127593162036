"""Two branches that become one: sums, differences and other functions of two tensors, and their scalar product."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from alkaid.trace import FVariable, FVArray
from numpy.typing import NDArray

from l1ml.compiler.programs.cast import cast
from l1ml.compiler.programs.exact import add, if_negative, larger, product, smaller, subtract
from l1ml.compiler.programs.operations import sum_within
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.layers.cpp import compares_wrongly
from l1ml.layers.parameters import attribute_type, output_type
from l1ml.reference.tables import Tables

_FUNCTIONS: dict[str, Callable[[FVariable, FVariable], FVariable]] = {
    "add": add,
    "subtract": subtract,
    "multiply": product,
    "average": lambda a, b: add(a, b) * 0.5,
    "maximum": larger,
    "minimum": smaller,
}


def lower(layer: Any, inputs: list[FVArray], tables: Tables) -> FVArray:
    """Lower ``Merge`` and ``Dot`` (``nnet_merge.h``): an exact result, cast once, or products and their sum.

    Raises:
        L1mlError: For another kind of merge.
    """
    first, second = (np.asarray(values) for values in inputs)
    kind, target = layer.get_attr("op").lower(), output_type(layer)
    if kind in _FUNCTIONS:
        function = _WRONGLY_COMPARED[kind] if compares_wrongly(layer) else _FUNCTIONS[kind]
        size = max(len(first), len(second))
        # As the C++ repeats the shorter one.
        merged = [function(first[i % len(first)], second[i % len(second)]) for i in range(size)]
    elif kind == "dot1d":
        _require_products(layer)
        merged = [_dot(first, second, attribute_type(layer, "accum_t"))]
    else:
        known = ", ".join((*_FUNCTIONS, "dot1d"))
        raise L1mlError(f"layer {layer.name!r}: merge {kind!r} has no Verilog lowering; supported: {known}")
    return FVArray(np.array([cast(v, target) for v in merged]), inputs[0].solver_options, inputs[0].hwconf)


def _larger_wrongly(first: FVariable, second: FVariable) -> FVariable:
    """A value that is negative, or else the larger one."""
    signed = first if first.low < 0 else second
    return if_negative(signed, signed, larger(first, second))


def _smaller_wrongly(first: FVariable, second: FVariable) -> FVariable:
    """The unsigned value if the other one is negative, or else the smaller one."""
    signed, unsigned = (first, second) if first.low < 0 else (second, first)
    return if_negative(signed, unsigned, smaller(first, second))


_WRONGLY_COMPARED = {"maximum": _larger_wrongly, "minimum": _smaller_wrongly}


def _dot(first: NDArray[np.object_], second: NDArray[np.object_], accum: FixedType) -> FVariable:
    """``dot1d``: each product is cast to ``accum_t``, and so is each sum, from the first product on."""
    return sum_within([cast(product(a, b), accum) for a, b in zip(first, second, strict=True)], accum)


def _require_products(layer: Any) -> None:
    """See that hls4ml multiplies: by the second of two bits it chooses a sign instead, as if that were a weight.

    Raises:
        L1mlError: If it does not.
    """
    from hls4ml.model.types import IntegerPrecisionType, XnorPrecisionType

    kinds = [layer.get_input_variable(name).type.precision for name in layer.inputs]
    ternary = isinstance(kinds[1], IntegerPrecisionType) and kinds[1].width == 2 and kinds[1].signed
    if ternary or any(isinstance(kind, XnorPrecisionType) for kind in kinds):
        raise L1mlError(
            f"layer {layer.name!r}: hls4ml does not multiply by a second input of {kinds[1]}; give it a fixed type"
        )
