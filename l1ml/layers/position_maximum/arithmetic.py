"""PositionMaximum: the peak of a pulse, or the hottest bin of an axis, channel by channel.

With inputs x[t, c], position t and channel c:

1. m[c] is the largest x[t, c] over all t, exact.
2. The result is m, cast to its type.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.fixed import FixedType
from l1ml.layers.parameters import input_type, output_type


@dataclass(frozen=True)
class PositionMaximumArithmetic:
    """The numbers of the algorithm.

    Attributes:
        positions: Number of positions.
        channels: Number of channels.
        source: Type of the inputs.
        result: Type of the outputs.
    """

    positions: int
    channels: int
    source: FixedType
    result: FixedType

    @classmethod
    def of(cls, layer: Any) -> PositionMaximumArithmetic:
        """Read them from an hls4ml layer whose types are known."""
        positions, channels = (int(layer.get_attr(name)) for name in ("n_positions", "n_channels"))
        return cls(positions, channels, input_type(layer), output_type(layer))

    def run(self, x: NDArray[np.int64]) -> NDArray[np.int64]:
        """Find the largest.

        Args:
            x: Integers in LSB of the inputs, shape (events, positions × channels).

        Returns:
            Integers in LSB of the result, shape (events, channels).
        """
        largest = x.reshape(len(x), self.positions, self.channels).max(axis=1)
        return self.result.cast(largest, self.source.fraction)
