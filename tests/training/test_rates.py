"""Thresholds for rates, rates at thresholds, and efficiencies where little background is left."""

from __future__ import annotations

import numpy as np
import pytest

from l1ml.errors import L1mlError
from l1ml.training.anomaly import TARGET_FPR, efficiency_at_fpr, lowest_fpr
from l1ml.training.rates import FEWEST, input_rate, rate_at, threshold_for

FILLED = 2760
SCORES = np.random.default_rng(4).integers(0, 400, 20_000) / 8
EACH = input_rate(FILLED) / len(SCORES)


def test_crossings_of_filled_bunches() -> None:
    assert input_rate(3564) == 40_000
    assert input_rate(FILLED) == pytest.approx(30_976, abs=1)


@pytest.mark.parametrize("events", [FEWEST, 137, 9_000])
def test_a_threshold_is_the_lowest_whose_rate_is_no_more_than_asked(events: int) -> None:
    asked = (events + 0.5) * EACH
    threshold = threshold_for(SCORES, asked, FILLED, 1 / 8)
    assert rate_at(SCORES, threshold, FILLED)[0] <= asked < rate_at(SCORES, threshold - 1 / 8, FILLED)[0]


def test_a_threshold_off_any_grid_lets_exactly_so_many_fire() -> None:
    score = np.random.default_rng(5).random(5000).astype(np.float32)
    asked = 40.5 * input_rate(FILLED) / len(score)
    assert np.count_nonzero(score >= threshold_for(score, asked, FILLED)) == 40


@pytest.mark.parametrize("events", [FEWEST - 0.5, len(SCORES)])
def test_rates_of_too_few_or_of_all_events_are_refused(events: float) -> None:
    with pytest.raises(L1mlError, match="cannot be had from 20,000 background events"):
        threshold_for(SCORES, events * EACH, FILLED)


def test_a_rate_of_nothing_has_the_error_of_one_event() -> None:
    assert rate_at(SCORES, 1000.0, FILLED) == (0.0, EACH)


def test_the_lowest_false_positive_rate_is_what_the_background_can_tell() -> None:
    assert lowest_fpr(20_000) == FEWEST / 20_000
    assert lowest_fpr(10_000_000) == TARGET_FPR


def test_the_error_of_an_efficiency_holds_what_the_threshold_owes_to_few_background_events() -> None:
    rng = np.random.default_rng(6)
    found = []
    for _ in range(300):
        signal, background = rng.exponential(2.0, 1000), rng.exponential(1.0, 5000)
        found.append(efficiency_at_fpr(signal, background, 20 / 5000))
    values, errors = np.array(found).T
    assert values.mean() == pytest.approx((20 / 5000) ** 0.5, rel=0.05)  # exp(-t/2) where exp(-t) is the rate
    assert errors.mean() == pytest.approx(values.std(), rel=0.25)
    assert efficiency_at_fpr(np.zeros(100), rng.random(5000), 0.004)[1] > 0
