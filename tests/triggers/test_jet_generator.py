"""Generation of jet files: same bytes however run, and clear errors."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from l1ml.datasets import chunks, generator
from l1ml.errors import L1mlError
from l1ml.triggers.jet_tagger import data as jets
from l1ml.triggers.jet_tagger import events as jet_events
from l1ml.triggers.jet_tagger.data import CLASSES
from l1ml.triggers.jet_tagger.generator import MANTISSA_BITS, generate

N_JETS = 22

needs_generators = pytest.mark.skipif(
    importlib.util.find_spec("pythia8mc") is None or importlib.util.find_spec("fastjet") is None,
    reason="needs the extra l1ml[generate]",
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small file made by one worker in one go."""
    return generate(N_JETS, tmp_path_factory.mktemp("made") / "jets.npz", seed=5, workers=1)


@needs_generators
def test_file_has_the_documented_content(made: Path) -> None:
    data = jets.load(made)
    assert np.bincount(data.labels, minlength=5).tolist() == [5, 5, 4, 4, 4]
    assert np.array_equal(generator.round_mantissa(data.features, MANTISSA_BITS), data.features)
    assert not made.with_name("jets.npz.parts").exists()
    assert [p.name for p in made.parent.iterdir()] == ["jets.npz"]
    with np.load(made) as file:
        assert file["features"].dtype == np.float32
        assert file["labels"].dtype == np.int8
        assert int(file["seed"]) == 5
        assert file["chunk_seeds"][:, 0].tolist() == [0, 1, 2, 3, 4]
        provenance = str(file["provenance"])
    for word in ("pythia8mc", "fastjet", "pTHatMin", "jet_radius", "hcal_pitch"):
        assert word in provenance


@needs_generators
def test_same_file_for_more_workers_and_after_an_interruption(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "new" / "jets.npz"
    run = chunks._run

    def interrupted(todo: list, *args: object) -> None:
        run(todo[:2], *args)
        raise KeyboardInterrupt

    monkeypatch.setattr(chunks, "_run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        generate(N_JETS, out, seed=5, workers=2)
    parts = out.with_name("jets.npz.parts")
    assert not out.exists()
    assert {p.name for p in parts.iterdir()} == {"g-00000.npz", "q-00000.npz"}
    # A part cut short and one of another seed must be made again, not used.
    (parts / "q-00000.npz").write_bytes((parts / "q-00000.npz").read_bytes()[:-50])
    np.savez(parts / "w-00000.npz", features=np.zeros((4, 16), np.float32), identity=np.array("other"))

    resumed = []
    monkeypatch.setattr(chunks, "_run", lambda todo, *args: (resumed.extend(todo), run(todo, *args)))
    generate(N_JETS, out, seed=5, workers=2)
    assert [CLASSES[chunk.label] for chunk in resumed] == ["q", "w", "z", "t"]
    assert out.read_bytes() == made.read_bytes()


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


@needs_generators
@pytest.mark.parametrize(
    ("n_jets", "name", "seed", "workers", "message"),
    [
        (4, "a.npz", 1, None, "at least 5"),
        (10, "a.npz", -1, None, "seed is -1"),
        (10, "a.npz", 1, 0, "0 workers"),
        (10, "a.csv", 1, None, "ends in .npz"),
        (10, "folder.npz", 1, None, "is a folder"),
        (10, "file/a.npz", 1, None, "cannot write"),
    ],
)
def test_rejects_arguments(
    tmp_path: Path, n_jets: int, name: str, seed: int, workers: int | None, message: str
) -> None:
    (tmp_path / "folder.npz").mkdir()
    (tmp_path / "file").write_text("")
    with pytest.raises(L1mlError, match=message):
        generate(n_jets, tmp_path / name, seed=seed, workers=workers)


@pytest.mark.parametrize("package", ["pythia8mc", "fastjet"])
def test_missing_package_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(generator.util, "find_spec", lambda name: None if name == package else find("numpy"))
    with pytest.raises(L1mlError, match=rf"{package}.*pip install 'l1ml\[generate\]'"):
        generate(10, tmp_path / "a.npz", seed=1)
