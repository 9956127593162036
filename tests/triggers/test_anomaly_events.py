"""Simulation of trigger events: detector, physics, pile-up, shares of the cocktail."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from l1ml.triggers.anomaly_vae import detector as anomaly_detector
from l1ml.triggers.anomaly_vae import events as anomaly_events
from l1ml.triggers.anomaly_vae import generator as anomaly_generator
from l1ml.triggers.anomaly_vae.data import PROCESSES
from l1ml.triggers.anomaly_vae.detector import CELL, Particles, deposits, detect

needs_generators = pytest.mark.skipif(
    importlib.util.find_spec("pythia8mc") is None or importlib.util.find_spec("fastjet") is None,
    reason="needs the extra l1ml[generate]",
)


def _event(*particles: tuple[int, float, float, float]) -> Particles:
    """One event of particles: code, pT, η, φ."""
    pdg, *rest = np.array(particles).T
    return Particles(np.zeros(len(pdg), np.int64), pdg.astype(np.int64), *rest)


def _detected(*particles: tuple[int, float, float, float], seed: int = 0) -> anomaly_detector.Detected:
    event = _event(*particles)
    return detect(event, deposits(event), 1, np.random.default_rng(seed))


@pytest.fixture(scope="module")
def pool() -> anomaly_events.Pool:
    """Some collisions of pile-up."""
    return anomaly_events.simulate_pool(1, size=60)


@pytest.fixture(scope="module")
def simulated(pool: anomaly_events.Pool) -> dict[str, np.ndarray]:
    """Some events of each process with little pile-up, shape (n, 19, 3)."""
    rows = {}
    for name in ("w_to_lnu", "qcd", "ttbar", "a_to_4l"):
        found = anomaly_events.simulate(name, 40, pythia_seed=3, pool=pool, rng=np.random.default_rng(1), pileup=2.0)
        rows[name] = found.reshape(-1, 19, 3)
    return rows


def test_charged_particles_bend_and_soft_ones_curl() -> None:
    hits = deposits(
        _event((211, 5, 0, 1), (-211, 5, 0, 1), (22, 5, 0, 1), (211, 0.6, 0, 1), (13, 50, 0, 1), (12, 9, 0, 1))
    )
    turn = 2 * np.pi / 144
    assert len(hits.et) == 3
    assert hits.phi[2] == int(1 / turn)
    bend = np.arcsin(0.3 * 3.8 * 1.29 / 2 / 5) / turn
    assert hits.phi[0] - hits.phi[2] == pytest.approx(-bend, abs=1)
    assert hits.phi[1] - hits.phi[2] == pytest.approx(bend, abs=1)
    assert hits.electromagnetic.tolist() == [False, False, True]


def test_particles_beyond_the_calorimeter_are_lost() -> None:
    assert len(deposits(_event((22, 5, 4.94, 0), (22, 5, -4.94, 0), (22, 5, 4.97, 0), (22, 5, -4.97, 0))).et) == 2


@needs_generators
def test_a_photon_is_an_eg_and_a_jet_and_is_balanced_by_met() -> None:
    met, eg, _, mu, jet = (_detected((22, 60, 0.7, 2.0)).objects[0, k] for k in (0, 1, 2, 5, 9))
    for found in (eg, jet):
        assert found == pytest.approx([60, 0.7, 2.0], rel=0.1)
    assert met[0] == pytest.approx(60, rel=0.1)
    assert np.mod(met[2] - 2.0, 2 * np.pi) == pytest.approx(np.pi, abs=2 * CELL)
    assert not mu.any()


@needs_generators
def test_hadrons_are_no_eg_and_photons_are_no_leptons() -> None:
    found = _detected((211, 60, 0.7, 2.0), (22, 40, -1.0, 0.0))
    assert found.objects[0, 1:5, 0].astype(bool).tolist() == [True, False, False, False]
    assert found.objects[0, 1, 1] < 0
    assert found.lepton_pt[0] == 0
    assert _detected((11, 40, -1.0, 0.0)).lepton_pt[0] == pytest.approx(40, rel=0.1)


@needs_generators
def test_an_electron_in_a_jet_is_no_eg() -> None:
    alone, inside = (_detected((11, 30, 0.5, 1.0), (130, pt, 0.5, 1.0 + 0.015)) for pt in (0.2, 30))
    assert alone.lepton_pt[0] > 25
    assert inside.lepton_pt[0] == 0


@needs_generators
def test_muons_are_smeared_and_sometimes_lost() -> None:
    pts = np.array([_detected((13, 40, 0.3, 1.0), seed=k).lepton_pt[0] for k in range(60)])
    seen = pts[pts > 0]
    assert 48 <= len(seen) < 61
    assert np.median(seen) == pytest.approx(40, rel=0.08)
    assert 0.08 < np.std(np.log(seen)) < 0.22


@needs_generators
def test_events_have_what_their_process_makes(simulated: dict[str, np.ndarray]) -> None:
    count = {name: (rows[..., 0] > 0) for name, rows in simulated.items()}
    for name, rows in simulated.items():
        assert rows.shape == (40, 19, 3), name
        assert (rows[:, [1, 5], 0].max(axis=1) >= 46).all()  # 23 GeV
    jets = {name: some[:, 9:].sum(axis=1).mean() for name, some in count.items()}
    assert jets["ttbar"] > jets["qcd"] + 1 > jets["w_to_lnu"] + 1
    assert count["a_to_4l"][:, 5:9].sum() > 2 * count["w_to_lnu"][:, 5:9].sum()
    met = {name: np.median(rows[:, 0, 0]) for name, rows in simulated.items()}
    assert met["w_to_lnu"] > met["a_to_4l"]


@needs_generators
def test_pileup_adds_objects(simulated: dict[str, np.ndarray], pool: anomaly_events.Pool) -> None:
    busy = anomaly_events.simulate("w_to_lnu", 40, pythia_seed=3, pool=pool, rng=np.random.default_rng(1), pileup=40.0)
    assert (busy.reshape(-1, 19, 3)[..., 0] > 0).sum() > 1.2 * (simulated["w_to_lnu"][..., 0] > 0).sum()


@needs_generators
def test_decays_again_give_leptons_and_keep_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    process = anomaly_events.PROCESSES["qcd"]
    pythia = anomaly_events._pythia((anomaly_events._NO_MPI, *process.settings), 1)
    found = {}
    for tries in (1, 10):
        found[tries] = sum(anomaly_events._next_with_lepton(pythia, tries) for _ in range(150))
    assert found[10] > 2 * found[1]
    while not anomaly_events._next_with_lepton(pythia, 10):
        pass
    event = pythia.event
    final = [event[i] for i in range(event.size()) if event[i].isFinal()]
    assert not {p.idAbs() for p in final} & set(anomaly_events._LATE)
    assert abs(sum(p.e() for p in final) - 13_000) < 1  # nothing of the tries before is left


@needs_generators
def test_other_seed_gives_other_events(pool: anomaly_events.Pool) -> None:
    rows = [
        anomaly_events.simulate("ttbar", 3, pythia_seed=seed, pool=pool, rng=np.random.default_rng(0), pileup=0.0)
        for seed in (1, 1, 2)
    ]
    assert np.array_equal(rows[0], rows[1])
    assert not np.array_equal(rows[0], rows[2])


def test_sizes_follow_the_cocktail() -> None:
    sizes = anomaly_generator.sizes(125_000)
    assert list(sizes) == list(PROCESSES) == list(anomaly_events.PROCESSES)
    assert list(sizes.values()) == [62_160, 35_490, 7035, 315, 5000, 5000, 5000, 5000]
    for n in (20, 21, 50, 999):
        assert sum(anomaly_generator.sizes(n).values()) == n
        assert min(anomaly_generator.sizes(n).values()) > 0
