"""The calorimeter of the ring trigger: layers, cells, and how much matter lies where.

Layers and cells are those of the ATLAS calorimeters (JINST 3 S08003, table 1.3; technical design reports
CERN-LHCC-96-41 and CERN-LHCC-96-42), with the granularity of the barrel everywhere. Each layer is one slab, a
cylinder in the barrel and a disc in the endcaps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.int64]

PHI_UNIT = np.pi / 128
"""Pitch in φ of the finest cells, in radians: 0.0245, called 0.025."""


@dataclass(frozen=True)
class Layer:
    """One sampling layer."""

    name: str
    eta: float
    """Cell size in η."""
    phi: float
    """Cell size in φ, radians."""
    rings: int
    """Number of rings around the hottest cell."""
    noise: float
    """Electronic noise of a cell, MeV of energy."""
    radius: float
    """Distance of the barrel layer's middle from the beam, cm."""
    depth: float
    """Distance of the endcap layer's middle from the collision along the beam, cm."""


LAYERS: tuple[Layer, ...] = (
    Layer("PS", 0.025, 4 * PHI_UNIT, 8, 40.0, 147.0, 372.0),
    Layer("EM1", 0.025 / 8, 4 * PHI_UNIT, 64, 26.0, 155.0, 378.0),
    Layer("EM2", 0.025, PHI_UNIT, 8, 60.0, 175.0, 400.0),
    Layer("EM3", 0.05, PHI_UNIT, 8, 40.0, 195.0, 420.0),
    Layer("HAD1", 0.1, 4 * PHI_UNIT, 4, 30.0, 248.0, 460.0),
    Layer("HAD2", 0.1, 4 * PHI_UNIT, 4, 30.0, 325.0, 530.0),
    Layer("HAD3", 0.2, 4 * PHI_UNIT, 4, 30.0, 400.0, 590.0),
)
"""From the inside out. The noise is typical of ATLAS at high gain, tens of MeV in a cell."""

N_EM = 4
"""How many of the layers, the first ones, are electromagnetic."""
EM2 = 2
"""Index of the layer that gives the centre of the rings."""
BARREL_END = 1.475
"""|η| at which the barrel passes into the endcap."""

WINDOW_ETA = 1.0
"""Width in η of the cells that are kept for a candidate; a multiple of the largest cell."""
WINDOW_PHI = 36 * PHI_UNIT
_BEFORE_ETA, _BEFORE_PHI = 0.4, 16 * PHI_UNIT
_BLOCK_ETA, _BLOCK_PHI = 0.2, 4 * PHI_UNIT

# Thickness along the flight, at the |η| of the first row, in radiation lengths: matter before the presampler, then
# PS, EM1, EM2, EM3, the matter before the hadronic layers, HAD1 to HAD3. In total as in JINST 3 S08003, chapter 5; the
# matter in front and the border of EM1 and EM2 such that electrons share their energy among the layers as they do in
# the full simulation Lorenzetti (Comput. Phys. Commun. 286 (2023) 108671), whose tracker is lighter than ATLAS's.
_KNOTS = np.array([0.0, 0.4, 0.8, 1.1, 1.4, 1.55, 1.8, 2.0, 2.5])
_X0 = np.array(
    [
        [0.8, 0.8, 1.3, 2.1, 3.2, 2.6, 2.2, 1.8, 1.6],
        [0.08, 0.09, 0.11, 0.13, 0.17, 0.10, 0.10, 0.10, 0.10],
        [4.4, 4.7, 5.5, 6.6, 7.0, 6.2, 5.8, 5.2, 4.8],
        [17.0, 18.0, 20.0, 21.0, 19.0, 22.0, 23.0, 24.0, 25.0],
        [2.5, 2.7, 3.2, 3.2, 2.5, 3.5, 3.8, 4.0, 4.0],
        [12.0, 12.5, 13.0, 13.0, 13.0, 8.0, 8.0, 8.0, 8.0],
        [14.0, 15.0, 16.0, 17.0, 17.0, 17.0, 17.0, 17.0, 17.0],
        [38.0, 40.0, 40.0, 30.0, 30.0, 32.0, 32.0, 32.0, 32.0],
        [17.0, 18.0, 20.0, 30.0, 30.0, 28.0, 28.0, 28.0, 28.0],
    ]
)
# Radiation lengths in a nuclear interaction length: lead and argon, then iron (Particle Data Group).
_X0_PER_LAMBDA = np.array([12.0, 6.0, 22.0, 22.0, 22.0, 12.0, 9.5, 9.5, 9.5])
N_SLABS = len(_X0)
SLAB_LAYER = np.array([-1, 0, 1, 2, 3, -1, 4, 5, 6, -1])
"""Index into `LAYERS` of each slab, -1 where nothing is measured; the last is the world behind."""


def parameters() -> dict[str, Any]:
    """All settings that shape the cells, for the record in a data file."""
    return {
        "layers": [[getattr(layer, name) for name in Layer.__dataclass_fields__] for layer in LAYERS],
        "window": [WINDOW_ETA, WINDOW_PHI],
        "eta_knots": _KNOTS.tolist(),
        "radiation_lengths": _X0.tolist(),
        "radiation_per_interaction_length": _X0_PER_LAMBDA.tolist(),
    }


def slab_edges(eta: Array) -> tuple[Array, Array]:
    """Where a particle from the collision meets the far end of each slab.

    Args:
        eta: Directions, shape (n,).

    Returns:
        Depths along the flight in radiation lengths and in interaction lengths, each (n, `N_SLABS`), ascending.
    """
    x0 = np.stack([np.interp(np.abs(eta), _KNOTS, row) for row in _X0], axis=1)
    return np.cumsum(x0, axis=1), np.cumsum(x0 / _X0_PER_LAMBDA, axis=1)


def distance_from_beam(eta: Array) -> Array:
    """Distance in cm from the beam at which a particle crosses each layer.

    A step of 1 cm across the flight is 1 / distance in η and in φ, in barrel and endcap alike.

    Args:
        eta: Directions, shape (n,).

    Returns:
        Shape (n, 7).
    """
    radius = np.array([layer.radius for layer in LAYERS])
    depth = np.array([layer.depth for layer in LAYERS])
    size = np.abs(eta)[:, None]
    return np.where(size < BARREL_END, radius, depth / np.sinh(np.maximum(size, BARREL_END)))


def window_origin(eta: Array, phi: Array) -> tuple[Index, Index]:
    """Lower corner of the cells that are kept around a direction, so that cells of all layers begin there.

    Args:
        eta: Shape (n,).
        phi: Radians, shape (n,).

    Returns:
        Corner in units of the finest cells, 0.025 / 8 in η and `PHI_UNIT` in φ, each (n,).
    """
    first_eta = np.floor(eta / _BLOCK_ETA) * round(_BLOCK_ETA / LAYERS[1].eta) - round(_BEFORE_ETA / LAYERS[1].eta)
    first_phi = np.floor(phi / _BLOCK_PHI) * 4 - round(_BEFORE_PHI / PHI_UNIT)
    return first_eta.astype(np.int64), first_phi.astype(np.int64)


def window_shape(layer: Layer) -> tuple[int, int]:
    """Number of a layer's cells in a window, along η and φ."""
    return round(WINDOW_ETA / layer.eta), round(WINDOW_PHI / layer.phi)


def cell_centres(layer: Layer, origin: tuple[Index, Index]) -> tuple[Array, Array]:
    """Positions of a layer's cells.

    Args:
        layer: One of `LAYERS`.
        origin: Corners of n windows, of `window_origin`.

    Returns:
        η of the columns, shape (n, columns), and φ of the rows in radians, not wrapped, shape (n, rows).
    """
    columns, rows = window_shape(layer)
    eta = origin[0][:, None] * LAYERS[1].eta + (np.arange(columns) + 0.5) * layer.eta
    phi = origin[1][:, None] * PHI_UNIT + (np.arange(rows) + 0.5) * layer.phi
    return eta, phi


def fill(
    layer: Layer, origin: tuple[Index, Index], owner: Index, eta: Array, phi: Array, energy: Array
) -> NDArray[np.float32]:
    """Sum energies in a layer's cells; what lies outside of its window is lost.

    Args:
        layer: One of `LAYERS`.
        origin: Corners of n windows, of `window_origin`.
        owner: Index of the window of each energy, shape (m,).
        eta: Shape (m,).
        phi: Radians, shape (m,); any turn.
        energy: Shape (m,), any unit.

    Returns:
        Shape (n, columns, rows), the unit of ``energy``.
    """
    columns, rows = window_shape(layer)
    column = np.floor((eta - origin[0][owner] * LAYERS[1].eta) / layer.eta).astype(np.int64)
    turn = np.mod(phi - origin[1][owner] * PHI_UNIT, 2 * np.pi)
    row = (turn / layer.phi).astype(np.int64)
    inside = (column >= 0) & (column < columns) & (row < rows)
    flat = (owner[inside] * columns + column[inside]) * rows + row[inside]
    n = len(origin[0])
    total = np.bincount(flat, weights=energy[inside], minlength=n * columns * rows)
    return total.reshape(n, columns, rows).astype(np.float32)
