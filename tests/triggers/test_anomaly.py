"""The data set of trigger events, its readers and the shipped sample."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
from shared_data import SHARED

from l1ml.errors import L1mlError
from l1ml.triggers.anomaly_vae import data as anomaly
from l1ml.triggers.anomaly_vae import generator as anomaly_generator
from l1ml.triggers.anomaly_vae import public as public_anomaly
from l1ml.triggers.anomaly_vae.data import CLASSES, COCKTAIL, PROCESSES, UNKNOWN, AnomalyDataset, labels_of
from l1ml.triggers.anomaly_vae.hardware_objects import INPUTS, kind_slices
from l1ml.triggers.anomaly_vae.public import load_public

REAL = SHARED / "cms_l1" / "axol1tl_v3.npz"

needs_sample = pytest.mark.skipif(
    not anomaly.sample_path().exists(), reason="samples/anomaly.npz has not been made here"
)


def _columns(n: int = 8, **changes: object) -> dict:
    columns = {
        "objects": np.ones((n, 57), np.int16) * (np.array(INPUTS) != "met_eta"),
        "labels": labels_of(np.arange(n) % len(PROCESSES)),
        "processes": np.arange(n) % len(PROCESSES),
    }
    return {**columns, **changes}


def _file(**changes: object) -> dict:
    arrays = {
        "objects": np.zeros((2, 57), np.int16),
        "labels": np.array([0, 5], np.int8),
        "input_names": INPUTS,
        "class_names": PROCESSES,
    }
    return {name: value for name, value in {**arrays, **changes}.items() if value is not None}


def _particles(n: int = 3) -> np.ndarray:
    """Events with MET, two e/γ, a muon and three jets, in the form of the benchmark."""
    values = np.zeros((n, 19, 4), np.float32)
    values[:, 0] = (20.2, 0.0, -0.1, 1)
    values[:, 1:3] = [(30.0, 1.0, 0.5, 2), (8.0, -1.0, -0.5, 2)]
    values[:, 5] = (40.0, 0.5, 3.1, 3)
    values[:, 9:12] = [(50.0, 3.5, -3.1, 4), (25.0, -0.4, 2.0, 4), (16.0, 0.0, 0.0, 4)]
    return values


def _written(path: Path, values: np.ndarray, name: str = "Particles") -> Path:
    with h5py.File(path, "w") as file:
        file[name] = values
    return path


def test_definition() -> None:
    assert sum(COCKTAIL.values()) == pytest.approx(1.0)
    assert labels_of(np.arange(len(PROCESSES))).tolist() == [0, 0, 0, 0, 1, 2, 3, 4]
    assert [PROCESSES[k] for k in (0, 3, 4, 7)] == ["w_to_lnu", "ttbar", "a_to_4l", "hpm_to_taunu"]


def test_dataset_converts_types_and_shapes() -> None:
    data = AnomalyDataset(**_columns(objects=np.zeros((8, 19, 3), np.int32), processes=np.full(8, UNKNOWN)))
    assert len(data) == 8
    assert data.objects.shape == (8, 57)
    assert data.objects.dtype == np.int16
    assert data.labels.dtype == data.processes.dtype == np.int64


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"objects": np.zeros((8, 56))}, r"shape \(8, 56\)"),
        ({"objects": np.zeros((0, 57))}, "no events"),
        ({"objects": np.full((8, 57), 0.5)}, r"met_pt of event 0 is 0\.5; give whole numbers"),
        ({"objects": np.full((8, 57), 600)}, "met_eta of event 0 is 600"),
        ({"labels": np.zeros(7, int)}, r"labels have shape \(7,\) for 8 events"),
        ({"labels": np.zeros(8)}, "labels have type float64"),
        ({"labels": np.full(8, 5)}, "label of event 0 is 5; give 0 to 4"),
        ({"processes": np.full(8, 8)}, "process of event 0 is 8; give -1 to 7"),
        ({"processes": np.zeros(8)}, "processes have type float64"),
        ({"processes": np.zeros(8, int)}, "event 4 of process w_to_lnu is labelled a_to_4l"),
    ],
)
def test_dataset_rejects(changes: dict, message: str) -> None:
    with pytest.raises(L1mlError, match=message):
        AnomalyDataset(**_columns(**changes))


def test_file_is_read(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **_file())
    data = anomaly.load(tmp_path / "a.npz")
    assert data.labels.tolist() == [0, 2]
    assert data.processes.tolist() == [0, 5]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"objects": None}, "no array 'objects'; make one with `l1ml data generate anomaly`"),
        ({"labels": None}, "no array 'labels'"),
        ({"input_names": INPUTS[::-1]}, "input_names differ"),
        ({"class_names": CLASSES}, "class_names differ"),
        ({"objects": np.zeros((2, 50))}, r"a\.npz: hardware objects have shape"),
        ({"objects": np.float32(1)}, r"a\.npz: hardware objects have shape \(\)"),
        ({"labels": np.array([0, 8])}, "process of event 1 is 8"),
        ({"labels": np.array([0])}, r"labels have shape \(1,\) for 2 events"),
    ],
)
def test_bad_files_are_one_line_errors(tmp_path: Path, changes: dict, message: str) -> None:
    np.savez(tmp_path / "a.npz", **_file(**changes))
    with pytest.raises(L1mlError, match=message) as caught:
        anomaly.load(tmp_path / "a.npz")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [None, b"", b"nonsense", b"PK\x03\x04 cut"])
def test_damaged_or_no_file(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "a.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(L1mlError, match=r"a\.npz: (no such file|damaged or not an npz file)"):
        anomaly.load(path)
    with pytest.raises(L1mlError, match=r"a\.npz: (no such file|damaged or not an HDF5 file)"):
        load_public({"background": path})


def test_public_files_become_hardware_integers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_anomaly, "_EVENTS_AT_ONCE", 2)
    background, signal = (_written(tmp_path / name, _particles(5)) for name in ("background.h5", "leptoquark.h5"))
    data = load_public({"background": background, "leptoquark": signal}, max_events=3)
    assert data.labels.tolist() == [0, 0, 0, 2, 2, 2]
    assert data.processes.tolist() == [UNKNOWN] * 3 + [PROCESSES.index("leptoquark")] * 3
    first = data.objects[0].reshape(19, 3)
    assert (data.objects == data.objects[0]).all()
    assert first[0].tolist() == [40, 0, 141]
    assert first[1:5].tolist() == [[60, 22, 11], [16, -23, 132], [0, 0, 0], [0, 0, 0]]
    assert first[5].tolist() == [80, 45, 284]
    assert first[9:12].tolist() == [[100, 80, 72], [50, -10, 45], [32, 0, 0]]
    assert not first[12:].any()


@pytest.mark.parametrize(
    ("where", "value", "message"),
    [
        ((1, 9, 0), np.nan, r"b\.h5: pt of jet_0 of event 1 is nan"),
        ((1, 2, 1), np.inf, r"b\.h5: eta of eg_1 of event 1 is inf"),
        ((2, 4, 0), np.nan, r"b\.h5: pt of eg_3 of event 2 is nan"),
        ((1, 5, 2), 7.0, r"b\.h5: phi of mu_0 of event 1 is 7\.0"),
        ((1, 5, 0), -3.0, r"b\.h5: pt of mu_0 of event 1 is -3\.0"),
        ((0, 5, 3), 2.0, r"b\.h5: kind of mu_0 of event 0 is 2; give 3, or 0 where there is no object"),
        ((0, 0, 3), np.nan, r"b\.h5: kind of met of event 0 is nan"),
    ],
)
def test_bad_values_of_public_files(tmp_path: Path, where: tuple[int, ...], value: float, message: str) -> None:
    values = _particles()
    values[where] = value
    with pytest.raises(L1mlError, match=message) as caught:
        load_public({"background": _written(tmp_path / "b.h5", values)})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("values", "name", "message"),
    [
        (np.zeros((3, 18, 4)), "Particles", r"Particles has shape \(3, 18, 4\); give one of \(n, 19, 4\)"),
        (np.zeros((3, 19, 3)), "Particles", r"shape \(3, 19, 3\)"),
        (np.float32(1), "Particles", r"shape \(\)"),
        (np.zeros((0, 19, 4)), "Particles", "no events"),
        (np.zeros((3, 19, 4), int), "Particles", "type int64; give floating point numbers"),
        (np.zeros((3, 19, 4)), "Jets", "no data set 'Particles'; it holds Jets"),
    ],
)
def test_public_files_of_another_form(tmp_path: Path, values: np.ndarray, name: str, message: str) -> None:
    with pytest.raises(L1mlError, match=rf"b\.h5: .*{message}"):
        load_public({"background": _written(tmp_path / "b.h5", values, name)})


def test_events_of_later_slices_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_anomaly, "_EVENTS_AT_ONCE", 2)
    values = _particles()
    values[2, 0, 0] = np.nan
    with pytest.raises(L1mlError, match=r"b\.h5, counted from event 2: pt of met of event 0 is nan"):
        load_public({"background": _written(tmp_path / "b.h5", values)})


def test_arguments_of_the_public_reader(tmp_path: Path) -> None:
    for files, events, message in (
        ({"higgs": tmp_path}, None, "no class 'higgs' of trigger events; known: background, a_to_4l"),
        ({}, None, "no file of trigger events is given"),
        ({"background": tmp_path}, 0, "0 events of each file"),
    ):
        with pytest.raises(L1mlError, match=message):
            load_public(files, max_events=events)


@pytest.mark.skipif(not REAL.exists(), reason="the vectors of CMS's trigger are not here")
def test_objects_of_a_real_trigger_fit_the_format() -> None:
    with np.load(REAL) as file:
        objects = np.concatenate([file["x57_data"], file["x57_ttbar"]])
    data = AnomalyDataset(objects, np.zeros(len(objects), int), np.full(len(objects), UNKNOWN))
    assert len(data) == 7128


@needs_sample
def test_sample_is_as_its_readme_says() -> None:
    path = anomaly.sample_path()
    assert path.stat().st_size < 8_000_000
    data = anomaly.load()
    assert np.bincount(data.labels).tolist() == [105_000, 5000, 5000, 5000, 5000]
    counts = np.bincount(data.processes)
    assert counts[:4] / counts[:4].sum() == pytest.approx(list(COCKTAIL.values()), abs=1e-5)
    with np.load(path) as file:
        provenance = json.loads(str(file["provenance"]))
        assert int(file["seed"]) == 2024
    current = json.loads(json.dumps(anomaly_generator.provenance()))
    assert provenance["parameters"] == current["parameters"]
    assert provenance["cocktail"] == current["cocktail"]


@needs_sample
def test_sample_has_a_lepton_and_order_in_each_event() -> None:
    objects = anomaly.load().objects.reshape(-1, 19, 3)
    assert (objects[:, [1, 5], 0].max(axis=1) >= 46).all()  # 23 GeV
    for place in kind_slices().values():
        assert (np.diff(objects[:, place, 0], axis=1) <= 0).all()
    assert not objects[objects[..., 0] == 0].any()


@needs_sample
def test_signals_of_the_sample_show() -> None:
    data = anomaly.load()
    objects = data.objects.reshape(-1, 19, 3)
    muons = (objects[:, 5:9, 0] > 0).sum(axis=1)
    jets = (objects[:, 9:, 0] > 0).sum(axis=1)
    mean = {name: [muons[data.labels == k].mean(), jets[data.labels == k].mean()] for k, name in enumerate(CLASSES)}
    assert mean["a_to_4l"][0] > 2 * mean["background"][0]
    assert mean["leptoquark"][1] > mean["background"][1] + 1
    assert abs(mean["h0_to_tautau"][1] - mean["background"][1]) < 1
