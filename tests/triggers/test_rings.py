"""The ring data set type, the readers and the shipped sample."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from shared_data import SHARED

from l1ml.errors import L1mlError
from l1ml.triggers.electron_rings import data as rings
from l1ml.triggers.electron_rings import generator as ring_generator
from l1ml.triggers.electron_rings.data import CLASSES, RINGS, RingDataset, layer_slices, load_lorenzetti

REAL = SHARED / "rings" / "lorenzetti_rings.npz"

needs_sample = pytest.mark.skipif(not rings.sample_path().exists(), reason="samples/rings.npz has not been made here")


def _columns(n: int = 3, **changes: object) -> dict:
    columns = {
        "rings": np.ones((n, 100), np.float32),
        "et": np.full(n, 3e4),
        "eta": np.zeros(n),
        "pileup": np.full(n, 40),
        "labels": np.arange(n) % 2,
    }
    return {**columns, **changes}


def _lorenzetti(**changes: object) -> dict:
    arrays = {"cl_rings": np.ones((2, 100)), "cl_et": np.ones(2), "cl_eta": np.zeros(2), "label": np.array([0, 1])}
    return {name: value for name, value in {**arrays, **changes}.items() if value is not None}


def test_definition() -> None:
    assert len(RINGS) == 100
    assert (RINGS[0], RINGS[8], RINGS[71], RINGS[-1]) == ("ps_0", "em1_0", "em1_63", "had3_3")
    assert layer_slices()["had3"] == slice(96, 100)


def test_dataset_converts_types() -> None:
    data = RingDataset(**_columns(labels=np.array([0, 1, 1], np.int8)))
    assert len(data) == 3
    assert data.rings.dtype == data.et.dtype == data.eta.dtype == data.pileup.dtype == np.float32
    assert data.labels.dtype == np.int64


def test_candidates_without_or_with_negative_energy_are_valid() -> None:
    assert len(RingDataset(**_columns(rings=np.zeros((3, 100))))) == 3
    assert len(RingDataset(**_columns(rings=np.full((3, 100), -5.0)))) == 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rings": np.ones((3, 99))}, r"rings have shape \(3, 99\); give an array of shape \(n, 100\)"),
        ({"rings": np.ones(100)}, r"shape \(100,\)"),
        ({"rings": np.ones((0, 100))}, "no candidates"),
        ({"et": np.ones(2)}, r"et has shape \(2,\) for 3 candidates"),
        ({"labels": [0.0, 1.0, 0.0]}, "labels have type float64"),
        ({"labels": [0, 2, 0]}, "label of candidate 1 is 2"),
        ({"labels": [0, 1, -1]}, "label of candidate 2 is -1"),
        ({"rings": np.full((3, 100), np.nan)}, "ring ps_0 of candidate 0 is nan"),
        ({"rings": np.full((3, 100), 1e39)}, "ring ps_0 of candidate 0 is inf"),
        ({"eta": [0, np.nan, 0]}, "eta of candidate 1 is nan; drop or mend the 1 candidates"),
        ({"et": np.array(["a", "b", "c"])}, "et has type <U1; give numbers"),
        ({"pileup": None}, r"pileup has shape \(\) for 3 candidates"),
    ],
)
def test_dataset_rejects(changes: dict, message: str) -> None:
    with pytest.raises(L1mlError, match=message):
        RingDataset(**_columns(**changes))


def test_file_is_read_in_mev(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, **_columns(), ring_names=RINGS, class_names=CLASSES)
    data = rings.load(path)
    assert (data.rings == 1000).all()
    assert (data.et == 3e7).all()


@pytest.mark.parametrize("name", ["rings", "et", "eta", "pileup", "labels", "ring_names", "class_names"])
def test_missing_array_is_named(tmp_path: Path, name: str) -> None:
    arrays = {**_columns(), "ring_names": RINGS, "class_names": CLASSES}
    del arrays[name]
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(L1mlError, match=rf"a\.npz: no array '{name}'; make one with"):
        rings.load(tmp_path / "a.npz")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ring_names": RINGS[::-1]}, "ring_names differ"),
        ({"class_names": ("a", "b")}, "class_names differ"),
        ({"rings": np.ones((3, 99))}, r"a\.npz: rings have shape \(3, 99\)"),
        ({"rings": np.array(["x"])}, "rings has type <U1"),
        ({"eta": np.full(3, np.inf)}, r"a\.npz: eta of candidate 0 is inf"),
    ],
)
def test_bad_files_are_one_line_errors(tmp_path: Path, changes: dict, message: str) -> None:
    np.savez(tmp_path / "a.npz", **{**_columns(), "ring_names": RINGS, "class_names": CLASSES, **changes})
    with pytest.raises(L1mlError, match=message) as caught:
        rings.load(tmp_path / "a.npz")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("read", [rings.load, load_lorenzetti])
@pytest.mark.parametrize("content", [None, b"", b"nonsense", b"PK\x03\x04 cut"])
def test_damaged_or_no_file(tmp_path: Path, read, content: bytes | None) -> None:
    path = tmp_path / "a.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(L1mlError, match=r"a\.npz: (no such file|damaged or not an npz file)"):
        read(path)


def test_lorenzetti_columns(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, **_lorenzetti(avgmu=np.array([3.0, 4.0])))
    data = load_lorenzetti(path)
    assert data.labels.tolist() == [0, 1]
    assert data.pileup.tolist() == [3, 4]
    np.savez(path, **_lorenzetti(label=None))
    data = load_lorenzetti(path, label=1)
    assert data.labels.tolist() == [1, 1]
    assert data.pileup.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("changes", "label", "message"),
    [
        ({}, 1, "has labels of its own"),
        ({"label": None}, None, "give the label of its candidates"),
        ({"label": None}, 7, "label of candidate 0 is 7"),
        ({"cl_rings": None}, None, "no array rings_mev or cl_rings or rings; it holds cl_et"),
        ({"cl_eta": None}, None, "no array cl_eta"),
        ({"cl_rings": np.ones((2, 99))}, None, r"shape \(2, 99\)"),
        ({"cl_rings": np.float32(3)}, None, r"shape \(\)"),
        ({"cl_rings": np.full((2, 100), np.nan)}, None, "ring ps_0 of candidate 0 is nan"),
        ({"meta": np.ones((2, 3)), "meta_cols": np.array(["a", "b"])}, None, "one name per column"),
    ],
)
def test_lorenzetti_rejects(tmp_path: Path, changes: dict, label: int | None, message: str) -> None:
    np.savez(tmp_path / "a.npz", **_lorenzetti(**changes))
    with pytest.raises(L1mlError, match=message):
        load_lorenzetti(tmp_path / "a.npz", label)


@pytest.mark.skipif(not REAL.exists(), reason="the rings of the full simulation are not here")
def test_rings_of_the_full_simulation_are_read() -> None:
    data = load_lorenzetti(REAL)
    assert len(data) == 160
    assert np.bincount(data.labels).tolist() == [85, 75]
    assert 20e3 < np.median(data.et) < 40e3
    assert np.abs(data.eta).max() < 2.5
    assert (data.pileup > 100).all()
    share = data.rings[:, layer_slices()["em2"]].sum(axis=1) / data.rings.sum(axis=1)
    assert 0.4 < np.median(share) < 0.8


@needs_sample
def test_sample_is_as_its_readme_says() -> None:
    path = rings.sample_path()
    assert path.stat().st_size < 8_000_000
    data = rings.load()
    assert len(data) == 40_000
    assert np.bincount(data.labels).tolist() == [20_000, 20_000]
    assert (data.et > 9_900).all()
    assert np.abs(data.eta).max() < 2.48
    assert 0 <= data.pileup.min() < data.pileup.max() <= 200
    with np.load(path) as file:
        provenance = json.loads(str(file["provenance"]))
        assert int(file["seed"]) == 2024
    assert provenance["pileup"] == list(ring_generator.PILEUP)
    assert provenance["parameters"] == json.loads(json.dumps(ring_generator.provenance((0, 0))["parameters"]))


@needs_sample
def test_sample_separates_electrons_from_jets() -> None:
    data = rings.load()
    share = data.rings / np.maximum(np.abs(data.rings.sum(axis=1, keepdims=True)), 1.0)
    core = share[:, 72:74].sum(axis=1)
    electron, jet = core[data.labels == 1], core[data.labels == 0]
    assert np.median(electron) > 1.5 * np.median(jet)
