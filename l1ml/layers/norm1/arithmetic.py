"""Norm1: each input divided by the size of their sum, in block floating point.

All inputs share the exponent of the sum, so that a division is one shift and one multiplication by a reciprocal from a
table. With integers x_i (in LSB of the input) and F (``smallest`` in LSB, rounded up, at least 1):

1. S = sum of x_i, exact; a = max(|S|, F). A sum near zero therefore has a defined result.
2. p = floor(log2 a), the place of the leading one. The t bits behind it, floor(a 2^(t-p)) - 2^t, address a table of 2^t
   reciprocals R of b bits: R 2^-b is about 2^p / a, between 1/2 and 1.
3. y_i = floor(x_i 2^(f-p)), where f is the fraction of the result and ``guard_bits`` more.
4. The result is y_i R 2^-(f+b), rounded as its type says and clipped to its range whatever its overflow mode. It is
   clipped too if |y_i| 2^-f is twice the power of two that ends the result's range or more (energies that cancel):
   the quotient is then out of range for sure.

With t = 8, b = 8 and 2 guard bits a result of ``fixed<8,1,RND,SAT>`` is off the quotient by about one LSB at most, near
the ends of its range: half from its rounding, a quarter from step 3, the rest from the table.

A larger ``smallest`` saves logic. It takes a shift for each power of two from F to the largest sum, and a fifth row of
multiplexers for every input if these are more than 16.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.layers.parameters import constants, input_type, output_type

TABLE_BITS, RECIPROCAL_BITS, GUARD_BITS = 8, 8, 2
"""Defaults of t, b and the guard bits."""


@dataclass(frozen=True)
class Norm1Arithmetic:
    """The numbers of the algorithm.

    Attributes:
        size: Number of inputs.
        source: Type of the inputs.
        result: Type of the outputs.
        smallest: F, in LSB of the inputs.
        reciprocals: R, integers in units of ``2**-reciprocal_bits``, shape (2**table_bits,).
        reciprocal_bits: b.
        guard_bits: Bits of y below the LSB of the result.
    """

    size: int
    source: FixedType
    result: FixedType
    smallest: int
    reciprocals: NDArray[np.int64]
    reciprocal_bits: int
    guard_bits: int

    @classmethod
    def of(cls, layer: Any) -> Norm1Arithmetic:
        """Read them from an hls4ml layer whose types are known.

        Raises:
            L1mlError: If no sum can be as large as ``smallest``.
        """
        source = input_type(layer)
        size, smallest, bits = (layer.get_attr(name) for name in ("n_in", "smallest", "reciprocal_bits"))
        largest = size * max(-source.minimum, source.maximum) * source.lsb
        if smallest > largest:
            raise L1mlError(
                f"layer {layer.name!r}: smallest {smallest} is more than the largest sum ({largest:g}) of {size} "
                f"inputs of {source}; make it smaller, or the inputs wider"
            )
        return cls(
            size=size,
            source=source,
            result=output_type(layer),
            smallest=max(1, ceil(smallest / source.lsb)),
            reciprocals=constants(layer, "reciprocal").values,
            reciprocal_bits=bits,
            guard_bits=int(layer.get_attr("guard_bits")),
        )

    @classmethod
    def default(cls, size: int, source: FixedType, result: FixedType, smallest: float) -> Norm1Arithmetic:
        """The numbers that a layer has if nothing but its types and the smallest sum (in real units) are given."""
        return cls(
            size=size,
            source=source,
            result=result,
            smallest=max(1, ceil(smallest / source.lsb)),
            reciprocals=reciprocal_table(TABLE_BITS, RECIPROCAL_BITS),
            reciprocal_bits=RECIPROCAL_BITS,
            guard_bits=GUARD_BITS,
        )

    @property
    def table_bits(self) -> int:
        """t, the bits of the table's address."""
        return len(self.reciprocals).bit_length() - 1

    @cached_property
    def top(self) -> int:
        """The highest place that the leading one of a can have."""
        return (self.size * max(-self.source.minimum, self.source.maximum)).bit_length() - 1

    @property
    def fraction(self) -> int:
        """f, fractional bits of y."""
        return max(self.result.fraction + self.guard_bits, 0)

    @property
    def mantissa_bits(self) -> int:
        """Bits of y that is not clipped, without sign."""
        return self.result.integer - int(self.result.signed) + 1 + self.fraction

    @property
    def clipped(self) -> FixedType:
        """Type of the result, clipping."""
        return replace(self.result, saturation="SAT_SYM" if self.result.saturation == "SAT_SYM" else "SAT")

    def run(self, x: NDArray[np.int64]) -> NDArray[np.int64]:
        """Normalise.

        Args:
            x: Integers in LSB of the inputs, shape (events, size).

        Returns:
            Integers in LSB of the result, same shape.
        """
        a = np.maximum(np.abs(x.sum(axis=1, keepdims=True)), self.smallest)
        place = np.frexp(a)[1] - 1  # exact: a is far below 2^53
        shift = self.top - place
        normal = a << shift  # the leading one at ``top``
        up, down = max(self.table_bits - self.top, 0), max(self.top - self.table_bits, 0)
        reciprocal = self.reciprocals[((normal << up) >> down) - (1 << self.table_bits)]
        y = (x << self.fraction) >> place
        limit = 1 << self.mantissa_bits
        beyond = (y >= limit) | (y < -limit)
        product = np.where(beyond, 0, y) * reciprocal
        clipped = self.clipped
        result = clipped.cast(product, self.fraction + self.reciprocal_bits)
        return np.where(beyond, np.where(x < 0, clipped.lowest, clipped.maximum), result)


def reciprocal_table(table_bits: int, reciprocal_bits: int) -> NDArray[np.int64]:
    """Reciprocals of the numbers from 1 to 2, for the least relative error in each interval.

    Args:
        table_bits: The numbers are in ``2**table_bits`` intervals of equal width.
        reciprocal_bits: Fractional bits of a reciprocal, which stays below 1.
    """
    edges = 1 + np.arange((1 << table_bits) + 1) / (1 << table_bits)
    exact = 2 / (edges[:-1] + edges[1:])
    return np.minimum(np.rint(np.ldexp(exact, reciprocal_bits)), (1 << reciprocal_bits) - 1).astype(np.int64)


def inverse(layer: Any) -> Callable[[NDArray[np.float64]], NDArray[np.int64]]:
    """Inputs, in LSB, whose quotients by their sum are the ones that are wanted; those at the ends may be beyond them.

    Args:
        layer: Of hls4ml's graph.
    """
    source = input_type(layer)

    def find(wanted: NDArray[np.float64]) -> NDArray[np.int64]:
        best, error = wanted, np.inf
        for total in (1.0, -1.0):
            rest = total - wanted.sum()
            beyond = wanted >= wanted.max() if rest > 0 else wanted <= wanted.min()
            tried = wanted + beyond * rest / beyond.sum()
            missed = float(np.abs(np.clip(tried, -1, 1) - wanted).sum())
            if missed < error:
                best, error = tried, missed
        room = np.where(best > 0, source.maximum, source.minimum) / np.where(best, best, np.inf)
        return np.rint(best * room[best != 0].min(initial=source.maximum)).astype(np.int64)

    return find
