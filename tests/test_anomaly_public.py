"""The anomaly trigger on files of the public benchmark, from HDF5 to verified firmware; its score is the divergence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import yaml
from command_line import SmallBuild, error_of, l1ml
from numpy.typing import NDArray

from l1ml.datasets import anomaly
from l1ml.datasets.hardware_objects import AXES, KINDS, OBJECTS, PT_STEP
from l1ml.datasets.parts import Prepared
from l1ml.triggers.anomaly_vae import PUBLIC_FILES

EVENTS = {"background": 4000, "a_to_4l": 150, "leptoquark": 150, "h0_to_tautau": 150, "hpm_to_taunu": 150}
NUMBERS = np.repeat(np.arange(1, len(KINDS) + 1), [kind.count for kind in KINDS])
ETA_STEP, PHI_COUNT = (np.repeat([getattr(kind, name) for kind in KINDS], [kind.count for kind in KINDS])
                       for name in ("eta_step", "phi_count"))  # fmt: skip


def particles(integers: NDArray[np.int16]) -> NDArray[np.float64]:
    """Events as the benchmark has them, shape (n, 19, 4): values in the middle of the bins of the hardware."""
    pt, eta, phi = np.moveaxis(integers.reshape(-1, len(OBJECTS), len(AXES)) + 0.5, 2, 0)
    there = pt > 1
    columns = (pt * PT_STEP, eta * ETA_STEP, phi * 2 * np.pi / PHI_COUNT, np.broadcast_to(NUMBERS, pt.shape))
    return np.stack([np.where(there, column, 0.0) for column in columns], axis=-1)


def write(
    folder: Path, change: Callable[[NDArray[np.float64]], NDArray[np.float64]] = lambda x: x
) -> dict[str, NDArray[np.int16]]:
    """Small files under the names of the benchmark; ``change`` spoils those of the first signal."""
    sample, written = anomaly.load(), {}
    folder.mkdir(exist_ok=True)
    for label, name in enumerate(anomaly.CLASSES):
        written[name] = sample.objects[sample.labels == label][: EVENTS[name]].copy()
        written[name][0] = 0  # an event without objects
        values = particles(written[name])
        with h5py.File(folder / PUBLIC_FILES[name].replace("*", "_small"), "w") as file:
            file["Particles"] = change(values) if label == 1 else values
    return written


def spec_of(folder: Path, files: Path) -> Path:
    spec = {
        "project": "public_axo",
        "trigger": "anomaly_vae",
        "dataset": {"source": "public", "path": str(files)},
        "model": {"hidden": [6], "latent": 3, "score": "divergence"},
        "training": {"epochs": 3, "batch_size": 256},
        "pruning": {"sparsity": 0.5, "ramp_epochs": 1},
        "thresholds": {"rates_khz": {"loose": 3000}},
        "hls": {"reuse_factor": 8, "strategy": "distributed_arithmetic"},
        "verification": {"events": 1500},
    }
    file = folder / "public.yaml"
    file.write_text(yaml.safe_dump(spec))
    return file


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, NDArray[np.int16]]]:
    folder = tmp_path_factory.mktemp("zenodo")
    return folder, write(folder)


@pytest.fixture(scope="module")
def build(files: tuple[Path, dict[str, NDArray[np.int16]]], tmp_path_factory: pytest.TempPathFactory) -> SmallBuild:
    folder = tmp_path_factory.mktemp("public")
    spec = spec_of(folder, files[0])
    done = l1ml("build", spec, "--out", folder / "out")
    assert done.returncode == 0, done.stdout + done.stderr
    return SmallBuild(spec, folder / "out", done.stdout)


def test_events_of_the_files_reach_the_stages_as_the_integers_they_were_made_of(
    build: SmallBuild, files: tuple[Path, dict[str, NDArray[np.int16]]]
) -> None:
    parts = Prepared.load(build.folder / "dataset").parts
    labels = np.concatenate([part.labels for part in parts.values()])
    objects = np.concatenate([part.inputs["objects"] for part in parts.values()])
    assert {name: int((labels == k).sum()) for k, name in enumerate(anomaly.CLASSES)} == EVENTS
    for label, name in enumerate(anomaly.CLASSES):
        found, wanted = objects[labels == label], files[1][name]
        np.testing.assert_array_equal(found[np.lexsort(found.T)], wanted[np.lexsort(wanted.T)])


def test_the_firmware_of_the_divergence_is_bit_exact_and_decides_as_the_network(build: SmallBuild) -> None:
    report = json.loads((build.folder / "report/report.json").read_text())
    assert (report["verification"]["mismatches"], report["rtl"]["initiation_interval"]) == (0, 8)
    with np.load(build.folder / "train/outputs.npz") as trained, np.load(build.folder / "convert/outputs.npz") as file:
        for name in ("score", "bits"):
            np.testing.assert_array_equal(file[f"hls/{name}"], trained[f"quantized/{name}"])
    layers = json.loads((build.folder / "convert/layers.json").read_text())
    assert "Divergence" in [layer["class"] for layer in layers]


def test_every_number_of_the_report_has_an_uncertainty_or_is_a_limit(build: SmallBuild) -> None:
    page = (build.folder / "report/report.html").read_text()
    table = page[page.index("Metrics on ") :]
    cells = [cell.split("</td>")[0] for cell in table[: table.index("</table>")].split('<td class="n">')[1:]]
    assert len(cells) == 3 * (1 + 3 * 4 + 2)  # all signals; AUC, efficiency, limit of each; threshold and rate
    assert all("±" in cell or "&lt; " in cell for cell in cells), cells


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: x[:, :18], r"Particles has shape (150, 18, 4); give one of (n, 19, 4)"),
        (lambda x: x + (np.arange(4) == 2) * (x[..., :1] > 0) * 7, r"φ is -π to 2π"),
        (lambda x: np.where(x[..., :1] > 0, np.nan, x), "drop or mend the event"),
        (lambda x: np.roll(x, 1, axis=1), "kind of "),
    ],
    ids=["objects", "phi", "nan", "kinds"],
)
def test_files_that_hold_what_no_trigger_sends_are_refused_by_name(
    tmp_path: Path, change: Callable[[NDArray[np.float64]], NDArray[np.float64]], message: str
) -> None:
    write(tmp_path / "bad", change)
    done = l1ml("train", spec_of(tmp_path, tmp_path / "bad"), "--out", tmp_path / "out")
    assert message in (found := error_of(done))
    assert "Ato4l_small.h5: " in found
    assert not (tmp_path / "out/dataset").exists()


def test_a_folder_without_a_file_of_each_class_is_refused(tmp_path: Path) -> None:
    (tmp_path / "Ato4l_x.h5").touch()
    done = l1ml("train", spec_of(tmp_path, tmp_path), "--out", tmp_path / "out")
    assert "lacks background*.h5, leptoquark*.h5, hToTauTau*.h5, hChToTauNu*.h5 of the public" in error_of(done)
