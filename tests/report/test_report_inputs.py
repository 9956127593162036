"""Reading a build folder: what is refused, and whether the message names the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from report_build import MATCHING, put_json

from l1ml.errors import L1mlError
from l1ml.report import inputs

FILES = (
    "dataset/dataset.json",
    "dataset/data.npz",
    "train/outputs.npz",
    "train/history.json",
    "train/weights.npz",
    "train/metrics.json",
    "convert/outputs.npz",
    "convert/metrics.json",
    "convert/layers.json",
    "rtl/verilog/design.json",
    "verify/verification.json",
    "rtl/resources.json",
    "spec.yaml",
    "train/manifest.json",
)


@pytest.mark.parametrize("name", FILES)
def test_missing_file_is_named(build: Path, name: str) -> None:
    (build / name).unlink()
    with pytest.raises(L1mlError, match=name.replace(".", r"\.")) as caught:
        inputs.load(build)
    assert "missing" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", ["cut off", "empty", "of another kind", "not text"])
def test_damaged_file_is_named(build: Path, name: str, damage: str) -> None:
    content = (build / name).read_bytes()
    cut = b"hls: {reuse_factor: [" if name == "spec.yaml" else content[: len(content) // 2]
    damaged = {"cut off": cut, "empty": b"", "of another kind": b'["surprise"]', "not text": b"\xff\xfe\x00\x81"}
    (build / name).write_bytes(damaged[damage])
    with pytest.raises(L1mlError, match=name.replace(".", r"\.")) as caught:
        inputs.load(build)
    assert "\n" not in str(caught.value)


def _change_npz(file: Path, change: Callable[[dict[str, np.ndarray]], None]) -> None:
    with np.load(file) as arrays:
        content = dict(arrays)
    change(content)
    np.savez(file, **content)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("dataset/data.npz", lambda a: a["test/labels"].put(0, 5), "0..5, but there are 5 classes"),
        ("dataset/data.npz", lambda a: a["test/labels"].put(0, -1), "-1..4"),
        ("dataset/data.npz", lambda a: a.update({"test/labels": a["test/labels"] + 0.5}), "float64"),
        ("dataset/data.npz", lambda a: a.update({"test/jet": a["test/jet"][1:]}), r"jet has shape \(2999, 16\)"),
        (
            "train/outputs.npz",
            lambda a: a["quantized/logits"].put(7, np.nan),
            "quantized/logits has values that are not finite",
        ),
        ("train/outputs.npz", lambda a: a.pop("float/logits"), "no array is named float/"),
        (
            "train/outputs.npz",
            lambda a: a.update({"float/logits": a["float/logits"][:-1]}),
            r"float/logits has shape \(2999, 5\)",
        ),
        (
            "convert/outputs.npz",
            lambda a: a.update({"hls/logits": a["hls/logits"][:, 0]}),
            r"hls/logits has shape \(3000,\)",
        ),
        ("train/weights.npz", lambda a: a["fc1/weight"].put(0, np.inf), "fc1/weight"),
        ("train/weights.npz", lambda a: [a.pop(k) for k in list(a) if "weight" in k], "<layer>/weight"),
    ],
)
def test_impossible_arrays_are_refused(
    build: Path, name: str, change: Callable[[dict[str, np.ndarray]], None], message: str
) -> None:
    _change_npz(build / name, change)
    with pytest.raises(L1mlError, match=message) as caught:
        inputs.load(build)
    assert name in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"latency_cycles": 12}, "different designs"),
        ({"initiation_interval": 2}, "different designs"),
        ({"outputs": 4}, "different designs"),
        ({"mismatches": 3}, "first_mismatch"),
        ({"events": 0}, "events: Input should be greater than 0"),
        ({"seconds": float("nan")}, "seconds: Input should be a finite number"),
    ],
)
def test_implausible_verification_is_refused(build: Path, change: dict[str, float], message: str) -> None:
    put_json(build / "verify/verification.json", MATCHING | change)
    with pytest.raises(L1mlError, match=message) as caught:
        inputs.load(build)
    assert "verify/verification.json" in str(caught.value)


def test_everything_arrives(build: Path) -> None:
    data = inputs.load(build)
    with np.load(build / "train/weights.npz") as arrays:
        assert {name: w.shape for name, w in data.weights.items()} == {
            "fc1": (16, 64),
            "fc2": (64, 32),
            "fc3": (32, 32),
            "output": (32, 5),
        }
        np.testing.assert_array_equal(data.weights["fc3"], arrays["fc3/weight"])
    with np.load(build / "convert/outputs.npz") as arrays:
        np.testing.assert_array_equal(data.outputs["hls"]["logits"], arrays["hls/logits"])
    assert [layer.kind for layer in data.layers[:2]] == ["Dense", "Activation"]
    assert data.spec["training"]["epochs"] == 30
