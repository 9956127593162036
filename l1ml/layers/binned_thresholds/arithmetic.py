"""BinnedThresholds: trigger bits from a score, with a threshold for each bin of ET and |eta| that moves with pile-up.

All in integers, in LSB of the types concerned, and exact:

1. Edges are rounded up to the grid of the input they are compared with, which changes no decision. An edge belongs to
   the bin above it. The last bin of ET is open. Below the first edge of ET and outside of the edges of |eta| no bit is
   set.
2. In bin b, working point w fires if score > intercept[w, b] + slope[w, b] * pileup. Product, sum and comparison keep
   all bits. Intercepts and slopes are rounded to signed types of a given width whose range just holds the largest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.errors import L1mlError
from l1ml.fixed import INT64_BITS, FixedType
from l1ml.layers.parameters import constants, weight_type


@dataclass(frozen=True)
class BinnedThresholdsArithmetic:
    """The numbers of the algorithm, all integers in LSB.

    Attributes:
        score: Type of the score.
        et: Type of the transverse energy.
        eta: Type of the pseudorapidity.
        pileup: Type of the pile-up.
        et_edges: Lower edges of the bins, shape (bins of ET,).
        eta_edges: Edges of |eta|, shape (bins of eta + 1,).
        intercept: Shape (working points, bins of ET, bins of eta).
        slope: Same shape.
        intercept_type: Type of the intercepts.
        slope_type: Type of the slopes.
    """

    score: FixedType
    et: FixedType
    eta: FixedType
    pileup: FixedType
    et_edges: NDArray[np.int64]
    eta_edges: NDArray[np.int64]
    intercept: NDArray[np.int64]
    slope: NDArray[np.int64]
    intercept_type: FixedType
    slope_type: FixedType

    @classmethod
    def of(cls, layer: Any) -> BinnedThresholdsArithmetic:
        """Read them from an hls4ml layer whose types are known.

        Raises:
            L1mlError: If the sum of intercept and correction does not fit 62 bits.
        """
        score, et, eta, pileup = (
            FixedType.from_hls4ml(layer.get_input_variable(name).type.precision) for name in layer.inputs
        )
        shape = (layer.get_attr("n_points"), layer.get_attr("n_et"), layer.get_attr("n_eta"))
        numbers = cls(
            score=score,
            et=et,
            eta=eta,
            pileup=pileup,
            et_edges=constants(layer, "et_edges").values,
            eta_edges=constants(layer, "eta_edges").values,
            intercept=constants(layer, "intercept").values.reshape(shape),
            slope=constants(layer, "slope").values.reshape(shape),
            intercept_type=weight_type(layer, "intercept"),
            slope_type=weight_type(layer, "slope"),
        )
        if numbers.widest > INT64_BITS:
            raise L1mlError(
                f"layer {layer.name!r}: the comparison of {score} with {numbers.intercept_type} + {numbers.slope_type} "
                f"* {pileup} takes {numbers.widest} bits of at most {INT64_BITS}; give them fewer"
            )
        return numbers

    @property
    def fraction(self) -> int:
        """Fractional bits that the comparison needs."""
        return max(self.score.fraction, self.intercept_type.fraction, self.slope_type.fraction + self.pileup.fraction)

    @property
    def widest(self) -> int:
        """Bits of the difference that the comparison looks at."""
        product = self.slope_type.integer + self.pileup.integer
        return max(self.score.integer, self.intercept_type.integer, product) + 3 + self.fraction

    def run(self, inputs: NDArray[np.int64]) -> NDArray[np.int64]:
        """Decide.

        Args:
            inputs: Integers in LSB, shape (events, 4): score, ET, eta, pile-up.

        Returns:
            0 or 1, shape (events, working points).
        """
        score, et, eta, pileup = inputs.T
        row = np.searchsorted(self.et_edges, et, side="right") - 1
        column = np.searchsorted(self.eta_edges, np.abs(eta), side="right") - 1
        inside = (row >= 0) & (column >= 0) & (column < len(self.eta_edges) - 1)
        bin_ = np.where(inside, row, 0), np.where(inside, column, 0)
        line = self.intercept[:, *bin_] << (self.fraction - self.intercept_type.fraction)
        moved = self.slope[:, *bin_] * pileup << (self.fraction - self.slope_type.fraction - self.pileup.fraction)
        above = (score << (self.fraction - self.score.fraction)) > line + moved
        return (above & inside).T.astype(np.int64)


def type_for(values: NDArray[np.float64], bits: int) -> FixedType:
    """A signed type whose range just holds some values; the largest may be clipped by an LSB."""
    largest = float(np.abs(values).max())
    return FixedType(bits, int(np.frexp(largest)[1]) + 1, True, "RND", "SAT")
