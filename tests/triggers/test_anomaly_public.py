"""The anomaly trigger on files of the public benchmark: what reaches its stages, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml
from command_line import SmallBuild, error_of, l1ml
from numpy.typing import NDArray
from public_files import particles, write_files

from l1ml.datasets.parts import Prepared
from l1ml.triggers.anomaly_vae import data as anomaly
from l1ml.triggers.anomaly_vae.public import PUBLIC_FILES, load_public

Change = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def test_integers_that_were_made_real_come_back_through_the_stages(anomaly_build: SmallBuild) -> None:
    sample, parts = anomaly.load(), Prepared.load(anomaly_build.folder / "dataset").parts
    known = {row.tobytes() for row in sample.objects.astype(np.int16)}
    objects = np.concatenate([part.inputs["objects"] for part in parts.values()]).astype(np.int16)
    assert len(objects) == 8000 + 4 * 400
    assert {row.tobytes() for row in objects} <= known
    files = {name: anomaly_build.folder.parent / "zenodo" / pattern.replace("*", "_small")
             for name, pattern in PUBLIC_FILES.items()}  # fmt: skip
    assert np.bincount(load_public(files).labels).tolist() == [8000, 400, 400, 400, 400]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: x[:, :18], r"Particles has shape (20, 18, 4); give one of (n, 19, 4)"),
        (lambda x: x + (np.arange(4) == 2) * (x[..., :1] > 0) * 7, r"φ is -π to 2π"),
        (lambda x: np.where((np.arange(4) == 1) & (x[..., :1] > 0), np.nan, x), "drop or mend the event"),
        (lambda x: np.roll(x, 1, axis=1), "kind of "),
    ],
    ids=["objects", "phi", "nan", "kinds"],
)
def test_files_that_hold_what_no_trigger_sends_are_refused_by_name(
    tmp_path: Path, change: Change, message: str
) -> None:
    sample = anomaly.load()
    events = {
        name: particles(sample.objects[sample.labels == label][:20]) for label, name in enumerate(anomaly.CLASSES)
    }
    write_files(tmp_path / "bad", {**events, "a_to_4l": change(events["a_to_4l"])})
    found = error_of(l1ml("train", _spec(tmp_path, tmp_path / "bad"), "--out", tmp_path / "out"))
    assert message in found
    assert "Ato4l_small.h5: " in found
    assert not (tmp_path / "out/dataset").exists()


def test_a_folder_without_a_file_of_each_class_is_refused(tmp_path: Path) -> None:
    (tmp_path / "Ato4l_x.h5").touch()
    found = error_of(l1ml("train", _spec(tmp_path, tmp_path), "--out", tmp_path / "out"))
    assert "lacks background*.h5, leptoquark*.h5, hToTauTau*.h5, hChToTauNu*.h5 of the public" in found


def _spec(folder: Path, files: Path) -> Path:
    file = folder / "public.yaml"
    dataset = {"source": "public", "path": str(files)}
    file.write_text(yaml.safe_dump({"project": "public_axo", "trigger": "anomaly_vae", "dataset": dataset}))
    return file
