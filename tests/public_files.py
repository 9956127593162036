"""Small files in the form of the public benchmark of anomaly triggers (arXiv:2107.02157)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from l1ml.triggers.anomaly_vae.hardware_objects import AXES, KINDS, OBJECTS, PT_STEP
from l1ml.triggers.anomaly_vae.public import PUBLIC_FILES

_COUNTS = [kind.count for kind in KINDS]
_NUMBERS = np.repeat(np.arange(1, len(KINDS) + 1), _COUNTS)
_ETA_STEPS = np.repeat([kind.eta_step for kind in KINDS], _COUNTS)
_PHI_COUNTS = np.repeat([kind.phi_count for kind in KINDS], _COUNTS)


def particles(integers: NDArray[np.int16]) -> NDArray[np.float64]:
    """Events as the benchmark has them, shape (n, 19, 4): values in the middle of the bins of hardware integers."""
    pt, eta, phi = np.moveaxis(integers.reshape(-1, len(OBJECTS), len(AXES)) + 0.5, 2, 0)
    there = pt > 1
    columns = (pt * PT_STEP, eta * _ETA_STEPS, phi * 2 * np.pi / _PHI_COUNTS, np.broadcast_to(_NUMBERS, pt.shape))
    return np.stack([np.where(there, column, 0.0) for column in columns], axis=-1)


def write_files(folder: Path, events: Mapping[str, NDArray[np.float64]]) -> None:
    """Write a file for each class, under the names of the benchmark."""
    folder.mkdir(exist_ok=True)
    for name, values in events.items():
        with h5py.File(folder / PUBLIC_FILES[name].replace("*", "_small"), "w") as file:
            file["Particles"] = values
