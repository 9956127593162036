"""Detectors in numbers: how many electrons are found, and how many jets are taken for one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_curve

from l1ml.datasets.parts import Prepared
from l1ml.learning.evaluate import roc_area, share
from l1ml.triggers.electron_rings.data import DECISION, ELECTRON, SCORE
from l1ml.triggers.electron_rings.spec import ElectronRingsSpec
from l1ml.triggers.trigger import Metrics, Outputs

FAKE_RATES = (0.01, 0.02, 0.05)
"""Shares of the jets at which efficiencies of different networks are compared."""


def efficiency_at(is_signal: NDArray[np.bool_], score: NDArray[np.floating], fake_rate: float) -> float:
    """Signal efficiency at the threshold that a share of the background passes, by the ROC curve."""
    background, signal, _ = roc_curve(is_signal, score)
    return float(np.interp(fake_rate, background, signal))


def sp_index(is_signal: NDArray[np.bool_], score: NDArray[np.floating]) -> float:
    """Best sum-product index over all thresholds, which NeuralRinger's networks are chosen by.

    sqrt(sqrt(PD (1 - PF)) (PD + 1 - PF) / 2) with PD the efficiency and PF the fake rate (arXiv:1909.09082).
    """
    fake, found, _ = roc_curve(is_signal, score)
    kept = 1 - fake
    return float(np.sqrt(np.sqrt(found * kept) * (found + kept) / 2).max())


def detector_metrics(
    is_signal: NDArray[np.bool_],
    score: NDArray[np.floating],
    decisions: NDArray[np.bool_],
    working_points: Sequence[str],
) -> dict[str, Any]:
    """Figures of merit of a detector.

    Args:
        is_signal: Shape (n,).
        score: Shape (n,).
        decisions: Shape (n, working points).
        working_points: Their names.

    Returns:
        ``auc``, ``sp_index``; by fake rate such as ``"0.01"``: ``efficiency_at``; by working point: ``efficiency`` and
        ``fake_rate``; all but the index with their statistical errors under ``<name>_error``.
    """
    auc, auc_error = roc_area(is_signal, score)
    metrics: dict[str, Any] = {
        "auc": auc,
        "auc_error": auc_error,
        "sp_index": sp_index(is_signal, score),
        "efficiency_at": {f"{rate:g}": efficiency_at(is_signal, score, rate) for rate in FAKE_RATES},
    }
    metrics["efficiency_at_error"] = {
        rate: float(np.sqrt(value * (1 - value) / is_signal.sum())) for rate, value in metrics["efficiency_at"].items()
    }
    for name, chosen in (("efficiency", is_signal), ("fake_rate", ~is_signal)):
        shares = [share(decided[chosen]) for decided in decisions.T]
        metrics[name] = {point: value for point, (value, _) in zip(working_points, shares, strict=True)}
        metrics[f"{name}_error"] = {point: error for point, (_, error) in zip(working_points, shares, strict=True)}
    return metrics


def metrics(spec: ElectronRingsSpec, data: Prepared, outputs: Outputs) -> Metrics:
    """ROC area, efficiencies and fake rates."""
    is_electron = data.parts["test"].labels == ELECTRON
    points = list(spec.thresholds.working_points)
    return detector_metrics(is_electron, outputs[SCORE][:, 0], outputs[DECISION] > 0, points)
