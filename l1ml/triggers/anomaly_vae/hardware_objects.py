"""Trigger objects as the firmware gets them: 19 objects, 57 integers.

The format is that of the CMS global trigger (CMS-TDR-012, and L1 upgrade note CMS DN-2014/029): missing transverse
energy (MET), 4 e/γ, 4 muons and 10 jets, each with pT, η and φ. An object that is not there is (0, 0, 0).

====  =====================  ==========================  ==================
kind  pT in 0.5 GeV          η                           φ
====  =====================  ==========================  ==================
MET   12 bits, 0 to 4095     always 0                    2π/144, 0 to 143
e/γ   9 bits, 0 to 511       0.087/2, -128 to 127        2π/144, 0 to 143
μ     9 bits, 0 to 511       0.087/8, -256 to 255        2π/576, 0 to 575
jet   11 bits, 0 to 2047     0.087/2, -128 to 127        2π/144, 0 to 143
====  =====================  ==========================  ==================
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.errors import L1mlError

AXES: tuple[str, ...] = ("pt", "eta", "phi")
PT_STEP = 0.5
"""GeV."""


@dataclass(frozen=True)
class Kind:
    """One kind of object and its integers."""

    name: str
    count: int
    """Places for objects of the kind, filled from the largest pT down."""
    pt_max: int
    """Largest integer of pT, at which it saturates."""
    eta_step: float
    eta_bits: int
    """Width of η in two's complement; 0 where η is always 0."""
    phi_count: int
    """Steps of φ in a turn."""

    @property
    def eta_range(self) -> tuple[int, int]:
        """Smallest and largest integer of η."""
        half = 1 << self.eta_bits - 1 if self.eta_bits else 0
        return -half, max(half - 1, 0)


KINDS: tuple[Kind, ...] = (
    Kind("met", 1, 4095, 0.0435, 0, 144),
    Kind("eg", 4, 511, 0.0435, 8, 144),
    Kind("mu", 4, 511, 0.010875, 9, 576),
    Kind("jet", 10, 2047, 0.0435, 8, 144),
)
OBJECTS: tuple[str, ...] = tuple(
    kind.name if kind.count == 1 else f"{kind.name}_{k}" for kind in KINDS for k in range(kind.count)
)
"""Names of the 19 objects: ``met``, ``eg_0`` to ``eg_3``, ``mu_0`` to ``mu_3``, ``jet_0`` to ``jet_9``."""
INPUTS: tuple[str, ...] = tuple(f"{name}_{axis}" for name in OBJECTS for axis in AXES)
"""Names of the 57 integers: ``met_pt``, ``met_eta``, ``met_phi``, ``eg_0_pt``, ..."""

_ENDS = np.cumsum([kind.count for kind in KINDS]).tolist()
_PER_OBJECT = [kind for kind in KINDS for _ in range(kind.count)]
LOWEST: NDArray[np.int64] = np.array([v for k in _PER_OBJECT for v in (0, k.eta_range[0], 0)])
"""Smallest allowed integer of each input, shape (57,)."""
HIGHEST: NDArray[np.int64] = np.array([v for k in _PER_OBJECT for v in (k.pt_max, k.eta_range[1], k.phi_count - 1)])
"""Largest allowed integer of each input, shape (57,)."""


def kind_slices() -> dict[str, slice]:
    """Where the objects of each kind are among the 19."""
    return {kind.name: slice(end - kind.count, end) for kind, end in zip(KINDS, _ENDS, strict=True)}


def to_hardware(objects: NDArray[Any]) -> NDArray[np.int16]:
    """Convert measured objects to the integers of the hardware.

    An integer is the number of the bin that a value lies in; pT saturates. Objects of a kind are put in order of pT.

    Args:
        objects: Shape (n, 19, 3), in the order of `OBJECTS`: pT in GeV, η, φ in radians from -π to 2π. An object that
            is not there has a pT of 0. η of MET is not looked at.

    Returns:
        Shape (n, 57), columns as in `INPUTS`; where pT comes out as 0, η and φ are 0 as well.

    Raises:
        L1mlError: The shape does not fit, or a value is not finite or out of range.
    """
    objects = _numbers(objects)
    if objects.ndim != 3 or objects.shape[1:] != (len(OBJECTS), len(AXES)):
        raise L1mlError(
            f"trigger objects have shape {objects.shape}; give one of (n, {len(OBJECTS)}, {len(AXES)}): "
            "MET, 4 e/γ, 4 muons and 10 jets, each with pT, η, φ"
        )
    values = objects.astype(np.float64)
    _refuse(~np.isfinite(values), values, "drop or mend the event")
    _refuse(values[..., :1] < 0, values, "pT is in GeV from 0")
    _refuse((values[..., 2:] < -np.pi - 1e-5) | (values[..., 2:] > 2 * np.pi + 1e-5), values, "φ is -π to 2π", axis=2)
    found = np.zeros(values.shape, np.int16)
    for kind, place in zip(KINDS, kind_slices().values(), strict=True):
        some = values[:, place]
        order = np.argsort(-some[..., 0], axis=1, kind="stable")
        found[:, place] = _integers(kind, np.take_along_axis(some, order[..., None], axis=1))
    return found.reshape(len(found), len(INPUTS))


def check_hardware(objects: Any) -> NDArray[np.int16]:
    """See that integers are such as the hardware can send.

    Args:
        objects: Shape (n, 57) or (n, 19, 3); whole numbers of any type. All zeros is an event without objects.

    Returns:
        Shape (n, 57).

    Raises:
        L1mlError: The shape does not fit, or a value is not a whole number or out of its range.
    """
    values = _numbers(objects)
    if values.ndim == 3 and values.shape[1:] == (len(OBJECTS), len(AXES)):
        values = values.reshape(len(values), len(INPUTS))
    if values.ndim != 2 or values.shape[1] != len(INPUTS):
        raise L1mlError(
            f"hardware objects have shape {values.shape}; "
            f"give one of (n, {len(INPUTS)}) or (n, {len(OBJECTS)}, {len(AXES)})"
        )
    # Not a comparison with the rounded value alone: infinity is equal to itself.
    with np.errstate(invalid="ignore"):
        broken = np.argwhere(~(np.isfinite(values) & (np.floor(values) == values)))
    if len(broken):
        event, column = broken[0]
        raise L1mlError(f"{INPUTS[column]} of event {event} is {values[event, column]}; give whole numbers")
    outside = np.argwhere((values < LOWEST) | (values > HIGHEST))
    if len(outside):
        event, column = outside[0]
        raise L1mlError(
            f"{INPUTS[column]} of event {event} is {values[event, column]:.0f}; "
            f"give {LOWEST[column]} to {HIGHEST[column]}"
        )
    return values.astype(np.int16)


def _integers(kind: Kind, values: NDArray[np.float64]) -> NDArray[np.int16]:
    """Bins of objects of one kind, shape (n, count, 3)."""
    pt = np.minimum(np.floor(values[..., 0] / PT_STEP), kind.pt_max)
    eta = np.floor(values[..., 1] / kind.eta_step) if kind.eta_bits else np.zeros_like(pt)
    phi = np.floor(values[..., 2] / (2 * np.pi) * kind.phi_count) % kind.phi_count
    there = pt > 0
    low, high = kind.eta_range
    far = np.argwhere(there & ((eta < low) | (eta > high)))
    if len(far):
        event, place = far[0]
        eta_limits = f"{low * kind.eta_step:.2f} to {(high + 1) * kind.eta_step:.2f}"
        raise L1mlError(f"η of {kind.name} {place} of event {event} is {values[event, place, 1]}; give {eta_limits}")
    return np.where(there[..., None], np.stack([pt, eta, phi], axis=-1), 0).astype(np.int16)


def _numbers(values: Any) -> NDArray[Any]:
    values = np.asarray(values)
    if not np.issubdtype(values.dtype, np.number) or np.issubdtype(values.dtype, np.complexfloating):
        raise L1mlError(f"trigger objects have type {values.dtype}; give numbers")
    return values


def _refuse(wrong: NDArray[np.bool_], values: NDArray[np.float64], mend: str, *, axis: int = 0) -> None:
    """Raise for the first wrong value; ``axis`` is that of the first column of ``wrong``."""
    found = np.argwhere(wrong)
    if len(found):
        event, place, column = found[0]
        value = values[event, place, column + axis]
        raise L1mlError(f"{AXES[column + axis]} of {OBJECTS[place]} of event {event} is {value}; {mend}")
