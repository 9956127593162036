"""Two branches that become one: sums, differences and other functions of two tensors, and tensors side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from alkaid.trace import FVariable, FVArray

from l1ml.compiler.programs.cast import cast
from l1ml.compiler.programs.exact import add, larger, product, smaller, subtract
from l1ml.errors import L1mlError
from l1ml.layers.parameters import output_type
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
    """Lower ``Merge`` and ``Concatenate`` (``nnet_merge.h``): an exact result, cast once.

    Raises:
        L1mlError: For another kind of merge.
    """
    first, second = (np.asarray(values) for values in inputs)
    kind, target = layer.get_attr("op").lower(), output_type(layer)
    if kind in _FUNCTIONS:
        function, size = _FUNCTIONS[kind], max(len(first), len(second))
        # As the C++ repeats the shorter one.
        merged = [function(first[i % len(first)], second[i % len(second)]) for i in range(size)]
    elif kind == "concatenate1d":
        merged = [*first, *second]
    else:
        known = ", ".join((*_FUNCTIONS, "concatenate1d"))
        raise L1mlError(f"layer {layer.name!r}: merge {kind!r} has no Verilog lowering; supported: {known}")
    return FVArray(np.array([cast(v, target) for v in merged]), inputs[0].solver_options, inputs[0].hwconf)
