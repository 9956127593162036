"""InputScaler: hardware integers of any range brought to that of a network, by an offset and a power of two for each.

With input x_i, offset o_i and shift s_i (a positive one divides by 2^s_i):

1. u_i = x_i - o_i, exact, then cast to the working type as that says; the plain one truncates and wraps.
2. u_i is shifted within the working type: to the right bits are lost below its LSB, to the left above its top.
3. The result is cast to its type, as that rounds and saturates.

The scaler of CMS's AXOL1TL has a working type of ``fixed<18,13>`` and a result of ``fixed<8,6,RND_CONV,SAT>``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.fixed import FixedType
from l1ml.layers.parameters import attribute_type, constants, input_type, output_type


@dataclass(frozen=True)
class InputScalerArithmetic:
    """The numbers of the algorithm.

    Attributes:
        source: Type of the inputs.
        offset: Type of the offsets.
        work: Type in which the difference is kept and shifted.
        result: Type of the outputs.
        offsets: Integers in LSB of ``offset``, shape (size,).
        shifts: Places to the right, negative ones to the left, shape (size,).
    """

    source: FixedType
    offset: FixedType
    work: FixedType
    result: FixedType
    offsets: NDArray[np.int64]
    shifts: NDArray[np.int64]

    @classmethod
    def of(cls, layer: Any) -> InputScalerArithmetic:
        """Read them from an hls4ml layer whose types are known."""
        return cls(
            source=input_type(layer),
            offset=attribute_type(layer, "offset_t"),
            work=attribute_type(layer, "work_t"),
            result=output_type(layer),
            offsets=constants(layer, "offset").values,
            shifts=constants(layer, "shift").values,
        )

    @property
    def wrapping(self) -> FixedType:
        """The working type as a shift to the left sees it."""
        return replace(self.work, saturation="WRAP")

    def run(self, x: NDArray[np.int64]) -> NDArray[np.int64]:
        """Scale.

        Args:
            x: Integers in LSB of the inputs, shape (events, size).

        Returns:
            Integers in LSB of the result, same shape.
        """
        fraction = max(self.source.fraction, self.offset.fraction)
        offsets = self.offsets << (fraction - self.offset.fraction)
        u = self.work.cast((x << (fraction - self.source.fraction)) - offsets, fraction)
        right, left = np.maximum(self.shifts, 0), np.maximum(-self.shifts, 0)
        kept = u & ((1 << (self.work.width - left)) - 1)  # what a shift to the left does not push out
        moved = self.wrapping.cast(kept << left, self.work.fraction)
        return self.result.cast(np.where(right > 0, u >> right, moved), self.work.fraction)


def inverse(numbers: InputScalerArithmetic) -> Callable[[NDArray[np.float64]], NDArray[np.int64]]:
    """The inputs, in LSB, whose images are nearest to what is wanted."""
    every = np.arange(numbers.source.minimum, numbers.source.maximum + 1)
    images = numbers.run(np.repeat(every[:, None], len(numbers.shifts), axis=1)) * numbers.result.lsb
    return lambda wanted: every[np.abs(images - wanted).argmin(axis=0)]
