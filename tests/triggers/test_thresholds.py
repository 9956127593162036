"""Thresholds that move with pile-up, in bins of ET and eta."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from l1ml.errors import L1mlError
from l1ml.triggers.electron_rings.thresholds import Candidates, ThresholdTable, bin_of, fit

EFFICIENCIES = {"tight": 0.8, "loose": 0.95}
ET_EDGES, ETA_EDGES = (10.0, 20.0, 40.0), (0.0, 1.0, 2.5)


def electrons(rng: np.random.Generator, n: int) -> tuple[np.ndarray, Candidates]:
    """Scores that fall with pile-up, and differ from bin to bin."""
    of = Candidates(rng.uniform(10, 60, n), rng.uniform(-2.5, 2.5, n), rng.uniform(0, 200, n))
    return rng.normal(0, 1, n) + of.et / 20 - 0.01 * of.pileup * (1 + (np.abs(of.eta) > 1)), of


@pytest.fixture(scope="module")
def table() -> ThresholdTable:
    return fit(*electrons(np.random.default_rng(1), 12_000), EFFICIENCIES, ET_EDGES, ETA_EDGES)


def test_each_bin_has_its_efficiency_whatever_the_pile_up(table: ThresholdTable) -> None:
    score, of = electrons(np.random.default_rng(2), 20_000)
    passed = table.decide(score, of)
    for low, high in ((10, 20), (20, 40), (40, 60)):
        for busy in (of.pileup < 50, of.pileup > 150):
            chosen = (of.et >= low) & (of.et < high) & busy
            for k, asked in enumerate(EFFICIENCIES.values()):
                # 4 standard deviations of about 1200 electrons, and as much again for the fit.
                error = np.sqrt(asked * (1 - asked) / chosen.sum())
                assert np.mean(passed[chosen, k]) == pytest.approx(asked, abs=8 * error)


def test_slopes_are_those_of_the_scores(table: ThresholdTable) -> None:
    np.testing.assert_allclose(table.slope[:, :, 0], -0.01, atol=0.004)
    np.testing.assert_allclose(table.slope[:, :, 1], -0.02, atol=0.004)


def test_edges_belong_to_the_bin_above_and_nothing_is_outside_to_the_right_of_an_open_one() -> None:
    values = np.array([-0.1, 0.0, 0.99, 1.0, 2.49, 2.5, 9.0])
    np.testing.assert_array_equal(bin_of(values, (0.0, 1.0, 2.5)), [-1, 0, 0, 1, 1, -1, -1])
    np.testing.assert_array_equal(bin_of(values, (0.0, 1.0, np.inf)), [-1, 0, 0, 1, 1, 1, 1])


def test_outside_of_the_bins_nothing_fires(table: ThresholdTable) -> None:
    of = Candidates(np.array([9.99, 5000.0, 30.0, 30.0]), np.array([0.5, 0.5, -2.5, 2.4]), np.zeros(4))
    np.testing.assert_array_equal(table.decide(np.full(4, 1e3), of)[:, 0], [False, True, False, True])


def test_a_bin_with_too_few_electrons_is_named() -> None:
    score, of = electrons(np.random.default_rng(3), 3000)
    few = replace(of, et=np.where((of.et > 40) & (np.abs(of.eta) < 1), 15.0, of.et))
    with pytest.raises(L1mlError, match=r"ET 40 GeV and \|eta\| 0 has 0 electrons, a threshold needs 50; take fewer"):
        fit(score, few, EFFICIENCIES, ET_EDGES, ETA_EDGES)
