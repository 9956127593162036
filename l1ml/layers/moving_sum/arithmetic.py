"""MovingSum: energies of several bunch crossings, or of neighbouring strips, added in a window that moves.

With inputs x[t, c], position t and channel c, and a window of K positions:

1. s[t, c] = x[t, c] + x[t-1, c] + ... + x[t-K+1, c], exact; what lies before the first position is 0.
2. The result is s, cast to its type.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.fixed import FixedType
from l1ml.layers.parameters import input_type, output_type


@dataclass(frozen=True)
class MovingSumArithmetic:
    """The numbers of the algorithm.

    Attributes:
        positions: Number of positions.
        channels: Number of channels.
        window: Positions that are added, at most.
        source: Type of the inputs.
        result: Type of the outputs.
    """

    positions: int
    channels: int
    window: int
    source: FixedType
    result: FixedType

    @classmethod
    def of(cls, layer: Any) -> MovingSumArithmetic:
        """Read them from an hls4ml layer whose types are known."""
        positions, channels, window = (int(layer.get_attr(n)) for n in ("n_positions", "n_channels", "window"))
        return cls(positions, channels, window, input_type(layer), output_type(layer))

    def run(self, x: NDArray[np.int64]) -> NDArray[np.int64]:
        """Add.

        Args:
            x: Integers in LSB of the inputs, shape (events, positions × channels).

        Returns:
            Integers in LSB of the result, same shape.
        """
        steps = x.reshape(len(x), self.positions, self.channels)
        sums = np.zeros_like(steps)
        for back in range(min(self.window, self.positions)):
            sums[:, back:] += steps[:, : self.positions - back]
        return self.result.cast(sums, self.source.fraction).reshape(x.shape)


def exact_sum(window: int, source: FixedType) -> FixedType:
    """A type that loses nothing of the sum of a window."""
    more = (window - 1).bit_length()
    return FixedType(source.width + more, source.integer + more, source.signed)
