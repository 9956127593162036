"""LeakyIntegrator: a running average, such as the baseline of a channel, of which each new position takes a part away.

With inputs x[t, c], position t and channel c, a leak of k bits and an accumulator type:

1. s[c] is 0 at first.
2. For one position after the other, s[c] = s[c] - (s[c] >> k) + x[t, c]: the shift drops what lies below the LSB of the
   accumulator, towards minus infinity; the sum is exact, then cast to the accumulator's type as that says.
3. The result is the last s, cast to its type.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.fixed import FixedType
from l1ml.layers.parameters import attribute_type, input_type, output_type


@dataclass(frozen=True)
class LeakyIntegratorArithmetic:
    """The numbers of the algorithm.

    Attributes:
        positions: Number of positions.
        channels: Number of channels.
        leak: Bits by which is shifted what is taken away.
        source: Type of the inputs.
        accum: Type of the sums.
        result: Type of the outputs.
    """

    positions: int
    channels: int
    leak: int
    source: FixedType
    accum: FixedType
    result: FixedType

    @classmethod
    def of(cls, layer: Any) -> LeakyIntegratorArithmetic:
        """Read them from an hls4ml layer whose types are known."""
        positions, channels, leak = (int(layer.get_attr(name)) for name in ("n_positions", "n_channels", "leak"))
        return cls(positions, channels, leak, input_type(layer), attribute_type(layer, "accum_t"), output_type(layer))

    def run(self, x: NDArray[np.int64]) -> NDArray[np.int64]:
        """Integrate.

        Args:
            x: Integers in LSB of the inputs, shape (events, positions × channels).

        Returns:
            Integers in LSB of the result, shape (events, channels).
        """
        fraction = max(self.source.fraction, self.accum.fraction)
        total = np.zeros((len(x), self.channels), dtype=np.int64)
        for step in x.reshape(len(x), self.positions, self.channels).swapaxes(0, 1):
            rest = (total - (total >> self.leak)) << (fraction - self.accum.fraction)
            total = self.accum.cast(rest + (step << (fraction - self.source.fraction)), fraction)
        return self.result.cast(total, self.accum.fraction)


def exact_sum(leak: int, source: FixedType) -> FixedType:
    """A type that every sum fits: s[c] is below 2^k times what one position can be."""
    return FixedType(source.width + leak, source.integer + leak, source.signed)
