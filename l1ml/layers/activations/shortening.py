"""A function as a table of what hls4ml's compiled C++ gives for every input, shortened to what it really depends on.

Trailing input bits that never matter are dropped, and the input is clipped to the range outside which the function is
flat. Index arithmetic, table precision and rounding are hls4ml's by construction.
"""

from __future__ import annotations

import numpy as np
from alkaid.trace import FVariable
from numpy.typing import NDArray

from l1ml.compiler.programs.cast import cast, is_constant
from l1ml.compiler.programs.operations import MAX_ADDRESS_BITS, look_up
from l1ml.fixed import FixedType


def shortened(value: FVariable, source: FixedType, outputs: NDArray[np.float64]) -> FVariable | None:
    """Read an element-wise function from a table.

    Args:
        value: The input, within ``source``.
        source: The layer's input type.
        outputs: Real outputs for all integers of ``source`` from its minimum to its maximum.

    Returns:
        The output; nothing if the shortened table has more than 2**MAX_ADDRESS_BITS entries.
    """
    first, last = (round(bound / source.lsb) - source.minimum for bound in (value.low, value.high))
    reachable = outputs[first : last + 1]
    if is_constant(value) or np.all(reachable == reachable[0]):
        return FVariable.from_const(float(reachable[0]), hwconf=value.hwconf)
    dropped = _dropped_bits(outputs)
    clip = _flat_outside(outputs[:: 1 << dropped], source, dropped)
    index = cast(value, FixedType(clip.width, clip.integer, clip.signed, "TRN", "SAT"))
    low, high = (round(bound / clip.lsb) for bound in (index.low, index.high))
    if high - low >= 1 << MAX_ADDRESS_BITS:
        return None
    stride = round(index.step / clip.lsb)
    addresses = np.arange(low, high + 1, stride) * (1 << dropped) - source.minimum
    return look_up(index, outputs[np.clip(addresses, 0, len(outputs) - 1)])


def _dropped_bits(outputs: NDArray[np.float64]) -> int:
    """Number of trailing input bits that never change the output."""
    bits = 0
    while len(outputs) > 1 and len(outputs) % 2 == 0 and np.array_equal(outputs[::2], outputs[1::2]):
        outputs = outputs[::2]
        bits += 1
    return bits


def _flat_outside(outputs: NDArray[np.float64], source: FixedType, dropped: int) -> FixedType:
    """The narrowest type to whose range the input may be clipped without changing the output."""
    width = source.width - dropped
    zero = -(source.minimum >> dropped)
    while width > 2:
        half = 1 << (width - 2) if source.signed else 1 << (width - 1)
        below, above = outputs[: zero - half + 1], outputs[zero + half - 1 :]
        if not np.all(above == above[0]) or (source.signed and not np.all(below == outputs[zero - half])):
            break
        width -= 1
    return FixedType(width, width - (source.fraction - dropped), source.signed)
