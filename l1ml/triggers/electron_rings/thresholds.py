"""Thresholds on a score in bins of transverse energy and pseudorapidity, moving with pile-up.

ATLAS lets the threshold of a bin fall along a straight line with the number of collisions, so that the efficiency for
electrons stays what it is (arXiv:1902.04655, section 6). The line is found here by linear regression of the quantile
(Koenker and Bassett, Econometrica 46 (1978) 33).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from l1ml.errors import L1mlError

FEWEST = 50
"""Electrons that a bin must have."""


@dataclass(frozen=True)
class Candidates:
    """What thresholds depend on, each of shape (n,): transverse energy in GeV, pseudorapidity, mean collisions."""

    et: NDArray[np.floating]
    eta: NDArray[np.floating]
    pileup: NDArray[np.floating]


@dataclass(frozen=True)
class ThresholdTable:
    """A candidate fires a working point if its score is above ``intercept + slope * pileup`` of its bin.

    Attributes:
        working_points: Their names.
        et_edges: Lower edges in GeV; the last bin is open, below the first edge nothing fires.
        eta_edges: Edges in absolute pseudorapidity; beyond the last one nothing fires.
        intercept: Shape (working points, bins of ET, bins of eta).
        slope: Same shape, for one collision.
    """

    working_points: tuple[str, ...]
    et_edges: tuple[float, ...]
    eta_edges: tuple[float, ...]
    intercept: NDArray[np.float64]
    slope: NDArray[np.float64]

    def decide(self, score: NDArray[np.floating], of: Candidates) -> NDArray[np.bool_]:
        """Which working points fire, in real numbers, shape (n, working points)."""
        et, eta = self._bins(of)
        inside = (et >= 0) & (eta >= 0)
        line = self.intercept[:, et, eta] + self.slope[:, et, eta] * of.pileup
        return ((score > line) & inside).T

    def _bins(self, of: Candidates) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Index of the bin in ET and eta; -1 outside."""
        return bin_of(of.et, (*self.et_edges, np.inf)), bin_of(np.abs(of.eta), self.eta_edges)


def bin_of(values: NDArray[np.floating], edges: Sequence[float]) -> NDArray[np.int64]:
    """Index of the bin of each value, -1 outside of all; an edge belongs to the bin above it."""
    index = np.searchsorted(edges, values, side="right") - 1
    return np.where(index < len(edges) - 1, index, -1)


def fit(
    score: NDArray[np.floating],
    of: Candidates,
    efficiencies: Mapping[str, float],
    et_edges: tuple[float, ...],
    eta_edges: tuple[float, ...],
) -> ThresholdTable:
    """Find the lines that a share of the electrons is above, in each bin and whatever the pile-up.

    Args:
        score: Scores of electrons, shape (n,).
        of: The electrons.
        efficiencies: That share, for each working point.
        et_edges: As in `ThresholdTable`.
        eta_edges: As in `ThresholdTable`.

    Raises:
        L1mlError: If a bin has fewer than `FEWEST` electrons.
    """
    from sklearn.linear_model import QuantileRegressor

    shape = (len(efficiencies), len(et_edges), len(eta_edges) - 1)
    empty = np.zeros(shape)
    table = ThresholdTable(tuple(efficiencies), et_edges, eta_edges, empty, empty.copy())
    et, eta = table._bins(of)
    for i, j in np.ndindex(shape[1:]):
        chosen = (et == i) & (eta == j)
        if chosen.sum() < FEWEST:
            raise L1mlError(
                f"the bin from ET {et_edges[i]:g} GeV and |eta| {eta_edges[j]:g} has {chosen.sum()} electrons, a "
                f"threshold needs {FEWEST}; take fewer bins in thresholds.et_edges and thresholds.eta_edges"
            )
        pileup, values = of.pileup[chosen].astype(np.float64), score[chosen].astype(np.float64)
        unit = max(float(pileup.max()), 1.0)  # the solver likes numbers near 1
        for k, efficiency in enumerate(efficiencies.values()):
            line = QuantileRegressor(quantile=1 - efficiency, alpha=0, solver="highs")
            line.fit(pileup[:, None] / unit, values)
            table.intercept[k, i, j], table.slope[k, i, j] = line.intercept_, line.coef_[0] / unit
    return table
