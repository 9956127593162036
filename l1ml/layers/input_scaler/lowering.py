"""InputScaler: an offset, a shift and a cast for each input."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from alkaid.trace import FVariable, FVArray

from l1ml.compiler.programs.cast import cast, floor_to
from l1ml.compiler.programs.exact import add_constant
from l1ml.layers.input_scaler.arithmetic import InputScalerArithmetic
from l1ml.reference.tables import Tables


def lower(layer: Any, inputs: list[FVArray], tables: Tables) -> FVArray:
    """Lower ``InputScaler`` (``nnet_input_scaler.h``); ``l1ml.layers.input_scaler.arithmetic`` defines the steps."""
    numbers = InputScalerArithmetic.of(layer)
    offsets = [int(offset) * Fraction(2) ** -numbers.offset.fraction for offset in numbers.offsets]
    rows = zip(np.asarray(inputs[0]), offsets, numbers.shifts, strict=True)
    results = [_scale(value, offset, int(shift), numbers) for value, offset, shift in rows]
    return FVArray(np.array(results), inputs[0].solver_options, inputs[0].hwconf)


def _scale(value: FVariable, offset: Fraction, shift: int, numbers: InputScalerArithmetic) -> FVariable:
    moved = cast(add_constant(value, -offset), numbers.work) * 2.0**-shift
    if shift < 0:
        return cast(cast(moved, numbers.wrapping), numbers.result)
    return cast(floor_to(moved, numbers.work.fraction) if shift else moved, numbers.result)
