"""The parametric detector."""

from __future__ import annotations

import numpy as np
import pytest

from l1ml.triggers.jet_tagger.detector import Detector
from l1ml.triggers.jet_tagger.features import four_momenta

PION, PHOTON, NEUTRON, NEUTRINO, MUON = 211, 22, 2112, -14, 13


def _measure(pdg: list[int], p4: np.ndarray, event: list[int] | None = None) -> tuple[np.ndarray, np.ndarray]:
    events = np.array([0] * len(pdg) if event is None else event)
    return Detector().measure(np.array(pdg), p4, events, np.random.default_rng(0))


def _particles(pt: list[float], eta: list[float], phi: list[float]) -> np.ndarray:
    return four_momenta(np.array(pt), np.array(eta), np.array(phi))


def _eta(p4: np.ndarray) -> np.ndarray:
    return np.arcsinh(p4[:, 2] / np.hypot(p4[:, 0], p4[:, 1]))


def test_loses_neutrinos_and_what_is_outside() -> None:
    p4 = _particles([50, 50, 50, 50], [0, 3.5, -3.5, 1.0], [0, 1, 2, 3])
    measured, event = _measure([NEUTRINO, PION, PHOTON, MUON], p4)
    assert len(measured) == len(event) == 1
    assert _eta(measured)[0] == pytest.approx(1.0)


def test_tracks_keep_their_direction() -> None:
    p4 = _particles([100.0] * 500, [0.7] * 500, [2.0] * 500)
    measured, _ = _measure([PION] * 500, p4)
    assert _eta(measured) == pytest.approx(0.7)
    scale = measured[:, 3] / p4[:, 3]
    assert scale.mean() == pytest.approx(1.0, abs=0.01)
    assert scale.std() == pytest.approx(np.hypot(0.025, 0.015), rel=0.15)


@pytest.mark.parametrize(
    ("pdg", "pt", "pitch"), [(PHOTON, 100.0, 0.0175), (NEUTRON, 100.0, 0.022), (PION, 300.0, 0.022)]
)
def test_cells_snap_to_the_grid(pdg: int, pt: float, pitch: float) -> None:
    measured, _ = _measure([pdg], _particles([pt], [0.7], [2.0]))
    eta = _eta(measured)[0]
    phi = np.arctan2(measured[0, 1], measured[0, 0])
    assert abs(eta - 0.7) <= pitch / 2
    assert abs(phi - 2.0) <= pitch / 2
    assert ((eta + 3.0) / pitch) % 1 == pytest.approx(0.5)
    assert (phi / pitch) % 1 == pytest.approx(0.5)
    assert measured[0, 3] ** 2 == pytest.approx((measured[0, :3] ** 2).sum())


def test_a_cell_adds_the_energies_of_one_event() -> None:
    p4 = _particles([400.0] * 4, [0.001] * 4, [0.002] * 4)
    measured, event = _measure([PHOTON] * 4, p4, [1, 0, 1, 1])
    assert event.tolist() == [0, 1]
    assert measured[0, 3] == pytest.approx(400.0, rel=0.05)
    assert measured[1, 3] == pytest.approx(1200.0, rel=0.05)


def test_drops_what_is_measured_below_the_threshold() -> None:
    p4 = _particles([0.3, 0.3, 0.8], [0.0, 1.0, 1.0], [0.0, 1.0, 2.0])
    measured, event = _measure([PION, PION, PION], p4, [0, 1, 1])
    assert len(measured) == 1
    assert event.tolist() == [1]


def test_photon_without_energy_is_harmless() -> None:
    p4 = np.concatenate([np.zeros((1, 4)), _particles([50.0], [0.0], [0.0])])
    measured, _ = _measure([PHOTON, PHOTON], p4)
    assert len(measured) == 1
    assert np.isfinite(measured).all()


def test_depends_on_the_seed_alone() -> None:
    p4 = _particles([5.0, 20.0, 80.0], [0.0, 0.5, 1.0], [0.0, 1.0, 2.0])
    first, _ = _measure([PION, PHOTON, NEUTRON], p4)
    again, _ = _measure([PION, PHOTON, NEUTRON], p4)
    assert np.array_equal(first, again)
