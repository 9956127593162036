"""Reader of the public benchmark for anomaly detection at 40 MHz (arXiv:2107.02157): HDF5 files from Zenodo.

Each file holds events of one class in a data set ``Particles`` of shape (n, 19, 4): MET, 4 e/γ, 4 muons, 10 jets, each
with pT in GeV, η, φ in radians and a number of its kind (0 none, 1 MET, 2 e/γ, 3 muon, 4 jet).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.errors import L1mlError
from l1ml.triggers.anomaly_vae.data import CLASSES, PROCESSES, UNKNOWN, AnomalyDataset
from l1ml.triggers.anomaly_vae.hardware_objects import KINDS, OBJECTS, to_hardware

ARRAY = "Particles"
_KIND_NUMBERS = np.repeat(np.arange(1, len(KINDS) + 1), [kind.count for kind in KINDS])
_EVENTS_AT_ONCE = 100_000  # the background has millions, which would take gigabytes

PUBLIC_FILES = {
    "background": "background*.h5",
    "a_to_4l": "Ato4l*.h5",
    "leptoquark": "leptoquark*.h5",
    "h0_to_tautau": "hToTauTau*.h5",
    "hpm_to_taunu": "hChToTauNu*.h5",
}
"""How the files of the public benchmark are named."""


def find_files(folder: Path) -> dict[str, Path]:
    """The files of the benchmark in a folder, by process.

    Raises:
        L1mlError: If one is missing.
    """
    found = {name: sorted(folder.glob(pattern)) for name, pattern in PUBLIC_FILES.items()}
    missing = [PUBLIC_FILES[name] for name, files in found.items() if not files]
    if missing:
        raise L1mlError(f"{folder} lacks {', '.join(missing)} of the public benchmark (arXiv:2107.02157, on Zenodo)")
    return {name: files[0] for name, files in found.items()}


def load_public(files: Mapping[str, Path], *, max_events: int | None = None) -> AnomalyDataset:
    """Read files of the benchmark and convert them to hardware integers.

    Args:
        files: A file for each class, by its name in `l1ml.triggers.anomaly_vae.data.CLASSES`; classes may be left out.
        max_events: Read no more than the first so many events of each file.

    Returns:
        The events, class by class in the order of ``files``. The process of background events is not known.

    Raises:
        L1mlError: A class is not known, or a file does not exist, is damaged, or holds what no trigger sends.
    """
    if unknown := [name for name in files if name not in CLASSES]:
        raise L1mlError(f"there is no class {unknown[0]!r} of trigger events; known: {', '.join(CLASSES)}")
    if not files:
        raise L1mlError(f"no file of trigger events is given; give one for some of: {', '.join(CLASSES)}")
    if max_events is not None and max_events < 1:
        raise L1mlError(f"{max_events} events of each file asked for; ask for at least 1")
    objects = [_read(Path(path), max_events) for path in files.values()]
    sizes = [len(some) for some in objects]
    processes = [PROCESSES.index(name) if name in PROCESSES else UNKNOWN for name in files]
    return AnomalyDataset(
        np.concatenate(objects),
        np.repeat([CLASSES.index(name) for name in files], sizes),
        np.repeat(processes, sizes),
    )


def _read(path: Path, max_events: int | None) -> NDArray[np.int16]:
    import h5py

    if not path.is_file():
        raise L1mlError(f"{path}: no such file; the files of arXiv:2107.02157 are on Zenodo")
    try:
        with h5py.File(path) as file:
            if not isinstance(file.get(ARRAY), h5py.Dataset):
                raise L1mlError(f"{path}: no data set {ARRAY!r}; it holds {', '.join(file) or 'nothing'}")
            return np.concatenate(list(_converted(path, file[ARRAY], max_events)))
    # Damaged bytes make h5py raise OSError, RuntimeError, KeyError and others.
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise L1mlError(f"{path}: damaged or not an HDF5 file ({error}); fetch it again") from error


def _converted(path: Path, particles: Any, max_events: int | None) -> Iterator[NDArray[np.int16]]:
    if particles.ndim != 3 or particles.shape[1:] != (len(OBJECTS), 4):
        raise L1mlError(f"{path}: {ARRAY} has shape {particles.shape}; give one of (n, {len(OBJECTS)}, 4)")
    n = len(particles) if max_events is None else min(max_events, len(particles))
    if n == 0:
        raise L1mlError(f"{path}: there are no events; give at least one")
    for start in range(0, n, _EVENTS_AT_ONCE):
        try:
            yield to_hardware(_objects(particles[start : min(start + _EVENTS_AT_ONCE, n)]))
        except L1mlError as error:
            where = f"{path}, counted from event {start}" if start else str(path)
            raise L1mlError(f"{where}: {error}") from error


def _objects(values: NDArray[Any]) -> NDArray[Any]:
    """pT, η, φ of objects, all 0 where there is none."""
    if not np.issubdtype(values.dtype, np.floating):
        raise L1mlError(f"{ARRAY} has type {values.dtype}; give floating point numbers")
    kinds = values[..., 3]
    wrong = np.argwhere((kinds != 0) & (kinds != _KIND_NUMBERS))
    if len(wrong):
        event, place = wrong[0]
        raise L1mlError(
            f"kind of {OBJECTS[place]} of event {event} is {kinds[event, place]:g}; "
            f"give {_KIND_NUMBERS[place]}, or 0 where there is no object"
        )
    # What is not finite must stay, to be refused.
    absent = (kinds == 0) & np.isfinite(values[..., :3]).all(axis=-1)
    return np.where(absent[..., None], 0.0, values[..., :3])
