"""How often a trigger fires: thresholds on a score for rates, and rates at thresholds.

A rate is that of a sample's events if each crossing of two filled bunches gave one. Where events are selected before,
as by the lepton filter of arXiv:2107.02157, the true rate is lower by the share of the selected ones.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from l1ml.errors import L1mlError

CROSSING_KHZ = 40_000.0
"""Bunch crossings of the LHC, one every 25 ns."""
BUNCHES = 3564
"""Places for bunches in the LHC."""
FEWEST = 10
"""Background events that a working point must rest on."""


def input_rate(filled: int) -> float:
    """Crossings of filled bunches, in kHz."""
    return CROSSING_KHZ * filled / BUNCHES


def rate_at(score: NDArray[np.floating], threshold: float, filled: int) -> tuple[float, float]:
    """Rate in kHz at which background fires, and its Poisson error; that of one event if none fires.

    Args:
        score: Scores of background events, shape (n,).
        threshold: An event fires if its score is no less.
        filled: Colliding bunches.
    """
    fired = int(np.count_nonzero(score >= threshold))
    each = input_rate(filled) / len(score)
    return fired * each, float(np.sqrt(max(fired, 1))) * each


def threshold_for(score: NDArray[np.floating], rate: float, filled: int, step: float = 0.0) -> float:
    """The lowest threshold at which background fires no more often than asked.

    Args:
        score: Scores of background events, shape (n,).
        rate: In kHz.
        filled: Colliding bunches.
        step: Grid of the scores; 0 for any real number.

    Raises:
        L1mlError: If the rate is that of fewer than `FEWEST` events, or of more than there are.
    """
    allowed = _allowed(score, rate, filled)
    loudest = float(np.sort(score)[-1 - allowed])  # the first event that must not fire
    return loudest + step if step else float(np.nextafter(np.float32(loudest), np.float32(np.inf)))


def threshold_error(score: NDArray[np.floating], rate: float, filled: int) -> float:
    """Statistical error of `threshold_for`: half of what it moves as its events vary by one standard deviation.

    Raises:
        L1mlError: As `threshold_for`.
    """
    allowed, ordered = _allowed(score, rate, filled), np.sort(score)[::-1].astype(np.float64)
    spread = max(round(np.sqrt(allowed)), 1)
    low, high = ordered[min(allowed + spread, len(ordered) - 1)], ordered[allowed - spread]
    return float(high - low) / 2


def _allowed(score: NDArray[np.floating], rate: float, filled: int) -> int:
    """Events that may fire at most."""
    each = input_rate(filled) / len(score)
    allowed = int(rate / each)
    if allowed < FEWEST or allowed >= len(score):
        raise L1mlError(
            f"a rate of {rate:g} kHz cannot be had from {len(score):,} background events, of which each counts for "
            f"{each:.3g} kHz; give {FEWEST * each:.3g} to {(len(score) - 1) * each:.6g} kHz, or take more events"
        )
    return allowed
