"""The data set of the anomaly trigger: events of the Standard Model, four signals, the shipped sample.

It follows the public benchmark of arXiv:2107.02157: a cocktail of Standard Model processes with an electron or muon
of more than 23 GeV, and four hypothetical signals. Events are the integers of
`hardware_objects`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from l1ml.datasets.files import named, read_generated
from l1ml.errors import L1mlError
from l1ml.triggers.anomaly_vae.hardware_objects import INPUTS, check_hardware

CLASSES: tuple[str, ...] = ("background", "a_to_4l", "leptoquark", "h0_to_tautau", "hpm_to_taunu")
"""The Standard Model; A → 4ℓ of 50 GeV; leptoquark → bτ of 80 GeV; h⁰ → ττ and h± → τν of 60 GeV. A label is an index
into this tuple."""
LABELS = {"a_to_4l": "A → 4ℓ", "leptoquark": "LQ → bτ", "h0_to_tautau": "h → ττ", "hpm_to_taunu": "h± → τν"}
"""What people call the signals."""
COCKTAIL: dict[str, float] = {"w_to_lnu": 0.592, "qcd": 0.338, "z_to_ll": 0.067, "ttbar": 0.003}
"""Processes of the background and their shares after the filter on a lepton (arXiv:2107.02157)."""
PROCESSES: tuple[str, ...] = (*COCKTAIL, *CLASSES[1:])
"""The processes of the background, and the signals."""
UNKNOWN = -1
"""Process of an event of which only the class is known."""

OBJECTS_INPUT, THRESHOLDS = "objects", "thresholds"
"""Inputs of the firmware: hardware integers of each event, and thresholds that are set once."""
SCORE, BITS = "score", "bits"
"""Outputs of the firmware."""
MEANS = "means"
"""What the networks also tell, but not the firmware: the means of the latent space."""

_PLURAL = {"label": "labels", "process": "processes"}


@dataclass(frozen=True)
class AnomalyDataset:
    """Events with their hardware integers and labels.

    Raises:
        L1mlError: There is no event, a shape does not fit, a value is not a whole number or out of its range, or a
            process belongs to another class than the label.
    """

    objects: NDArray[np.int16]
    """Shape (n, 57), columns as in `hardware_objects.INPUTS`; given as (n, 19, 3), it is reshaped."""
    labels: NDArray[np.int64]
    """Shape (n,), indices into `CLASSES`."""
    processes: NDArray[np.int64]
    """Shape (n,), indices into `PROCESSES`, or `UNKNOWN`."""

    def __post_init__(self) -> None:
        objects = check_hardware(self.objects)
        if len(objects) == 0:
            raise L1mlError("there are no events; give at least one")
        labels = _indices("label", self.labels, len(objects), 0, len(CLASSES))
        processes = _indices("process", self.processes, len(objects), UNKNOWN, len(PROCESSES))
        wrong = np.flatnonzero((processes != UNKNOWN) & (labels_of(processes) != labels))
        if len(wrong):
            name, label = PROCESSES[processes[wrong[0]]], CLASSES[labels[wrong[0]]]
            raise L1mlError(f"event {wrong[0]} of process {name} is labelled {label}; give the label of the process")
        for name, values in (("objects", objects), ("labels", labels), ("processes", processes)):
            object.__setattr__(self, name, values)

    def __len__(self) -> int:
        return len(self.labels)


def labels_of(processes: NDArray[np.integer]) -> NDArray[np.int64]:
    """The class of each process: indices into `PROCESSES` to indices into `CLASSES`."""
    return np.maximum(np.asarray(processes, np.int64) - (len(COCKTAIL) - 1), 0)


def sample_path() -> Path:
    """Where the shipped sample lies; its README says how it was made."""
    return Path(__file__).with_name("sample.npz")


def load(path: Path | None = None) -> AnomalyDataset:
    """Read a file written by `l1ml.triggers.anomaly_vae.generator.generate`.

    Args:
        path: The npz file; the shipped sample if absent.

    Returns:
        The events, in the order of the file.

    Raises:
        L1mlError: The file does not exist, is damaged, or is not such a file.
    """
    path = sample_path() if path is None else Path(path)
    labels = {"input_names": INPUTS, "class_names": PROCESSES}
    arrays = read_generated(path, ("objects", "labels"), labels, "make one with `l1ml data generate anomaly`")
    with named(path):
        processes = _indices("process", arrays["labels"], arrays["labels"].size, 0, len(PROCESSES))
        return AnomalyDataset(arrays["objects"], labels_of(processes), processes)


def _indices(name: str, values: NDArray[np.integer], n: int, lowest: int, end: int) -> NDArray[np.int64]:
    values = np.asarray(values)
    if values.shape != (n,):
        raise L1mlError(f"{_PLURAL[name]} have shape {values.shape} for {n} events; give one {name} per event")
    if not np.issubdtype(values.dtype, np.integer):
        raise L1mlError(f"{_PLURAL[name]} have type {values.dtype}; give whole numbers")
    wrong = np.flatnonzero((values < lowest) | (values >= end))
    if len(wrong):
        raise L1mlError(f"{name} of event {wrong[0]} is {values[wrong[0]]}; give {lowest} to {end - 1}")
    return values.astype(np.int64)
