"""The data set of the electron trigger: rings of calorimeter energy, two classes, the shipped sample."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.datasets.files import named, read_arrays, read_generated
from l1ml.errors import L1mlError

LAYER_RINGS: dict[str, int] = {"ps": 8, "em1": 64, "em2": 8, "em3": 8, "had1": 4, "had2": 4, "had3": 4}
"""Number of rings in each layer of the calorimeter, from the inside out."""
RINGS: tuple[str, ...] = tuple(f"{layer}_{k}" for layer, n in LAYER_RINGS.items() for k in range(n))
"""Names of the 100 rings, those of a layer from the hottest cell outwards: ``ps_0`` to ``had3_3``."""
CLASSES: tuple[str, ...] = ("jet", "electron")
"""A label is an index into this tuple."""
ELECTRON = CLASSES.index("electron")

RINGS_INPUT, ET, ETA, PILEUP = "rings", "et", "eta", "pileup"
"""Inputs of the firmware; energies in GeV."""
SCORE, DECISION = "score", "decision"
"""Outputs of the firmware."""

_LORENZETTI_RINGS = ("rings_mev", "cl_rings", "rings")
_LORENZETTI_LABELS = ("label_zee", "label", "labels", "target")


def layer_slices() -> dict[str, slice]:
    """Where the rings of each layer are among the 100."""
    ends = np.cumsum(list(LAYER_RINGS.values())).tolist()
    return {layer: slice(end - n, end) for (layer, n), end in zip(LAYER_RINGS.items(), ends, strict=True)}


@dataclass(frozen=True)
class RingDataset:
    """Candidates with their rings and labels. Rings may be negative, and may all be zero.

    Raises:
        L1mlError: There is no candidate, a shape does not fit, a value is not finite, or a label is not an index
            into `CLASSES`.
    """

    rings: NDArray[np.float32]
    """Shape (n, 100), columns as in `RINGS`: transverse energy in MeV."""
    et: NDArray[np.float32]
    """Transverse energy of the candidate in MeV, shape (n,)."""
    eta: NDArray[np.float32]
    """Shape (n,)."""
    pileup: NDArray[np.float32]
    """Mean number of collisions in the crossing, shape (n,)."""
    labels: NDArray[np.int64]
    """Shape (n,), indices into `CLASSES`."""

    def __post_init__(self) -> None:
        rings = np.asarray(self.rings)
        if rings.ndim != 2 or rings.shape[1] != len(RINGS):
            raise L1mlError(f"rings have shape {rings.shape}; give an array of shape (n, {len(RINGS)})")
        if len(rings) == 0:
            raise L1mlError("there are no candidates; give at least one")
        for name in ("et", "eta", "pileup", "labels"):
            shape = np.asarray(getattr(self, name)).shape
            if shape != (len(rings),):
                raise L1mlError(f"{name} has shape {shape} for {len(rings)} candidates; give one value per candidate")
        for name in ("rings", "et", "eta", "pileup"):
            object.__setattr__(self, name, _finite(name, getattr(self, name)))
        labels = np.asarray(self.labels)
        if not np.issubdtype(labels.dtype, np.integer):
            raise L1mlError(f"labels have type {labels.dtype}; give whole numbers, indices into {CLASSES}")
        wrong = np.flatnonzero((labels < 0) | (labels >= len(CLASSES)))
        if len(wrong):
            raise L1mlError(f"label of candidate {wrong[0]} is {labels[wrong[0]]}; give 0 or 1 for {CLASSES}")
        object.__setattr__(self, "labels", labels.astype(np.int64))

    def __len__(self) -> int:
        return len(self.labels)


def sample_path() -> Path:
    """Where the shipped sample lies; its README says how it was made."""
    return Path(__file__).with_name("sample.npz")


def load(path: Path | None = None) -> RingDataset:
    """Read a file written by `l1ml.triggers.electron_rings.generator.generate`.

    Args:
        path: The npz file; the shipped sample if absent.

    Returns:
        The candidates, in the order of the file.

    Raises:
        L1mlError: The file does not exist, is damaged, or is not such a file.
    """
    path = sample_path() if path is None else Path(path)
    names = ("rings", "et", "eta", "pileup", "labels")
    labels = {"ring_names": RINGS, "class_names": CLASSES}
    arrays = read_generated(path, names, labels, "make one with `l1ml data generate rings`")
    with named(path):
        rings, et = (_scaled(name, arrays[name]) for name in ("rings", "et"))
        return RingDataset(rings, et, arrays["eta"], arrays["pileup"], arrays["labels"])


def load_lorenzetti(path: Path, label: int | None = None) -> RingDataset:
    """Read rings of the public full simulation Lorenzetti (Comput. Phys. Commun. 286 (2023) 108671) from an npz file.

    Its arrays are named as the columns of Lorenzetti's ntuples: rings ``cl_rings`` (n, 100) in MeV (or ``rings_mev``,
    ``rings``), ``cl_et`` in MeV, ``cl_eta`` and ``avgmu``, the last three (n,) each or columns of one array ``meta``
    (n, k) that ``meta_cols`` names; without ``avgmu`` the pile-up is taken as 0. Labels are ``label_zee`` (or
    ``label``, ``labels``, ``target``), 1 for electrons.

    Args:
        path: The npz file.
        label: Label of all candidates, for a file that has none: Lorenzetti makes one file per class.

    Returns:
        The candidates, in the order of the file.

    Raises:
        L1mlError: The file does not exist, is damaged, or lacks an array; or it has labels and ``label`` is given.
    """
    path = Path(path)
    arrays = read_arrays(path, "give an npz file of rings")
    if "meta" in arrays and "meta_cols" in arrays:
        names = [str(name) for name in arrays["meta_cols"].ravel()]
        meta = arrays["meta"]
        if meta.ndim != 2 or meta.shape[1] != len(names):
            raise L1mlError(f"{path}: meta has shape {meta.shape} and {len(names)} names; give one name per column")
        arrays.update({name: meta[:, k] for k, name in enumerate(names) if name not in arrays})
    rings = _first(path, arrays, _LORENZETTI_RINGS)
    et, eta = (_first(path, arrays, (name,)) for name in ("cl_et", "cl_eta"))
    pileup = arrays.get("avgmu", np.zeros(rings.shape[:1]))
    labelled = any(name in arrays for name in _LORENZETTI_LABELS)
    if labelled and label is not None:
        raise L1mlError(f"{path}: has labels of its own; leave out label={label}")
    if not labelled and label is None:
        raise L1mlError(f"{path}: has none of {', '.join(_LORENZETTI_LABELS)}; give the label of its candidates")
    labels = _first(path, arrays, _LORENZETTI_LABELS) if labelled else np.full(rings.shape[:1], label)
    with named(path):
        return RingDataset(rings, et, eta, pileup, labels)


def _first(path: Path, arrays: dict[str, NDArray[Any]], names: tuple[str, ...]) -> NDArray[Any]:
    for name in names:
        if name in arrays:
            return arrays[name]
    raise L1mlError(f"{path}: no array {' or '.join(names)}; it holds {', '.join(sorted(arrays)) or 'nothing'}")


def _scaled(name: str, values: NDArray[Any]) -> NDArray[np.float32]:
    """GeV to MeV."""
    try:
        return values.astype(np.float32) * np.float32(1000)
    except (TypeError, ValueError) as error:
        raise L1mlError(f"{name} has type {values.dtype}; make it again") from error


def _finite(name: str, values: Any) -> NDArray[np.float32]:
    values = np.asarray(values)
    if not np.issubdtype(values.dtype, np.number) or np.issubdtype(values.dtype, np.complexfloating):
        raise L1mlError(f"{name} has type {values.dtype}; give numbers")
    # Checked after the conversion, so that what overflows float32 is caught as well.
    with np.errstate(over="ignore", invalid="ignore"):
        values = values.astype(np.float32)
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        what = f"ring {RINGS[bad[0][1]]}" if values.ndim == 2 else name
        raise L1mlError(
            f"{what} of candidate {bad[0][0]} is {values[tuple(bad[0])]}; "
            f"drop or mend the {len(np.unique(bad[:, 0]))} candidates with values that are not finite"
        )
    return values
