"""What of alkaid is done another way: the place of a lowest bit exactly, and no search for the same sums twice.

Importing it is enough. It holds for alkaid 0.8.2.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import alkaid.trace.affine_interval
import alkaid.trace.fixed_variable
import alkaid.trace.fixed_variable_array
import alkaid.trace.passes.canon
import alkaid.trace.tracer
import numpy as np
from alkaid._binary import cmvm_solve, get_lsb_loc
from numpy.typing import NDArray

_solved: dict[Any, Any] = {}


def solve_once(weights: NDArray[np.float32], **options: Any) -> Any:
    """alkaid's sums for a matrix, those found before if matrix, intervals, delays and options are the same."""
    key = weights.tobytes(), weights.shape, tuple((name, str(options[name])) for name in sorted(options))
    if key not in _solved:
        _solved[key] = cmvm_solve(weights, **options)
    return _solved[key]


def _lowest_bit(value: float) -> int:
    """Place of the lowest bit of a number that is set; alkaid looks for it in float32."""
    numerator, denominator = value.as_integer_ratio()
    return (numerator & -numerator).bit_length() - denominator.bit_length() if numerator else int(get_lsb_loc(value))


for module in (alkaid.trace.affine_interval, alkaid.trace.fixed_variable, alkaid.trace.passes.canon,
               alkaid.trace.tracer):  # fmt: skip
    module.get_lsb_loc = _lowest_bit

# The same weights come again at other positions, and the same factors in other neurons.
alkaid.trace.fixed_variable_array.cmvm_solve = solve_once
alkaid.trace.fixed_variable.scm_solve = cache(alkaid.trace.fixed_variable.scm_solve)
