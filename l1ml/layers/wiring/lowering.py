"""Layers that put elements into another order, where they are within a module."""

from __future__ import annotations

from typing import Any

import numpy as np
from alkaid.trace import FVariable, FVArray

from l1ml.compiler.programs.cast import cast
from l1ml.layers.parameters import output_type
from l1ml.layers.wiring import keeps_order
from l1ml.layers.wiring.places import places_of
from l1ml.reference.tables import Tables


def lower(layer: Any, inputs: list[FVArray], tables: Tables) -> FVArray:
    """Lower a layer of wires: each element is one of the inputs, cast as the C++ does by assigning it, or zero."""
    target, like = output_type(layer), inputs[0]
    sources = [np.asarray(values) for values in inputs]
    if keeps_order(layer):
        return FVArray(np.array([cast(v, target) for v in sources[0]]), like.solver_options, like.hwconf)
    zero = FVariable.from_const(0.0, hwconf=like.hwconf)
    taken = [zero if place is None else cast(sources[place[0]][place[1]], target) for place in places_of(layer)]
    return FVArray(np.array(taken), like.solver_options, like.hwconf)
