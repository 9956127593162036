"""``FixedPointQuantizer``: a cast of each element to a type of its own, then to that of the tensor.

The C++ is generated (``hls4ml/backends/fpga/passes/hgq_proxy_model.py``):
``out[i] = ap_fixed<b, i, RND, SAT>(inp[i])``, or 0 for an element without bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from alkaid.trace import FVariable, FVArray

from l1ml.compiler.programs.cast import cast
from l1ml.fixed import FixedType
from l1ml.layers.parameters import output_type
from l1ml.reference.tables import Tables


def lower(layer: Any, inputs: list[FVArray], tables: Tables) -> FVArray:
    """Lower ``FixedPointQuantizer``: ``result_t(type_i(x_i))``."""
    target, values = output_type(layer), np.asarray(inputs[0])
    results = []
    for value, kind in zip(values, element_types(layer, len(values)), strict=True):
        if kind is None:
            results.append(FVariable.from_const(0.0, hwconf=value.hwconf))
        else:
            results.append(cast(cast(value, kind), target))
    return FVArray(np.array(results), inputs[0].solver_options, inputs[0].hwconf)


def element_types(layer: Any, size: int) -> list[FixedType | None]:
    """The type of each element in the order of the C++; None for one without bits, which becomes 0."""
    shape = tuple(int(n) for n in layer.get_input_variable().shape)
    masks = [np.broadcast_to(mask[0], shape).ravel() for mask in layer.mask_kbi]
    if len(masks[0]) != size:
        raise ValueError(f"{layer.name}: {len(masks[0])} types for {size} elements")
    return [
        FixedType(int(width), int(integer), bool(signed), layer.RND, layer.SAT) if width else None
        for signed, width, integer in zip(*masks, strict=True)
    ]
