"""``UnaryLUT``: a function of one element as a table that the model brings along (``nnet::unary_lut``)."""

from __future__ import annotations

from typing import Any

import numpy as np
from alkaid.trace import FVariable, FVArray
from numpy.typing import NDArray

from l1ml.compiler.programs.cast import cast, is_constant
from l1ml.compiler.programs.operations import look_up
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.layers.parameters import constants, input_type, output_type
from l1ml.reference.tables import Tables


def lower(layer: Any, inputs: list[FVArray], tables: Tables) -> FVArray:
    """Lower ``UnaryLUT``: ``result_t(table[bits of x])``, the table addressed by the two's complement of the input.

    Raises:
        L1mlError: If the input's type has more values than the table has entries.
    """
    source, target, table = input_type(layer), output_type(layer), constants(layer, "table").real.ravel()
    if 1 << source.width > len(table):
        raise L1mlError(
            f"layer {layer.name!r}: its table has {len(table)} entries, its input {source} has more values; "
            f"give that {int(np.log2(len(table)))} bits"
        )
    entries = table[: 1 << source.width]
    results = [cast(_entry(value, source, entries), target) for value in np.asarray(inputs[0])]
    return FVArray(np.array(results), inputs[0].solver_options, inputs[0].hwconf)


def _entry(value: FVariable, source: FixedType, table: NDArray[np.float64]) -> FVariable:
    """The entry that a value addresses by its two's complement."""
    first, last = round(value.low / source.lsb), round(value.high / source.lsb)
    stride = 1 if is_constant(value) else round(value.step / source.lsb)
    return look_up(value, table[np.arange(first, last + 1, stride) % len(table)])
