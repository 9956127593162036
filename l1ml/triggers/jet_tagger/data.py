"""The jet data set: its 16 features, five classes, and the shipped sample."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from l1ml.datasets.files import named, read_generated
from l1ml.errors import L1mlError

FEATURES: tuple[str, ...] = (
    "zlogz",
    "c1_b0_mmdt",
    "c1_b1_mmdt",
    "c1_b2_mmdt",
    "c2_b1_mmdt",
    "c2_b2_mmdt",
    "d2_b1_mmdt",
    "d2_b2_mmdt",
    "d2_a1_b1_mmdt",
    "d2_a1_b2_mmdt",
    "m2_b1_mmdt",
    "m2_b2_mmdt",
    "n2_b1_mmdt",
    "n2_b2_mmdt",
    "mass_mmdt",
    "multiplicity",
)
"""The inputs of arXiv:1804.06913, with the names and in the order of the public set
(OpenML 42468, ``hls4ml_lhc_jets_hlf``). Formulas: `l1ml.triggers.jet_tagger.features`."""

CLASSES: tuple[str, ...] = ("g", "q", "w", "z", "t")
"""Gluon, light quark, W boson, Z boson and top quark; a label is an index into this tuple.

The public set writes the same five letters in its ``class`` column, and arXiv:1804.06913 lists them in
this order. hls4ml's tutorial encodes them alphabetically (g, q, t, w, z) and keeps that order in its
``classes.npy``; `l1ml.triggers.jet_tagger.public` goes by the letters and always returns this order."""

LABELS = {"g": "gluon", "q": "light quark", "w": "W", "z": "Z", "t": "top"}
"""What people call the classes."""

INPUT, OUTPUT = "jet", "logits"
"""Input and output of the firmware."""


@dataclass(frozen=True)
class JetDataset:
    """Jets with their features and labels.

    Raises:
        L1mlError: There is no jet, a shape does not fit, a feature is not finite, or a label is not an
            index into `CLASSES`.
    """

    features: NDArray[np.float32]
    """Shape (n, 16), columns as in `FEATURES`; ``mass_mmdt`` in GeV, the others without units."""
    labels: NDArray[np.int64]
    """Shape (n,), indices into `CLASSES`."""

    def __post_init__(self) -> None:
        features = np.asarray(self.features)
        labels = np.asarray(self.labels)
        if features.ndim != 2 or features.shape[1] != len(FEATURES):
            raise L1mlError(f"jet features have shape {features.shape}; give an array of shape (n, {len(FEATURES)})")
        if len(features) == 0:
            raise L1mlError("the jet data set has no jets; give at least one")
        if labels.shape != (len(features),):
            raise L1mlError(f"jet labels have shape {labels.shape} for {len(features)} jets; give one label per jet")
        if not np.issubdtype(labels.dtype, np.integer):
            raise L1mlError(f"jet labels have type {labels.dtype}; give whole numbers, indices into {CLASSES}")
        # Checked after the conversion, so that what overflows float32 is caught as well.
        with np.errstate(over="ignore", invalid="ignore"):
            features = features.astype(np.float32)
        bad = np.argwhere(~np.isfinite(features))
        if len(bad):
            row, column = bad[0]
            raise L1mlError(
                f"feature {FEATURES[column]} of jet {row} is {features[row, column]}; "
                f"drop or mend the {len(np.unique(bad[:, 0]))} jets with values that are not finite"
            )
        wrong = np.flatnonzero((labels < 0) | (labels >= len(CLASSES)))
        if len(wrong):
            raise L1mlError(
                f"label of jet {wrong[0]} is {labels[wrong[0]]}; give 0 to {len(CLASSES) - 1} for {CLASSES}"
            )
        object.__setattr__(self, "features", features)
        object.__setattr__(self, "labels", labels.astype(np.int64))

    def __len__(self) -> int:
        return len(self.labels)


def sample_path() -> Path:
    """Where the shipped sample of 100,000 jets lies; its README says how it was made."""
    return Path(__file__).with_name("sample.npz")


def load(path: Path | None = None) -> JetDataset:
    """Read a file written by `l1ml.triggers.jet_tagger.generator.generate`.

    Args:
        path: The npz file; the shipped sample if absent.

    Returns:
        The jets, in the order of the file.

    Raises:
        L1mlError: The file does not exist, is damaged, or is not such a file.
    """
    path = sample_path() if path is None else Path(path)
    labels = {"feature_names": FEATURES, "class_names": CLASSES}
    arrays = read_generated(path, ("features", "labels"), labels, "make one with `l1ml data generate jets`")
    with named(path):
        return JetDataset(arrays["features"], arrays["labels"])
