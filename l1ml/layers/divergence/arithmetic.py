"""Divergence: how far a normal distribution is from the unit one, ½ Σ (μ² + σ² - 1 - ln σ²) (arXiv:1312.6114).

It is the part of a variational autoencoder's loss that its encoder alone gives, and so a score of an anomaly trigger
(arXiv:2108.03986). With means μ_i and logarithms of variances l_i = ln σ_i²:

1. q_i = μ_i², exact.
2. v_i = e^l_i - 1 - l_i, which is never negative, from a table with an entry for each value of l_i, rounded to the
   nearest in the type ``term``.
3. The result is half the exact sum of all q_i and v_i, cast to its type.

By default ``term`` has the step of the squares and holds the largest entry, with 24 bits at most.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import expm1
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.layers.parameters import constants, output_type, weight_type
from l1ml.layers.sum_of_squares.arithmetic import MAX_INPUT_BITS

MAX_TERM_BITS = 24
"""Widest word of the table: alkaid keeps them in float32."""
MAX_ADDRESS_BITS = 12
"""Largest address of the table: 4096 entries."""


@dataclass(frozen=True)
class DivergenceArithmetic:
    """The numbers of the algorithm.

    Attributes:
        size: Dimensions of the distribution.
        mean: Type of the means.
        log_variance: Type of the logarithms of the variances.
        term: Type of the entries of the table.
        result: Type of the output.
        table: Integers in LSB of ``term``, from the smallest l to the largest, shape (2**width,).
    """

    size: int
    mean: FixedType
    log_variance: FixedType
    term: FixedType
    result: FixedType
    table: NDArray[np.int64]

    @classmethod
    def of(cls, layer: Any) -> DivergenceArithmetic:
        """Read them from an hls4ml layer whose types are known."""
        mean, log_variance = (
            FixedType.from_hls4ml(layer.get_input_variable(name).type.precision) for name in layer.inputs
        )
        return cls(
            size=int(layer.get_attr("n_in")),
            mean=mean,
            log_variance=log_variance,
            term=weight_type(layer, "term"),
            result=output_type(layer),
            table=np.roll(constants(layer, "term").values, -log_variance.minimum),
        )

    @classmethod
    def default(cls, size: int, mean: FixedType, log_variance: FixedType) -> DivergenceArithmetic:
        """The numbers that a layer has if nothing but the types of its inputs is given."""
        term = term_type(mean, log_variance)
        table = term_table(log_variance, term)
        return cls(size, mean, log_variance, term, exact_divergence(size, mean, term, table), table)

    def run(self, mean: NDArray[np.int64], log_variance: NDArray[np.int64]) -> NDArray[np.int64]:
        """Score.

        Args:
            mean: Integers in LSB of the means, shape (events, size).
            log_variance: Integers in LSB of the logarithms of the variances, same shape.

        Returns:
            Integers in LSB of the result, shape (events, 1).
        """
        fraction = max(2 * self.mean.fraction, self.term.fraction)
        squares = (mean * mean) << (fraction - 2 * self.mean.fraction)
        terms = self.table[log_variance - self.log_variance.minimum] << (fraction - self.term.fraction)
        return self.result.cast((squares + terms).sum(axis=1, keepdims=True), fraction + 1)


def term_type(mean: FixedType, log_variance: FixedType) -> FixedType:
    """The default type of the table's entries.

    Raises:
        L1mlError: If the inputs are too wide, or an entry is too large for any type.
    """
    if mean.width > MAX_INPUT_BITS:
        raise L1mlError(
            f"means of {mean.width} bits; at most {MAX_INPUT_BITS} can be squared: give them a narrower type"
        )
    if log_variance.width > MAX_ADDRESS_BITS:
        raise L1mlError(
            f"logarithms of variances of {log_variance.width} bits; at most {MAX_ADDRESS_BITS} address a table: give "
            "them a narrower type"
        )
    highest = log_variance.maximum * log_variance.lsb
    if highest > MAX_TERM_BITS * np.log(2):
        raise L1mlError(
            f"logarithms of variances of {log_variance} reach {highest:g}, and the variance e^{highest:g}; give them a "
            f"type that stays below {MAX_TERM_BITS * np.log(2):.1f}, such as fixed<8,4>"
        )
    largest = max(_term(log_variance.minimum * log_variance.lsb), _term(highest))
    integer = max(int(np.floor(largest)).bit_length(), 0)
    fraction = min(max(2 * mean.fraction, 0), MAX_TERM_BITS - integer)
    if np.rint(np.ldexp(largest, fraction)) >= 2.0 ** (integer + fraction):  # its rounding carries
        integer, fraction = integer + 1, min(fraction, MAX_TERM_BITS - integer - 1)
    return FixedType(max(integer + fraction, 1), max(integer, 1 - fraction), signed=False)


def term_table(log_variance: FixedType, term: FixedType) -> NDArray[np.int64]:
    """e^l - 1 - l to the nearest, in LSB of ``term`` and within it, for all l from the smallest on."""
    values = [_term(step * log_variance.lsb) for step in range(log_variance.minimum, log_variance.maximum + 1)]
    return np.clip(np.rint(np.ldexp(values, term.fraction)), 0, term.maximum).astype(np.int64)


def exact_divergence(size: int, mean: FixedType, term: FixedType, table: NDArray[np.int64]) -> FixedType:
    """The narrowest type that loses nothing of half the sum, for a table in LSB of ``term``."""
    fraction = max(2 * mean.fraction, term.fraction)
    square = max(-mean.minimum, mean.maximum) ** 2 << (fraction - 2 * mean.fraction)
    width = (size * (square + (int(table.max()) << (fraction - term.fraction)))).bit_length()
    return FixedType(width, width - fraction - 1, signed=False)


def _term(log_variance: float) -> float:
    return expm1(log_variance) - log_variance
