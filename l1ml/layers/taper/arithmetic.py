"""Taper: samples of a pulse, or bins of an axis, each with a weight of its own, as a window function has them.

With inputs x[t, c], position t and channel c, and a factor w[t] for each position:

1. p[t, c] = w[t] x[t, c], exact.
2. The result is p, cast to its type.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.constants import Constants
from l1ml.fixed import FixedType
from l1ml.layers.parameters import constants, input_type, output_type, weight_type


@dataclass(frozen=True)
class TaperArithmetic:
    """The numbers of the algorithm.

    Attributes:
        factors: One for each position.
        factor: Their type.
        channels: Number of channels.
        source: Type of the inputs.
        result: Type of the outputs.
    """

    factors: Constants
    factor: FixedType
    channels: int
    source: FixedType
    result: FixedType

    @classmethod
    def of(cls, layer: Any) -> TaperArithmetic:
        """Read them from an hls4ml layer whose types are known.

        Raises:
            L1mlError: If the factors are too wide.
        """
        return cls(
            constants(layer, "factor"),
            weight_type(layer, "factor"),
            int(layer.get_attr("n_channels")),
            input_type(layer),
            output_type(layer),
        )

    def run(self, x: NDArray[np.int64]) -> NDArray[np.int64]:
        """Multiply.

        Args:
            x: Integers in LSB of the inputs, shape (events, positions × channels).

        Returns:
            Integers in LSB of the result, same shape.
        """
        products = x * np.repeat(self.factors.values, self.channels)
        return self.result.cast(products, self.source.fraction + self.factor.fraction)
