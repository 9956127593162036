"""The jet data set type, the file reader and the shipped sample."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from l1ml.builds.specs import load_spec
from l1ml.errors import L1mlError
from l1ml.triggers.jet_tagger import data as jets
from l1ml.triggers.jet_tagger import generator as jet_generator
from l1ml.triggers.jet_tagger.data import CLASSES, FEATURES, JetDataset
from l1ml.triggers.jet_tagger.preparation import prepare


def _features(n: int = 3) -> np.ndarray:
    return np.ones((n, len(FEATURES)), dtype=np.float32)


def _arrays(**changes: np.ndarray) -> dict[str, np.ndarray]:
    arrays = {
        "features": _features(),
        "labels": np.array([0, 1, 4]),
        "feature_names": np.array(FEATURES),
        "class_names": np.array(CLASSES),
    }
    return {**arrays, **changes}


def test_definition_is_that_of_the_public_set() -> None:
    assert len(FEATURES) == 16
    assert FEATURES[0] == "zlogz"
    assert FEATURES[-2:] == ("mass_mmdt", "multiplicity")
    assert CLASSES == ("g", "q", "w", "z", "t")


def test_dataset_converts_types() -> None:
    data = JetDataset(_features().astype(np.float64), np.array([0, 1, 4], dtype=np.int8))  # type: ignore[arg-type]
    assert len(data) == 3
    assert data.features.dtype == np.float32
    assert data.labels.dtype == np.int64


@pytest.mark.parametrize(
    ("features", "labels", "message"),
    [
        (np.ones((3, 15)), [0, 1, 2], r"shape \(3, 15\)"),
        (np.ones(16), [0], r"shape \(16,\)"),
        (np.ones((0, 16)), [], "no jets"),
        (np.ones((3, 16)), [0, 1], r"shape \(2,\) for 3 jets"),
        (np.ones((3, 16)), [0.0, 1.0, 2.0], "float64"),
        (np.ones((3, 16)), [0, 5, 2], "label of jet 1 is 5"),
        (np.ones((3, 16)), [0, 1, -1], "label of jet 2 is -1"),
        (np.full((3, 16), np.nan), [0, 1, 2], "zlogz of jet 0 is nan"),
        (np.full((3, 16), 1e39), [0, 1, 2], "zlogz of jet 0 is inf"),
    ],
)
def test_dataset_rejects(features: np.ndarray, labels: list[float], message: str) -> None:
    with pytest.raises(L1mlError, match=message) as caught:
        JetDataset(features, np.array(labels))
    assert "\n" not in str(caught.value)


def test_load_reads_what_was_written(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "jets.npz", **_arrays())
    data = jets.load(tmp_path / "jets.npz")
    assert np.array_equal(data.features, _features())
    assert data.labels.tolist() == [0, 1, 4]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": np.array([0, 1, 9])}, "label of jet 2 is 9"),
        ({"feature_names": np.array(FEATURES[::-1])}, "feature_names differ"),
        ({"class_names": np.array(sorted(CLASSES))}, "class_names differ"),
        ({"features": np.array([object()] * 3)}, "damaged"),
    ],
)
def test_load_rejects_content(tmp_path: Path, changes: dict[str, np.ndarray], message: str) -> None:
    path = tmp_path / "jets.npz"
    np.savez_compressed(path, allow_pickle=True, **_arrays(**changes))
    with pytest.raises(L1mlError, match=message) as caught:
        jets.load(path)
    assert str(path) in str(caught.value)


def test_load_rejects_missing_array_and_file(tmp_path: Path) -> None:
    path = tmp_path / "jets.npz"
    with pytest.raises(L1mlError, match="no such file"):
        jets.load(path)
    np.savez(path, features=_features())
    with pytest.raises(L1mlError, match="no array 'labels'"):
        jets.load(path)
    with path.open("wb") as file:
        np.save(file, _features())
    with pytest.raises(L1mlError, match="damaged or not an npz file"):
        jets.load(path)


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "text"])
def test_load_rejects_damaged_file(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "jets.npz"
    noise = np.random.default_rng(0).normal(size=(3, len(FEATURES))).astype(np.float32)
    np.savez_compressed(path, **_arrays(features=noise))
    raw = bytearray(path.read_bytes())
    raw[150] ^= 0xFF  # within the compressed features
    content = {"empty": b"", "cut": bytes(raw[:-100]), "flipped": bytes(raw), "text": b"zlogz,c1\n1,2\n"}
    path.write_bytes(content[damage])
    with pytest.raises(L1mlError, match=r"jets\.npz"):
        jets.load(path)


def test_load_never_returns_a_flipped_byte_unnoticed(tmp_path: Path) -> None:
    path = tmp_path / "jets.npz"
    np.savez_compressed(path, **_arrays())
    good = path.read_bytes()
    for position in range(len(good)):
        path.write_bytes(good[:position] + bytes([good[position] ^ 0xFF]) + good[position + 1 :])
        try:
            data = jets.load(path)
        except L1mlError:
            continue
        assert np.array_equal(data.features, _features()), position
        assert data.labels.tolist() == [0, 1, 4], position


def test_sample_is_as_its_readme_says() -> None:
    data = jets.load()
    assert len(data) == 100_000
    assert np.bincount(data.labels).tolist() == [20_000] * 5
    assert jets.sample_path().stat().st_size <= 8_000_000
    with np.load(jets.sample_path()) as file:
        provenance = json.loads(str(file["provenance"]))
        assert int(file["seed"]) == 2024
        assert file["labels"].dtype == np.int8
        assert file["chunk_seeds"].shape == (50, 3)
    # A change of the generator must come with a new sample.
    assert provenance["parameters"] == json.loads(json.dumps(jet_generator.provenance()["parameters"]))


def test_sample_masses_peak_at_the_particles() -> None:
    data = jets.load()
    mass = data.features[:, FEATURES.index("mass_mmdt")]
    for name, expected in (("w", 80.4), ("z", 91.2), ("t", 173.0)):
        of_class = mass[data.labels == CLASSES.index(name)]
        counts, edges = np.histogram(of_class, bins=np.arange(60.0, 200.0, 2.0))
        peak = edges[counts.argmax()] + 1.0
        assert abs(peak - expected) < 0.03 * expected, name


def test_sample_features_lie_in_their_ranges() -> None:
    data = jets.load()
    by_name = dict(zip(FEATURES, data.features.T, strict=True))
    assert by_name["zlogz"].max() <= 0
    assert by_name["c1_b0_mmdt"].max() <= 0.5
    assert by_name["multiplicity"].min() >= 1
    for name in FEATURES[1:]:
        assert by_name[name].min() >= 0, name
    np.testing.assert_allclose(by_name["d2_b1_mmdt"], by_name["d2_a1_b1_mmdt"])


def test_sample_separates_the_classes() -> None:
    from sklearn.ensemble import HistGradientBoostingClassifier

    data = jets.load()
    train, test = slice(0, 10_000), slice(90_000, 100_000)
    model = HistGradientBoostingClassifier(max_iter=30, random_state=0)
    model.fit(data.features[train], data.labels[train])
    assert model.score(data.features[test], data.labels[test]) > 0.65


def gluons(sample: JetDataset) -> np.ndarray:
    """Some jets, all of one class."""
    return np.flatnonzero(sample.labels == 0)[:100]


@pytest.mark.parametrize(
    ("choose", "told"),
    [
        (lambda sample: np.arange(4), "of 4 events, there is none for the part validation; give more events"),
        (gluons, "none of the 20 events for the test is of class 'q'; give more events, some of each class"),
    ],
)
def test_jets_that_cannot_train_are_refused_before_training(
    tmp_path: Path, choose: Callable[[JetDataset], np.ndarray], told: str
) -> None:
    sample, file = jets.load(), tmp_path / "jets.npz"
    chosen = choose(sample)
    np.savez(file, **_arrays(features=sample.features[chosen], labels=sample.labels[chosen]))
    spec = load_spec("jet_tagger", {"dataset.source": "generated", "dataset.path": str(file)})
    with pytest.raises(L1mlError) as caught:
        prepare(spec).save(tmp_path)
    assert str(caught.value) == told
    assert not (tmp_path / "data.npz").exists()
