"""From calorimeter cells to 100 rings around the hottest ones.

The rings are those of ATLAS's NeuralRinger (dos Anjos et al., Nucl. Instrum. Meth. A 559 (2006) 134; ATLAS electron
trigger, Eur. Phys. J. C 80 (2020) 47), as the public simulation Lorenzetti builds them (Araújo et al., Comput. Phys.
Commun. 286 (2023) 108671): the region of interest of 0.4 × 0.4 lies around the hottest EM2 cell and holds the
cells whose centre is inside, in every layer the same number of them. In each layer, ring 0 is the hottest cell there,
ring 1 the eight cells around it, ring k the cells that are k columns or rows away and no farther. A ring's value is the
sum of its cells' transverse energies, negative ones included.

`rings` does both steps for simulated windows. Firmware is given the cells of a region, quantized, and does the second
step: `region_cells` cuts them out, `sum_rings` is what it computes, exactly if the energies are integers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.errors import L1mlError
from l1ml.triggers.electron_rings.calorimeter import (
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

ROI_ETA, ROI_PHI = 0.2, 8 * PHI_UNIT
"""Half the width of the region of interest; what is exactly on its border is outside."""
SEARCH = 0.1
"""The hottest cell is no farther than this in η and φ from the direction that the candidate was found at."""
CLUSTER_ETA, CLUSTER_PHI = 0.05, 4 * PHI_UNIT
"""The energy of a candidate is that of electromagnetic cells whose centre is nearer than this: 3 × 7 in EM2."""

_EDGE = 1e-6  # centres of cells may lie on a border, up to rounding


@dataclass(frozen=True)
class Grid:
    """The cells of one layer in the region of interest, and the rings around one of them."""

    name: str
    columns: int
    """In η."""
    rows: int
    """In φ."""
    rings: int

    @property
    def cells(self) -> int:
        """Number of cells."""
        return self.columns * self.rows


def _across(half_width: float, pitch: float, own: float) -> int:
    """Number of cells along one side. Of EM2's own pitch, the two outermost lie on the border and are outside."""
    return round(2 * half_width / pitch) - int(pitch == own)


REGION: tuple[Grid, ...] = tuple(
    Grid(
        layer.name,
        columns=_across(ROI_ETA, layer.eta, LAYERS[EM2].eta),
        rows=_across(ROI_PHI, layer.phi, LAYERS[EM2].phi),
        rings=layer.rings,
    )
    for layer in LAYERS
)
"""The layers in the region of interest, wherever its centre lies among coarser and finer cells."""
N_CELLS = sum(grid.cells for grid in REGION)
"""957."""
N_RINGS = sum(grid.rings for grid in REGION)
"""100."""


@dataclass(frozen=True)
class Cells:
    """The cells of n windows.

    Raises:
        L1mlError: A layer is missing or has another shape.
    """

    origin: tuple[Index, Index]
    """Corners, of `l1ml.triggers.electron_rings.calorimeter.window_origin`."""
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


def region(layer: Layer, origin: tuple[Index, Index], centres: Centres) -> NDArray[np.bool_]:
    """Which cells of a layer are in the region of interest.

    Returns:
        Shape (n, columns, rows) as the layer's cells.
    """
    d_eta, d_phi = _distances(layer, origin, centres)
    return (np.abs(d_eta) < ROI_ETA - _EDGE)[:, :, None] & (np.abs(d_phi) < ROI_PHI - _EDGE)[:, None, :]


def region_cells(cells: Cells, centres: Centres) -> NDArray[np.float32]:
    """Cut the region of interest out of windows.

    Args:
        cells: n windows.
        centres: Their hottest EM2 cells.

    Returns:
        Transverse energies in MeV, shape (n, `N_CELLS`): layer by layer as in `REGION`, each column by column in η, in
        a column row by row in φ.

    Raises:
        L1mlError: A region reaches beyond its window.
    """
    parts = []
    for layer, grid, et in zip(LAYERS, REGION, cells.et, strict=True):
        inside = region(layer, cells.origin, centres)
        short = np.flatnonzero(inside.sum(axis=(1, 2)) != grid.cells)
        if len(short):
            raise L1mlError(
                f"the region of interest of candidate {short[0]} reaches beyond its window in {grid.name}; "
                "give the centre of a cell that l1ml.triggers.electron_rings.ring_builder.hottest finds"
            )
        parts.append(et[inside].reshape(len(cells), grid.cells))
    return np.concatenate(parts, axis=1)


def ring_numbers(et: NDArray[Any], n_rings: int) -> Index:
    """The ring that each cell of a layer's region belongs to.

    Args:
        et: Transverse energies, shape (n, columns, rows); of equal ones the first in η, then in φ is the hottest.
        n_rings: Number of rings.

    Returns:
        Number from 0, -1 for cells outside of all rings; same shape.
    """
    columns, rows = et.shape[1:]
    column, row = np.divmod(et.reshape(len(et), -1).argmax(axis=1), rows)
    far_eta = np.abs(np.arange(columns) - column[:, None])
    far_phi = np.abs(np.arange(rows) - row[:, None])
    ring = np.maximum(far_eta[:, :, None], far_phi[:, None, :])
    return np.where(ring < n_rings, ring, -1)


def sum_rings(region_et: NDArray[Any]) -> NDArray[Any]:
    """Sum transverse energies in the rings.

    Args:
        region_et: Shape (n, `N_CELLS`) as of `region_cells`: real values, or integers whose sums fit int64.

    Returns:
        Shape (n, `N_RINGS`), PS 8, EM1 64, EM2 8, EM3 8, HAD1 4, HAD2 4, HAD3 4, from the inside out: float64, or
        int64 for integers, then exact.

    Raises:
        L1mlError: If there is another number of cells.
    """
    if region_et.ndim != 2 or region_et.shape[1] != N_CELLS:
        raise L1mlError(f"cells of regions have shape {region_et.shape}; give (candidates, {N_CELLS})")
    n, parts, first = len(region_et), [], 0
    kind = np.int64 if np.issubdtype(region_et.dtype, np.integer) else np.float64
    for grid in REGION:
        et = region_et[:, first : first + grid.cells].reshape(n, grid.columns, grid.rows)
        first += grid.cells
        ring = ring_numbers(et, grid.rings)
        kept = ring >= 0
        owner = np.broadcast_to(np.arange(n)[:, None, None], ring.shape)
        total = np.zeros((n, grid.rings), dtype=kind)
        np.add.at(total, (owner[kept], ring[kept]), et[kept])
        parts.append(total)
    return np.concatenate(parts, axis=1)


def rings(cells: Cells, centres: Centres) -> NDArray[np.float32]:
    """Rings of windows.

    Args:
        cells: n windows.
        centres: Their hottest EM2 cells.

    Returns:
        Shape (n, `N_RINGS`), MeV, as of `sum_rings`.
    """
    return sum_rings(region_cells(cells, centres)).astype(np.float32)


def cluster_et(cells: Cells, centres: Centres) -> NDArray[np.float32]:
    """Transverse energy of candidates: electromagnetic cells around the hottest, 3 × 7 (η × φ) of them in EM2.

    Returns:
        Shape (n,), MeV.
    """
    total = np.zeros(len(cells))
    for layer, et in zip(LAYERS[:N_EM], cells.et, strict=False):
        d_eta, d_phi = _distances(layer, cells.origin, centres)
        near = (np.abs(d_eta) < CLUSTER_ETA - _EDGE)[:, :, None] & (np.abs(d_phi) < CLUSTER_PHI - _EDGE)[:, None, :]
        total += np.where(near, et, 0.0).sum(axis=(1, 2), dtype=np.float64)
    return total.astype(np.float32)


def _distances(layer: Layer, origin: tuple[Index, Index], centres: Centres) -> tuple[Array, Array]:
    eta, phi = cell_centres(layer, origin)
    return eta - centres.eta[:, None], phi - centres.phi[:, None]


def _turned(angle: Array) -> Array:
    return np.mod(angle + np.pi, 2 * np.pi) - np.pi
