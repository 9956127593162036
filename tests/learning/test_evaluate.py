"""Metrics of classifiers and their statistical errors."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from l1ml.learning.evaluate import classifier_metrics, probabilities, roc_area


def scores(rng: np.random.Generator, signal: int, background: int, distance: float) -> tuple[NDArray, NDArray]:
    """Truth and scores of two exponential distributions, for which the error's formula is exact."""
    values = np.concatenate([rng.exponential(distance, signal), rng.exponential(1.0, background)])
    return np.repeat([1, 0], [signal, background]), values


@pytest.mark.parametrize(("signal", "background", "distance"), [(300, 900, 3.0), (150, 150, 8.0), (400, 200, 1.2)])
def test_the_error_of_an_auc_is_the_spread_of_repeated_experiments(
    signal: int, background: int, distance: float
) -> None:
    rng = np.random.default_rng(1)
    experiments = [scores(rng, signal, background, distance) for _ in range(300)]
    areas, errors = zip(*(roc_area(truth == 1, values) for truth, values in experiments), strict=True)
    assert areas == pytest.approx([roc_auc_score(truth, values) for truth, values in experiments])
    # 300 experiments know their spread to 1/sqrt(2 * 300) = 4 %; four times that.
    assert np.mean(errors) == pytest.approx(np.std(areas), rel=0.16)


def test_the_error_of_an_auc_is_that_of_a_bootstrap_of_one_experiment() -> None:
    rng = np.random.default_rng(2)
    truth, values = scores(rng, 400, 600, 3.0)
    picks = (rng.integers(0, len(truth), len(truth)) for _ in range(200))
    spread = np.std([roc_auc_score(truth[pick], values[pick]) for pick in picks])
    assert roc_area(truth == 1, values)[1] == pytest.approx(spread, rel=0.2)


def test_area_with_ties() -> None:
    # 3 × 2 pairs: four ordered rightly, one tie, one wrong.
    signal = np.array([True, True, True, False, False])
    value, error = roc_area(signal, np.array([3.0, 2.0, 1.0, 2.0, 0.5]))
    assert value == pytest.approx(4.5 / 6)
    assert error > 0


def test_a_perfect_classifier_has_auc_one_without_error() -> None:
    truth = np.array([0, 1, 2, 0, 1, 2])
    metrics = classifier_metrics(truth, 10 * np.eye(3)[truth], ["a", "b", "c"])
    assert metrics["accuracy"] == 1
    assert metrics["auc"] == {"a": 1, "b": 1, "c": 1}
    assert metrics["accuracy_error"] == 0
    assert metrics["auc_error"] == {"a": 0, "b": 0, "c": 0}


def test_logits_that_know_nothing_have_auc_one_half() -> None:
    rng = np.random.default_rng(3)
    metrics = classifier_metrics(rng.integers(0, 3, 3000), rng.normal(size=(3000, 3)), ["a", "b", "c"])
    assert abs(metrics["accuracy"] - 1 / 3) < 4 * metrics["accuracy_error"]
    for name in ("a", "b", "c"):
        assert abs(metrics["auc"][name] - 0.5) < 4 * metrics["auc_error"][name]


def test_the_error_of_the_accuracy_is_binomial() -> None:
    truth = np.arange(400) % 2
    guesses = np.where(np.arange(400) < 300, truth, 1 - truth)
    metrics = classifier_metrics(truth, np.eye(2)[guesses], ["a", "b"])
    assert metrics["accuracy"] == 0.75
    assert metrics["accuracy_error"] == pytest.approx(np.sqrt(0.75 * 0.25 / 400))


def test_probabilities_are_positive_sum_to_one_and_survive_large_logits() -> None:
    logits = np.array([[1e4, 0.0, -1e4], [3.0, 3.0, 3.0]], dtype=np.float32)
    found = probabilities(logits)
    np.testing.assert_allclose(found, [[1, 0, 0], [1 / 3, 1 / 3, 1 / 3]])
    assert np.array_equal(probabilities(logits + 5), found)
