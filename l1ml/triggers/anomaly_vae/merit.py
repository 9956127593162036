"""Anomaly detectors in numbers: how well each signal is told from the background, and how often the trigger fires."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.datasets.parts import Prepared
from l1ml.learning.evaluate import roc_area
from l1ml.triggers.anomaly_vae.data import BITS, SCORE
from l1ml.triggers.anomaly_vae.rates import FEWEST, rate_at
from l1ml.triggers.anomaly_vae.spec import AnomalyVaeSpec
from l1ml.triggers.trigger import Metrics, Outputs

TARGET_FPR = 1e-5
"""False positive rate at which anomaly triggers are compared (arXiv:2107.02157)."""
CONFIDENCE = 0.95
"""Of a limit on the efficiency there."""


def lowest_fpr(background: int) -> float:
    """`TARGET_FPR`, or the lowest false positive rate that some background events can tell."""
    return max(TARGET_FPR, FEWEST / background)


def efficiency_at_fpr(
    signal: NDArray[np.floating], background: NDArray[np.floating], fpr: float
) -> tuple[float, float]:
    """Share of a signal above the threshold that a share of the background exceeds.

    Returns:
        The share and its error: the binomial one, with an event added to either side so that none of few is not taken
        for certain, and what the threshold owes to the background's own statistics (half the difference when one
        standard deviation more or fewer of its events are let through), in quadrature.
    """
    ordered = np.sort(background)[::-1]
    expected = fpr * len(ordered)

    def above(events: float) -> float:
        place = int(np.clip(round(events), 1, len(ordered))) - 1
        return float(np.mean(signal >= ordered[place]))

    value = above(expected)
    low, high = (above(expected + sign * np.sqrt(expected)) for sign in (-1, 1))
    likely = (value * len(signal) + 1) / (len(signal) + 2)
    binomial = np.sqrt(likely * (1 - likely) / len(signal))
    return value, float(np.hypot(binomial, (high - low) / 2))


def efficiency_limit(
    signal: NDArray[np.floating], background: NDArray[np.floating], fpr: float, confidence: float = CONFIDENCE
) -> float:
    """What share of a signal can be above the threshold that a share of the background reaches, at most.

    It holds however few background events there are. With n of them, the number above that threshold is binomial (as
    good as Poisson) with a mean of at most n times the rate. Let k be the smallest number that is reached with a
    probability p of no more than half of what may go wrong: then all but p of the time the threshold lies above the
    k-th highest background score. The share of the signal above that one has a Clopper-Pearson upper limit, whose
    confidence is such that both together fail as often as allowed.

    Args:
        signal: Scores of the signal, shape (any,).
        background: Scores of the background, shape (any,).
        fpr: The share of the background.
        confidence: Probability that the limit holds.

    Returns:
        The share; 1 if the background is so small that even its lowest score tells nothing.
    """
    from scipy.special import bdtrc, betaincinv

    n, wrong = len(background), 1 - confidence
    above = bdtrc(np.arange(n), n, fpr)  # binomial probability of more than k, for each k
    enough = np.flatnonzero(above <= wrong / 2)
    if not len(enough):
        return 1.0
    k = int(enough[0])
    found = int(np.count_nonzero(signal > np.sort(background)[-1 - k]))
    if found == len(signal):
        return 1.0
    return float(betaincinv(found + 1, len(signal) - found, 1 - (wrong - above[k])))


def anomaly_metrics(
    labels: NDArray[np.int64],
    score: NDArray[np.floating],
    bits: NDArray[np.bool_],
    signals: Sequence[str],
    working_points: Sequence[str],
    filled: int,
) -> dict[str, Any]:
    """Figures of merit of an anomaly trigger.

    Args:
        labels: 0 for the background, k for signal k, shape (n,).
        score: Shape (n,).
        bits: Decisions, shape (n, working points).
        signals: Names of the signals, from label 1 on.
        working_points: Names of the bits.
        filled: Colliding bunches, for rates.

    Returns:
        ``auc_signals`` of all signals together; by signal ``auc`` and, at the false positive rate ``fpr``, ``tpr``; by
        working point ``rate_khz``. Each has its statistical error under ``<name>_error``. ``tpr_limit`` is by signal
        the upper limit on the efficiency at `TARGET_FPR`.
    """
    background = score[labels == 0]
    fpr = lowest_fpr(len(background))
    found: dict[str, dict[str, tuple[float, float]]] = {"auc": {}, "tpr": {}, "rate_khz": {}}
    for label, name in enumerate(signals, start=1):
        chosen = labels == label
        either = chosen | (labels == 0)
        found["auc"][name] = roc_area(chosen[either], score[either])
        found["tpr"][name] = efficiency_at_fpr(score[chosen], background, fpr)
    for k, point in enumerate(working_points):
        fired = bits[labels == 0, k].astype(np.float64)
        found["rate_khz"][point] = rate_at(fired, 1.0, filled)
    limits = {
        name: efficiency_limit(score[labels == label], background, TARGET_FPR)
        for label, name in enumerate(signals, start=1)
    }
    auc, auc_error = roc_area(labels > 0, score)
    metrics: dict[str, Any] = {
        "auc_signals": auc,
        "auc_signals_error": auc_error,
        "fpr": fpr,
        "fpr_error": float(np.sqrt(fpr / len(background))),
    }
    for name, values in found.items():
        if name == "rate_khz":
            metrics["tpr_limit"] = limits
        metrics[name] = {entry: value for entry, (value, _) in values.items()}
        metrics[f"{name}_error"] = {entry: error for entry, (_, error) in values.items()}
    return metrics


def metrics(spec: AnomalyVaeSpec, data: Prepared, outputs: Outputs) -> Metrics:
    """ROC areas, efficiencies at a low false positive rate, rates."""
    points = list(spec.thresholds.rates_khz)
    return anomaly_metrics(
        data.parts["test"].labels,
        outputs[SCORE][:, 0],
        outputs[BITS] > 0,
        data.classes[1:],
        points,
        spec.thresholds.filled_bunches,
    )
