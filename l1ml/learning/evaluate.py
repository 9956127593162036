"""Classifiers in numbers: accuracy and area under the ROC curve, with statistical errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def probabilities(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Softmax over the last axis, in double precision."""
    shifted = np.asarray(logits, dtype=np.float64)
    shifted = np.exp(shifted - shifted.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)


def share(passed: NDArray[np.bool_]) -> tuple[float, float]:
    """A share of events with its binomial error."""
    value = float(np.mean(passed))
    return value, float(np.sqrt(value * (1 - value) / len(passed)))


def roc_area(is_signal: NDArray[np.bool_], score: NDArray[np.floating]) -> tuple[float, float]:
    """Area under the ROC curve and its standard error (DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988) 837).

    Args:
        is_signal: Shape (n,), with at least one event of either kind.
        score: Shape (n,).
    """
    signal, background = np.sort(score[is_signal]), np.sort(score[~is_signal])
    # For each event, the share of the other kind that it is ordered rightly against; ties count half.
    beaten = _share_below(background, signal)
    beating = 1 - _share_below(signal, background)
    variance = beaten.var() / len(signal) + beating.var() / len(background)
    return float(beaten.mean()), float(np.sqrt(variance))


def _share_below(reference: NDArray[np.floating], values: NDArray[np.floating]) -> NDArray[np.float64]:
    below = np.searchsorted(reference, values, "left") + np.searchsorted(reference, values, "right")
    return below / (2 * len(reference))


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
    areas = {name: roc_area(truth == i, scores[:, i]) for i, name in enumerate(classes)}
    return {
        "accuracy": accuracy,
        "accuracy_error": float(np.sqrt(accuracy * (1 - accuracy) / len(truth))),
        "auc": {name: area for name, (area, _) in areas.items()},
        "auc_error": {name: error for name, (_, error) in areas.items()},
    }
