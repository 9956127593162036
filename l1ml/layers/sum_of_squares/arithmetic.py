"""SumOfSquares: how far a vector is from the origin, squared; the score of an anomaly trigger (arXiv:2108.03986).

With inputs x_i and an accumulator type:

1. q_i = x_i^2, exact, then cast to the accumulator's type as that says; the plain one truncates and wraps.
2. The q_i are added in order, each sum cast to the accumulator's type.
3. The result is the last sum, cast to its type.

AXOL1TL squares the means μ of its latent space into ``ufixed<18,14>``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.layers.parameters import attribute_type, input_type, output_type

MAX_INPUT_BITS = 24
"""Widest type of the inputs, so that a square fits an int64 and a cast of it alkaid's constants."""


@dataclass(frozen=True)
class SumOfSquaresArithmetic:
    """The numbers of the algorithm.

    Attributes:
        size: Number of inputs.
        source: Type of the inputs.
        accum: Type of squares and sums.
        result: Type of the output.
    """

    size: int
    source: FixedType
    accum: FixedType
    result: FixedType

    @classmethod
    def of(cls, layer: Any) -> SumOfSquaresArithmetic:
        """Read them from an hls4ml layer whose types are known.

        Raises:
            L1mlError: If the inputs are too wide.
        """
        source = input_type(layer)
        if source.width > MAX_INPUT_BITS:
            raise L1mlError(
                f"layer {layer.name!r}: inputs of {source.width} bits; at most {MAX_INPUT_BITS} can be squared: "
                "give the layer before it a narrower result"
            )
        return cls(
            size=int(layer.get_attr("n_in")),
            source=source,
            accum=attribute_type(layer, "accum_t"),
            result=output_type(layer),
        )

    def run(self, x: NDArray[np.int64]) -> NDArray[np.int64]:
        """Score.

        Args:
            x: Integers in LSB of the inputs, shape (events, size).

        Returns:
            Integers in LSB of the result, shape (events, 1).
        """
        squares = self.accum.cast(x * x, 2 * self.source.fraction)
        total = np.zeros_like(x[:, 0])
        for square in squares.T:
            total = self.accum.cast(total + square, self.accum.fraction)
        return self.result.cast(total[:, None], self.accum.fraction)


def exact_sum(size: int, source: FixedType) -> FixedType:
    """The narrowest type that loses nothing of a sum of squares."""
    largest = size * max(-source.minimum, source.maximum) ** 2
    width = largest.bit_length()
    return FixedType(width, width - 2 * source.fraction, signed=False)
