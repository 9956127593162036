"""Simulation of electron and jet candidates: physics, same file however run, clear errors."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from l1ml.datasets import chunks, generator
from l1ml.errors import L1mlError
from l1ml.triggers.electron_rings import data as rings
from l1ml.triggers.electron_rings import events as ring_events
from l1ml.triggers.electron_rings import generator as ring_generator
from l1ml.triggers.electron_rings.data import CLASSES, layer_slices
from l1ml.triggers.electron_rings.generator import generate
from l1ml.triggers.electron_rings.ring_builder import cluster_et, hottest

needs_generators = pytest.mark.skipif(
    importlib.util.find_spec("pythia8mc") is None or importlib.util.find_spec("awkward") is None,
    reason="needs the extra l1ml[generate]",
)
NO_PILEUP = (0.0, 0.0)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small file made by one worker in one go."""
    return generate(5, tmp_path_factory.mktemp("made") / "rings.npz", seed=5, pileup=NO_PILEUP, workers=1)


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


@needs_generators
def test_file_has_the_documented_content(made: Path) -> None:
    data = rings.load(made)
    assert np.bincount(data.labels).tolist() == [3, 2]
    assert [p.name for p in made.parent.iterdir()] == ["rings.npz"]
    assert np.abs(np.mod(data.rings / 1000 / ring_generator.STEP, 1)).max() == 0
    with np.load(made) as file:
        assert file["rings"].dtype == np.float16
        assert file["labels"].dtype == np.int8
        assert int(file["seed"]) == 5
        assert file["chunk_seeds"][:, 0].tolist() == [0, 1]
        provenance = str(file["provenance"])
    for word in ("pythia8mc", "pTHatMin", "radiation_lengths", "h_over_e", '"pileup": [0.0, 0.0]'):
        assert word in provenance


@needs_generators
def test_same_file_for_more_workers_and_after_an_interruption(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "new" / "rings.npz"
    run = chunks._run

    def interrupted(todo: list, *args: object) -> None:
        run(todo[:1], *args)
        raise KeyboardInterrupt

    monkeypatch.setattr(chunks, "_run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        generate(5, out, seed=5, pileup=NO_PILEUP, workers=2)
    parts = out.with_name("rings.npz.parts")
    assert not out.exists()
    assert {p.name for p in parts.iterdir()} == {"jet-00000.npz"}
    # One of another seed must be made again, not used.
    np.savez(parts / "electron-00000.npz", rings=np.zeros((2, 100), np.float16), identity=np.array("other"))

    resumed: list[chunks.Chunk] = []
    monkeypatch.setattr(chunks, "_run", lambda todo, *args: (resumed.extend(todo), run(todo, *args)))
    generate(5, out, seed=5, pileup=NO_PILEUP, workers=2)
    assert [chunk.class_name for chunk in resumed] == ["electron"]
    assert out.read_bytes() == made.read_bytes()


@needs_generators
@pytest.mark.parametrize(
    ("n", "name", "seed", "pileup", "workers", "message"),
    [
        (1, "a.npz", 1, NO_PILEUP, None, "at least 2"),
        (10, "a.npz", -1, NO_PILEUP, None, "seed is -1"),
        (10, "a.npz", 1, (5.0, 4.0), None, "pile-up is 5.0 to 4.0"),
        (10, "a.npz", 1, (0.0, float("nan")), None, "pile-up is 0.0 to nan"),
        (10, "a.npz", 1, NO_PILEUP, 0, "0 workers"),
        (10, "a.csv", 1, NO_PILEUP, None, "ends in .npz"),
        (10, "folder.npz", 1, NO_PILEUP, None, "is a folder"),
        (10, "file/a.npz", 1, NO_PILEUP, None, "cannot write"),
    ],
)
def test_rejects_arguments(
    tmp_path: Path,
    n: int,
    name: str,
    seed: int,
    pileup: tuple[float, float],
    workers: int | None,
    message: str,
) -> None:
    (tmp_path / "folder.npz").mkdir()
    (tmp_path / "file").write_text("")
    with pytest.raises(L1mlError, match=message):
        generate(n, tmp_path / name, seed=seed, pileup=pileup, workers=workers)


def test_missing_package_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generator.util, "find_spec", lambda name: None)
    with pytest.raises(L1mlError, match=r"pythia8mc.*pip install 'l1ml\[generate\]'"):
        generate(10, tmp_path / "a.npz", seed=1)


def test_every_class_has_a_process() -> None:
    assert set(ring_events.PROCESSES) == {*CLASSES, "pileup"}
