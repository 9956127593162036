"""Simulation of electron and jet candidates: physics, pile-up, windows of cells."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from l1ml.triggers.electron_rings import events as ring_events
from l1ml.triggers.electron_rings.data import CLASSES, layer_slices
from l1ml.triggers.electron_rings.ring_builder import cluster_et, hottest

needs_generators = pytest.mark.skipif(
    importlib.util.find_spec("pythia8mc") is None or importlib.util.find_spec("awkward") is None,
    reason="needs the extra l1ml[generate]",
)
NO_PILEUP = (0.0, 0.0)


@pytest.fixture(scope="module")
def simulated() -> dict[str, ring_events.Candidates]:
    """Candidates of both classes without pile-up."""
    rng = np.random.default_rng(3)
    return {name: ring_events.simulate(name, 100, pythia_seed=9, rng=rng) for name in CLASSES}


def _shares(found: ring_events.Candidates) -> dict[str, np.ndarray]:
    total = found.rings.sum(axis=1)
    return {layer: found.rings[:, columns].sum(axis=1) / total for layer, columns in layer_slices().items()}


@needs_generators
def test_candidates_are_what_was_asked_for(simulated: dict[str, ring_events.Candidates]) -> None:
    for found in simulated.values():
        assert found.rings.shape == (100, 100)
        assert (found.et > ring_events.ET_MIN).all()
        assert (np.abs(found.eta) < ring_events.ETA_MAX).all()
        assert (found.pileup == 0).all()
        assert all(np.isfinite(getattr(found, name)).all() for name in ("rings", "et", "eta"))


@needs_generators
def test_electrons_look_like_electrons_and_jets_like_jets(simulated: dict[str, ring_events.Candidates]) -> None:
    electron, jet = (_shares(simulated[name]) for name in ("electron", "jet"))
    assert 30e3 < np.median(simulated["electron"].et) < 42e3  # half the mass of the Z
    assert np.median(electron["em1"] + electron["em2"]) > 0.97
    assert 0.6 < np.median(jet["em1"] + jet["em2"]) < 0.9
    assert np.median(jet["had1"]) > 0.05 > 0.01 > np.median(np.abs(electron["had1"]))
    core = {name: found.rings[:, 72] / found.rings.sum(axis=1) for name, found in simulated.items()}
    assert np.median(core["electron"]) > 2 * np.median(core["jet"])


@needs_generators
def test_pileup_cancels_on_average_and_adds_noise(
    simulated: dict[str, ring_events.Candidates], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ring_events, "POOL_EVENTS", 100)
    monkeypatch.setattr(ring_events, "_EVENTS_PER_BATCH", 35)
    found = ring_events.simulate("electron", 40, pythia_seed=9, rng=np.random.default_rng(3), pileup=(120.0, 180.0))
    assert found.pileup.min() >= 120
    assert found.pileup.max() <= 180
    outer = slice(76, 80)  # EM2, away from the electron
    clean, noisy = simulated["electron"].rings[:, outer], found.rings[:, outer]
    assert noisy.std() > 1.5 * clean.std()
    assert abs(np.median(noisy)) < 200  # MeV; 150 collisions alone would bring some 1000


@needs_generators
def test_windows_hold_the_cells_of_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ring_events, "_COMMON", (*ring_events._COMMON, "PartonLevel:MPI = off"))
    batches = ring_events.windows("electron", 1, pythia_seed=4, rng=np.random.default_rng(0), pileup=NO_PILEUP)
    cells, eta, phi, _ = next(batches)
    et = cluster_et(cells, hottest(cells, eta, phi))
    assert len(cells) == len(eta) == len(phi)
    assert np.mean(et > 10_000) > 0.8


@needs_generators
def test_other_seed_gives_other_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ring_events, "_COMMON", (*ring_events._COMMON, "PartonLevel:MPI = off"))  # starts faster
    found = [
        ring_events.simulate("electron", 2, pythia_seed=seed, rng=np.random.default_rng(0)).rings for seed in (1, 1, 2)
    ]
    assert np.array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])


def test_every_class_has_a_process() -> None:
    assert set(ring_events.PROCESSES) == {*CLASSES, "pileup"}
