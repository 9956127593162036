"""Simulation of jets: another seed, decays of bosons, a process for each class."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from l1ml.triggers.jet_tagger import events as jet_events
from l1ml.triggers.jet_tagger.data import CLASSES

needs_generators = pytest.mark.skipif(
    importlib.util.find_spec("pythia8mc") is None or importlib.util.find_spec("fastjet") is None,
    reason="needs the extra l1ml[generate]",
)


@needs_generators
def test_other_seed_gives_other_jets() -> None:
    rows = [jet_events.simulate("w", 3, pythia_seed=seed, rng=np.random.default_rng(0)) for seed in (1, 1, 2)]
    assert np.array_equal(rows[0], rows[1])
    assert not np.array_equal(rows[0], rows[2])


@needs_generators
@pytest.mark.parametrize("name", ["w", "z"])
def test_bosons_decay_longitudinally_and_keep_their_momentum(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    process = jet_events.PROCESSES[name]
    monkeypatch.setattr(jet_events, "_COMMON", (*jet_events._COMMON, "PartonLevel:all = off", "HadronLevel:all = off"))
    hook = jet_events._longitudinal_decays(process, np.random.default_rng(0))
    pythia = jet_events._pythia(process, 1, hook)
    shares = []
    for _ in range(1000):
        pythia.next()
        event = pythia.process
        for boson in (event[i] for i in range(event.size())):
            if boson.status() == process.status and boson.idAbs() in process.pdg:
                first, second = event[boson.daughter1()], event[boson.daughter2()]
                off = first.p() + second.p() - boson.p()
                assert abs(off.e()) + off.pAbs() < 1e-6
                assert first.p().mCalc() == pytest.approx(first.m(), abs=1e-3)
                shares.append(first.pT() / (first.pT() + second.pT()))
    assert len(shares) == 2000
    # A longitudinal boson at high momentum splits it as 6 z (1 - z), with a variance of 1/20.
    assert np.mean(shares) == pytest.approx(0.5, abs=0.02)
    assert np.var(shares) == pytest.approx(0.05, abs=0.004)


def test_every_class_has_a_process() -> None:
    assert tuple(jet_events.PROCESSES) == CLASSES
