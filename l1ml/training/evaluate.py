"""Classifiers in numbers: accuracy and area under the ROC curve, with statistical errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score


def probabilities(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Softmax over the last axis, in double precision."""
    shifted = np.asarray(logits, dtype=np.float64)
    shifted = np.exp(shifted - shifted.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)


def auc_error(auc: float, signal: int, background: int) -> float:
    """Standard error of an area under the ROC curve (Hanley and McNeil, Radiology 143 (1982) 29)."""
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = auc * (1 - auc) + (signal - 1) * (q1 - auc**2) + (background - 1) * (q2 - auc**2)
    return float(np.sqrt(max(variance, 0.0) / (signal * background)))


def classifier_metrics(
    truth: NDArray[np.int64], logits: NDArray[np.floating], classes: Sequence[str]
) -> dict[str, Any]:
    """Accuracy and, for each class against the others, the area under the ROC curve.

    Args:
        truth: Class indices, shape (n,).
        logits: Network outputs, shape (n, classes).
        classes: Names of the classes.

    Returns:
        ``{"accuracy", "accuracy_error", "auc": {class: ...}, "auc_error": {class: ...}}``.
    """
    accuracy = float(np.mean(np.argmax(logits, axis=1) == truth))
    scores = probabilities(logits)
    auc = {name: float(roc_auc_score(truth == i, scores[:, i])) for i, name in enumerate(classes)}
    counts = {name: int(np.sum(truth == i)) for i, name in enumerate(classes)}
    return {
        "accuracy": accuracy,
        "accuracy_error": float(np.sqrt(accuracy * (1 - accuracy) / len(truth))),
        "auc": auc,
        "auc_error": {name: auc_error(auc[name], counts[name], len(truth) - counts[name]) for name in classes},
    }
