"""Thresholds for rates, rates at thresholds, and efficiencies where little background is left."""

from __future__ import annotations

import numpy as np
import pytest

from l1ml.errors import L1mlError
from l1ml.triggers.anomaly_vae.merit import TARGET_FPR, efficiency_at_fpr, efficiency_limit, lowest_fpr
from l1ml.triggers.anomaly_vae.rates import FEWEST, input_rate, rate_at, threshold_error, threshold_for

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


@pytest.mark.parametrize(("fpr", "background"), [(1e-3, 400), (0.01, 2000)])
def test_the_limit_on_an_efficiency_holds_in_95_of_100_experiments(fpr: float, background: int) -> None:
    rng = np.random.default_rng(8)
    truth = fpr**0.5  # exp(-t/2) above the threshold t, where exp(-t) is the rate
    limits = np.array(
        [efficiency_limit(rng.exponential(2.0, 500), rng.exponential(1.0, background), fpr) for _ in range(300)]
    )
    assert np.mean(limits >= truth) >= 0.95
    assert np.median(limits) < 15 * truth  # it says something


def test_the_limit_needs_no_background_event_above_the_threshold() -> None:
    background, signal = np.arange(42_000.0), np.full(5000, 1e6)
    assert efficiency_limit(signal, background, 1e-5) == 1.0
    # Three events or more exceed the threshold in 0.9 % of the experiments, two in 6.7 %: so the third highest counts.
    signal = np.array([41_997.0] * 4990 + [41_997.5] * 10)
    assert efficiency_limit(signal, background, 1e-5) == pytest.approx(
        0.0035, abs=2e-4
    )  # 17.4 events where 10 are found
    assert efficiency_limit(signal, background[:3], 0.9) == 1.0  # three events tell nothing of a rate of 90 %


def test_the_error_of_a_threshold_is_how_it_varies_from_sample_to_sample() -> None:
    rng = np.random.default_rng(9)
    asked = 40.5 * input_rate(FILLED) / 5000
    samples = [rng.exponential(1.0, 5000) for _ in range(300)]
    found = np.array([threshold_for(s, asked, FILLED) for s in samples])
    errors = np.array([threshold_error(s, asked, FILLED) for s in samples])
    assert errors.mean() == pytest.approx(found.std(), rel=0.15)
    with pytest.raises(L1mlError, match="cannot be had from 5,000 background events"):
        threshold_error(samples[0], asked / 10, FILLED)
