"""From calorimeter cells to 100 rings around the hottest ones.

The rings are those of ATLAS's NeuralRinger (dos Anjos et al., Nucl. Instrum. Meth. A 559 (2006) 134; ATLAS electron
trigger, Eur. Phys. J. C 80 (2020) 47), as the public simulation Lorenzetti builds them (Araújo et al., Comput. Phys.
Commun. 286 (2023) 108671): the region of interest of 0.4 × 0.4 lies around the hottest EM2 cell and holds the
cells whose centre is inside. In each layer, ring 0 is the hottest cell there, ring 1 the eight cells around it, ring k
the cells that are k columns or rows away and no farther. A ring's value is the sum of its cells' transverse energies,
negative ones included.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from l1ml.datasets.ring_calorimeter import (
    EM2,
    LAYERS,
    N_EM,
    PHI_UNIT,
    Array,
    Index,
    Layer,
    cell_centres,
    window_shape,
)
from l1ml.errors import L1mlError

N_RINGS = sum(layer.rings for layer in LAYERS)
"""100."""
ROI_ETA, ROI_PHI = 0.2, 8 * PHI_UNIT
"""Half the width of the region of interest; what is exactly on its border is outside."""
SEARCH = 0.1
"""The hottest cell is no farther than this in η and φ from the direction that the candidate was found at."""
CLUSTER_ETA, CLUSTER_PHI = 0.05, 4 * PHI_UNIT
"""The energy of a candidate is that of electromagnetic cells whose centre is nearer than this: 3 × 7 in EM2."""

_EDGE = 1e-6  # centres of cells may lie on a border, up to rounding


@dataclass(frozen=True)
class Cells:
    """The cells of n windows.

    Raises:
        L1mlError: A layer is missing or has another shape.
    """

    origin: tuple[Index, Index]
    """Corners, of `l1ml.datasets.ring_calorimeter.window_origin`."""
    et: tuple[NDArray[np.float32], ...]
    """Transverse energies in MeV, for each of `LAYERS` an array of shape (n, columns in η, rows in φ)."""

    def __post_init__(self) -> None:
        n = len(self.origin[0])
        wanted = [(n, *window_shape(layer)) for layer in LAYERS]
        if [et.shape for et in self.et] != wanted:
            raise L1mlError(f"cells have shapes {[et.shape for et in self.et]}; give {wanted}, one array per layer")

    def __len__(self) -> int:
        return len(self.origin[0])


@dataclass(frozen=True)
class Centres:
    """The hottest EM2 cell of each of n windows."""

    eta: Array
    """Shape (n,)."""
    phi: Array
    """Radians, not wrapped, shape (n,)."""


def hottest(cells: Cells, eta: Array, phi: Array) -> Centres:
    """Find the EM2 cell with the largest transverse energy near a direction.

    Args:
        cells: The windows.
        eta: Directions, shape (n,).
        phi: Radians, shape (n,).

    Returns:
        Centres of the cells; of equal ones the first in η, then in φ.
    """
    cell_eta, cell_phi = cell_centres(LAYERS[EM2], cells.origin)
    near_eta = np.abs(cell_eta - eta[:, None]) < SEARCH
    near_phi = np.abs(_turned(cell_phi - phi[:, None])) < SEARCH
    et = np.where(near_eta[:, :, None] & near_phi[:, None, :], cells.et[EM2], -np.inf)
    best = et.reshape(len(cells), -1).argmax(axis=1)
    column, row = np.divmod(best, et.shape[2])
    each = np.arange(len(cells))
    return Centres(cell_eta[each, column], cell_phi[each, row])


def region(layer: Layer, cells: Cells, centres: Centres) -> NDArray[np.bool_]:
    """Which cells of a layer are in the region of interest.

    Returns:
        Shape (n, columns, rows) as the layer's cells.
    """
    d_eta, d_phi = _distances(layer, cells, centres)
    return (np.abs(d_eta) < ROI_ETA - _EDGE)[:, :, None] & (np.abs(d_phi) < ROI_PHI - _EDGE)[:, None, :]


def ring_numbers(inside: NDArray[np.bool_], et: NDArray[np.float32], n_rings: int) -> Index:
    """The ring that each cell of a layer belongs to.

    Args:
        inside: Which cells are in the region of interest, shape (n, columns, rows).
        et: Their transverse energies, same shape; of equal ones the first in η, then in φ is the hottest.
        n_rings: Number of rings.

    Returns:
        Number from 0, -1 for cells outside of the region or of all rings; same shape.
    """
    columns, rows = inside.shape[1:]
    best = np.where(inside, et, -np.inf).reshape(len(inside), -1).argmax(axis=1)
    column, row = np.divmod(best, rows)
    far_eta = np.abs(np.arange(columns) - column[:, None])
    far_phi = np.abs(np.arange(rows) - row[:, None])
    ring = np.maximum(far_eta[:, :, None], far_phi[:, None, :])
    return np.where(inside & (ring < n_rings), ring, -1)


def rings(cells: Cells, centres: Centres) -> NDArray[np.float32]:
    """Sum the transverse energies in the rings.

    Args:
        cells: n windows.
        centres: Their hottest EM2 cells.

    Returns:
        Shape (n, 100), MeV: PS 8, EM1 64, EM2 8, EM3 8, HAD1 4, HAD2 4, HAD3 4, from the inside out.
    """
    n = len(cells)
    parts = []
    for layer, et in zip(LAYERS, cells.et, strict=True):
        ring = ring_numbers(region(layer, cells, centres), et, layer.rings)
        kept = ring >= 0
        owner = np.broadcast_to(np.arange(n)[:, None, None], ring.shape)
        flat = owner[kept] * layer.rings + ring[kept]
        total = np.bincount(flat, weights=et[kept], minlength=n * layer.rings)
        parts.append(total.reshape(n, layer.rings))
    return np.concatenate(parts, axis=1).astype(np.float32)


def cluster_et(cells: Cells, centres: Centres) -> NDArray[np.float32]:
    """Transverse energy of candidates: electromagnetic cells around the hottest, 3 × 7 (η × φ) of them in EM2.

    Returns:
        Shape (n,), MeV.
    """
    total = np.zeros(len(cells))
    for layer, et in zip(LAYERS[:N_EM], cells.et, strict=False):
        d_eta, d_phi = _distances(layer, cells, centres)
        near = (np.abs(d_eta) < CLUSTER_ETA - _EDGE)[:, :, None] & (np.abs(d_phi) < CLUSTER_PHI - _EDGE)[:, None, :]
        total += np.where(near, et, 0.0).sum(axis=(1, 2), dtype=np.float64)
    return total.astype(np.float32)


def _distances(layer: Layer, cells: Cells, centres: Centres) -> tuple[Array, Array]:
    eta, phi = cell_centres(layer, cells.origin)
    return eta - centres.eta[:, None], phi - centres.phi[:, None]


def _turned(angle: Array) -> Array:
    return np.mod(angle + np.pi, 2 * np.pi) - np.pi
