"""A parametric detector for particles of simulated jets, in numpy.

The model follows arXiv:1709.08705, which made the public jet set: tracks and calorimeter cells with
the resolutions of CMS, no pile-up and no inefficiency.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from l1ml.triggers.jet_tagger.features import Array

_NEUTRINOS = (12, 14, 16)
_CHARGED = (11, 13, 211, 321, 2212, 3112, 3222, 3312, 3334)
_PHOTON = 22
_PT_MIN = 1e-3  # GeV


@dataclass(frozen=True)
class Detector:
    """Acceptance, granularity and resolution.

    A charged particle is a track unless its pT exceeds ``track_pt_max``, where the core of a jet is too
    dense to follow it; then it is a hadronic calorimeter deposit like a neutral hadron. Photons fill the
    electromagnetic cells. The energies in a cell are added and come out as one massless particle at
    the centre of the cell. Neutrinos vanish.
    """

    eta_max: float = 3.0
    """Particles beyond this |η| are lost."""
    track_pt_max: float = 220.0
    """GeV."""
    pt_min: float = 0.5
    """GeV; tracks and cells that are measured softer are dropped."""
    ecal_pitch: float = 0.0175
    """Cell size in η and φ (radians) of the electromagnetic calorimeter."""
    hcal_pitch: float = 0.022
    """Cell size in η and φ (radians) of the hadronic calorimeter, of particle-flow clusters."""

    def parameters(self) -> dict[str, float]:
        """The settings, for the record in a data file."""
        return asdict(self)

    def measure(
        self, pdg: NDArray[np.int64], p4: Array, event: NDArray[np.int64], rng: np.random.Generator
    ) -> tuple[Array, NDArray[np.int64]]:
        """What the detector makes of stable particles.

        Args:
            pdg: Particle codes, shape (n,).
            p4: Four-momenta px, py, pz, E in GeV, shape (n, 4).
            event: Index of each particle's event, shape (n,).
            rng: Source of the smearing.

        Returns:
            Four-momenta of shape (m, 4) in GeV and their event indices (m,), in the order of events.
        """
        code = np.abs(pdg)
        pt = np.hypot(p4[:, 0], p4[:, 1])
        eta = np.arcsinh(p4[:, 2] / np.maximum(pt, 1e-9))
        # Decays now and then yield a photon of no energy at all, for which no resolution is defined.
        seen = ~np.isin(code, _NEUTRINOS) & (np.abs(eta) < self.eta_max) & (pt > _PT_MIN)
        charged = seen & np.isin(code, _CHARGED)
        photon = seen & (code == _PHOTON)
        track = charged & (pt <= self.track_pt_max)
        hadron = seen & ~track & ~photon

        phi = np.arctan2(p4[:, 1], p4[:, 0])
        parts = [_smeared(p4[track], event[track], _track_resolution(pt[track]), rng)]
        for mask, pitch, resolution in (
            (photon, self.ecal_pitch, _ecal_resolution),
            (hadron, self.hcal_pitch, _hcal_resolution),
        ):
            cells, cell_event = _deposit(p4[mask, 3], eta[mask], phi[mask], event[mask], pitch, self.eta_max)
            parts.append(_smeared(cells, cell_event, resolution(cells[:, 3]), rng))
        measured = np.concatenate([p for p, _ in parts])
        where = np.concatenate([e for _, e in parts])
        kept = np.flatnonzero(np.hypot(measured[:, 0], measured[:, 1]) > self.pt_min)
        order = kept[np.argsort(where[kept], kind="stable")]
        return measured[order], where[order]


def _track_resolution(pt: Array) -> Array:
    """Relative pT resolution of tracks, pT in GeV; as are the next two, from the code of arXiv:1709.08705."""
    return np.hypot(0.00025 * pt, 0.015)


def _ecal_resolution(energy: Array) -> Array:
    """Relative energy resolution of photons; 1.6 scales for the charged energy subtracted around them."""
    return np.sqrt(0.027**2 * 1.6 / energy + (0.15 * 1.6 / energy) ** 2 + 0.005**2)


def _hcal_resolution(energy: Array) -> Array:
    """Relative energy resolution of neutral hadrons; 7 scales for the charged energy subtracted."""
    return np.sqrt(1.20**2 * 7.0 / energy + 0.05**2)


def _smeared(
    p4: Array, event: NDArray[np.int64], resolution: Array, rng: np.random.Generator
) -> tuple[Array, NDArray[np.int64]]:
    factor = rng.normal(1.0, resolution)
    keep = factor > 0.0  # an energy smeared below zero is not seen
    return p4[keep] * factor[keep, None], event[keep]


def _deposit(
    energy: Array, eta: Array, phi: Array, event: NDArray[np.int64], pitch: float, eta_max: float
) -> tuple[Array, NDArray[np.int64]]:
    """Sum energies in cells of ``pitch`` x ``pitch``; the last φ cell takes what is left of the circle."""
    n_phi = int(2 * np.pi / pitch)
    n_eta = int(np.ceil(2 * eta_max / pitch))
    i_eta = ((eta + eta_max) / pitch).astype(np.int64)
    i_phi = np.minimum((np.mod(phi, 2 * np.pi) / pitch).astype(np.int64), n_phi - 1)
    cell, inverse = np.unique((event * n_eta + i_eta) * n_phi + i_phi, return_inverse=True)
    total = np.bincount(inverse, weights=energy, minlength=len(cell))
    cell_eta = (cell // n_phi % n_eta + 0.5) * pitch - eta_max
    cell_phi = (cell % n_phi + 0.5) * pitch
    pt = total / np.cosh(cell_eta)
    p4 = np.stack([pt * np.cos(cell_phi), pt * np.sin(cell_phi), pt * np.sinh(cell_eta), total], axis=1)
    return p4, cell // (n_phi * n_eta)
