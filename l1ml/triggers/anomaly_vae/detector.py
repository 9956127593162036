"""What a first-level trigger sees of a collision: cells of a calorimeter, and e/γ, muons, jets and MET made of them.

Parametrised after CMS: acceptance, bending in 3.8 T, and the resolutions of its calorimeters as Delphes has them
(JHEP 02 (2014) 057, card ``delphes_card_CMS.tcl``); trigger towers of 0.087 × 0.087 that come in 0.5 GeV, e/γ of
half the pitch (CMS-TDR-012); muons as measured by the muon system alone (JINST 15 (2020) P10017).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.triggers.anomaly_vae.hardware_objects import KINDS, kind_slices

Array = NDArray[np.float64]
Index = NDArray[np.int64]

CELL = 0.0435
"""Pitch in η of the electromagnetic cells; a tower is 2 × 2 of them."""
ETA_CELLS, PHI_CELLS = 228, 144
"""Electromagnetic cells up to |η| = 4.96 and around the beam."""
TOWER_STEP = 0.5
"""GeV of transverse energy; each of the two parts of a tower is rounded to it."""
TOWER_MIN = 1.0
"""GeV; towers with less are left out of jets and MET."""
EG_PT_MIN, EG_ETA_MAX = 3.0, 3.0
EG_SEED_MIN = 1.5
"""GeV, of the hottest cell of an e/γ."""
EG_NARROW = 0.8
"""Least share of 3 × 3 cells in the energy of 5 × 5: jets are broader."""
EG_HADRONIC = (0.5, 0.1)
"""Most hadronic energy of the tower behind: GeV, and share of the e/γ."""
MU_PT_MIN, MU_ETA_MAX = 3.0, 2.4
MU_EFFICIENCY = 0.95
MU_RESOLUTION = ((0.83, 0.15), (1.24, 0.20), (2.4, 0.25))
"""Relative spread of pT up to each |η|: barrel, overlap, end-cap."""
MU_ANGLE = 0.01
"""Spread of η and φ of muons."""
JET_RADIUS = 0.4
JET_PT_MIN = 15.0
JET_SEED_MIN = 4.0
"""GeV, of the hottest tower of a jet."""
JET_SCALE = 1.05
"""Calibration: makes good what is lost in bending and rounding."""

_FIELD, _COIL_RADIUS, _COIL_LENGTH = 0.3 * 3.8, 1.29, 3.2  # GeV per metre; metres to the calorimeter
_NEUTRINOS = (12, 14, 16)
_POSITIVE = (211, 321, 2212, -11, -13)
_TOWER_ETA = CELL * (2 * np.arange(ETA_CELLS // 2) - ETA_CELLS // 2 + 1)
_TOWER_PHI = (np.arange(PHI_CELLS // 2) + 0.5) * (4 * np.pi / PHI_CELLS)
_TOWERS_PER_JET = np.pi * JET_RADIUS**2 / (2 * CELL * 4 * np.pi / PHI_CELLS)
_BANDS = np.minimum(np.abs(_TOWER_ETA), 4.9).astype(np.int64)  # of pile-up, one unit of |η| each


@dataclass(frozen=True)
class Particles:
    """Stable particles of some events."""

    event: Index
    """Number of each particle's event, ascending, shape (m,)."""
    pdg: Index
    pt: Array
    """GeV."""
    eta: Array
    phi: Array


@dataclass(frozen=True)
class Deposits:
    """Energies in cells."""

    event: Index
    """Shape (m,)."""
    electromagnetic: NDArray[np.bool_]
    eta: Index
    """Number of the electromagnetic cell in η, or of the one in a tower's place where the particle hit."""
    phi: Index
    et: Array
    """Transverse energy in GeV."""


@dataclass(frozen=True)
class Detected:
    """What the trigger makes of n events."""

    objects: Array
    """Shape (n, 19, 3): pT in GeV, η, φ from 0 to 2π, as `hardware_objects.to_hardware` takes them."""
    lepton_pt: Array
    """Largest measured pT of a true electron or muon in GeV, 0 without; shape (n,)."""


def parameters() -> dict[str, Any]:
    """All settings, for the record in a data file."""
    return {
        "cells": [CELL, ETA_CELLS, PHI_CELLS],
        "towers_gev": [TOWER_STEP, TOWER_MIN],
        "eg": [EG_PT_MIN, EG_ETA_MAX, EG_SEED_MIN, EG_NARROW, *EG_HADRONIC],
        "muons": [MU_PT_MIN, MU_ETA_MAX, MU_EFFICIENCY, MU_RESOLUTION, MU_ANGLE],
        "jets": ["anti-kt", JET_RADIUS, JET_PT_MIN, JET_SEED_MIN, JET_SCALE],
        "field": [_FIELD, _COIL_RADIUS, _COIL_LENGTH],
    }


def deposits(particles: Particles) -> Deposits:
    """Where particles hit the calorimeter; those that curl in the field, muons and neutrinos leave nothing."""
    code = np.abs(particles.pdg)
    charge = np.isin(particles.pdg, _POSITIVE).astype(float) - np.isin(-particles.pdg, _POSITIVE)
    reach = np.minimum(_COIL_RADIUS, _COIL_LENGTH / np.maximum(np.sinh(np.abs(particles.eta)), 1e-3))
    bend = _FIELD * reach / (2.0 * np.maximum(particles.pt, 1e-6))
    i_eta = np.floor(particles.eta / CELL).astype(np.int64) + ETA_CELLS // 2
    seen = (i_eta >= 0) & (i_eta < ETA_CELLS) & ~np.isin(code, (13, *_NEUTRINOS)) & ((charge == 0) | (bend < 1))
    phi = particles.phi - charge * np.arcsin(np.minimum(bend, 1.0))
    i_phi = np.floor(phi / (2 * np.pi) * PHI_CELLS).astype(np.int64) % PHI_CELLS
    electromagnetic = np.isin(code, (11, 22))
    return Deposits(*(column[seen] for column in (particles.event, electromagnetic, i_eta, i_phi, particles.pt)))


def detect(particles: Particles, hits: Deposits, n: int, rng: np.random.Generator) -> Detected:
    """Measure events.

    Args:
        particles: Those of the hard collisions; of them come muons, and which e/γ are true electrons.
        hits: All energy in the calorimeter, pile-up included; in any order.
        n: Number of events.
        rng: Source of resolutions and inefficiencies.
    """
    em, had = _measured(hits, n, rng)
    towers = em.reshape(n, ETA_CELLS // 2, 2, PHI_CELLS // 2, 2).sum(axis=(2, 4))
    towers, had = (np.round(part / TOWER_STEP) * TOWER_STEP for part in (towers, had))
    eg = _electrons_photons(em, had)
    mu = _muons(particles, rng)
    towers += had
    towers[towers < TOWER_MIN] = 0.0
    found = {"met": _missing(towers, mu), "eg": eg, "mu": mu, "jet": _jets(towers)}
    objects = np.zeros((n, sum(kind.count for kind in KINDS), 3))
    for name, place in kind_slices().items():
        _fill(objects[:, place], *found[name])
    return Detected(objects, np.maximum(_electron_pt(particles, eg, n), _largest(mu[0], mu[1], n)))


_Objects = tuple[Index, Array, Array, Array]  # event, pT, η, φ


def _measured(hits: Deposits, n: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Transverse energies with resolution: electromagnetic cells (n, 228, 144), hadronic towers (n, 114, 72)."""
    parts: list[Array] = []
    for kind, size, resolution in ((True, 1, _ecal_resolution), (False, 2, _hcal_resolution)):
        here = hits.electromagnetic == kind
        n_eta, n_phi = ETA_CELLS // size, PHI_CELLS // size
        flat = (hits.event[here] * n_eta + hits.eta[here] // size) * n_phi + hits.phi[here] // size
        total: Array = np.bincount(flat, hits.et[here], n * n_eta * n_phi).astype(np.float64)
        cell = np.flatnonzero(total)
        eta = CELL * (size * (cell // n_phi % n_eta + 0.5) - ETA_CELLS / 2)
        energy = total[cell] * np.cosh(eta)
        total[cell] = np.maximum(rng.normal(energy, resolution(energy, np.abs(eta))), 0.0) / np.cosh(eta)
        parts.append(total.reshape(n, n_eta, n_phi))
    return parts[0], parts[1]


def _ecal_resolution(energy: Array, eta: Array) -> Array:
    """Spread of the energy in GeV in barrel, end-cap and forward, of the Delphes card."""
    central = np.sqrt((0.008 * energy) ** 2 + 0.11**2 * energy + 0.40**2)
    forward = np.sqrt((0.107 * energy) ** 2 + 2.08**2 * energy)
    factor = np.where(eta < 1.5, 1 + 0.64 * eta**2, 2.16 + 5.6 * (eta - 2) ** 2)
    return np.where(eta < 2.5, factor * central, forward)


def _hcal_resolution(energy: Array, eta: Array) -> Array:
    """Spread of the energy in GeV, as in test beams: Eur. Phys. J. C 60 (2009) 359, and 53 (2008) 139 forward."""
    central = np.sqrt((0.074 * energy) ** 2 + 0.847**2 * energy)
    forward = np.sqrt((0.11 * energy) ** 2 + 2.7**2 * energy)
    return np.where(eta < 3.0, central, forward)


def _electrons_photons(em: Array, had: Array) -> _Objects:
    """Narrow local maxima of electromagnetic energy with little behind them."""
    border = 2
    inside = np.abs(CELL * (np.arange(ETA_CELLS) + 0.5 - ETA_CELLS / 2)) < EG_ETA_MAX
    event, i_eta, i_phi = np.nonzero((em > EG_SEED_MIN) & inside[:, None])
    steps = np.arange(-border, border + 1)
    rows = (i_eta[:, None] + steps)[:, :, None]  # |η| of seeds keeps them off the edge
    window = em[event[:, None, None], rows, ((i_phi[:, None] + steps) % PHI_CELLS)[:, None, :]]
    core = window[:, 1:4, 1:4]
    pt = core.sum(axis=(1, 2))
    # Of two equal neighbours the first in the window is the maximum.
    peak = core.reshape(-1, 9).argmax(axis=1) == 4
    behind = had[event, i_eta // 2, i_phi // 2]
    narrow = pt > EG_NARROW * window.sum(axis=(1, 2))
    kept = peak & narrow & (pt > EG_PT_MIN) & (behind <= EG_HADRONIC[0] + EG_HADRONIC[1] * pt)
    eta = CELL * (i_eta + 0.5 - ETA_CELLS / 2)
    phi = (i_phi + 0.5) * (2 * np.pi / PHI_CELLS)
    return event[kept], pt[kept], eta[kept], phi[kept]


def _muons(particles: Particles, rng: np.random.Generator) -> _Objects:
    true = np.flatnonzero((np.abs(particles.pdg) == 13) & (np.abs(particles.eta) < MU_ETA_MAX))
    true = true[rng.random(len(true)) < MU_EFFICIENCY]
    eta = particles.eta[true]
    edges, spreads = np.array(MU_RESOLUTION).T
    spread = spreads[np.searchsorted(edges, np.abs(eta))]
    pt = particles.pt[true] * np.exp(rng.normal(0.0, spread))
    eta = np.clip(eta + rng.normal(0.0, MU_ANGLE, len(true)), -MU_ETA_MAX, MU_ETA_MAX)
    phi = np.mod(particles.phi[true] + rng.normal(0.0, MU_ANGLE, len(true)), 2 * np.pi)
    kept = pt > MU_PT_MIN
    return particles.event[true][kept], pt[kept], eta[kept], phi[kept]


def _pileup_density(towers: Array, blocks: int = 12) -> Array:
    """What pile-up brings on average: in each unit of |η| the median of blocks on both sides and around the beam.

    Args:
        towers: Transverse energy in GeV, shape (n, 114, 72).
        blocks: Number of blocks on each side.

    Returns:
        GeV per tower at each η, shape (n, 114).
    """
    around = towers.reshape(*towers.shape[:2], blocks, -1).mean(axis=3)
    density = np.zeros(towers.shape[:2])
    for band in np.unique(_BANDS):
        sides = [around[:, (band == _BANDS) & (_TOWER_ETA * side > 0)].mean(axis=1) for side in (-1, 1)]
        density[:, band == _BANDS] = np.median(np.concatenate(sides, axis=1), axis=1)[:, None]
    return density


def _jets(towers: Array) -> _Objects:
    """Anti-kT jets of towers, less the pile-up in their area."""
    import awkward as ak
    import fastjet

    event, i_eta, i_phi = np.nonzero(towers)
    et, eta, phi = towers[event, i_eta, i_phi], _TOWER_ETA[i_eta], _TOWER_PHI[i_phi]
    columns = {"px": et * np.cos(phi), "py": et * np.sin(phi), "pz": et * np.sinh(eta), "E": et * np.cosh(eta)}
    inputs = ak.unflatten(ak.zip(columns), np.bincount(event, minlength=len(towers)))
    definition = fastjet.JetDefinition(fastjet.antikt_algorithm, JET_RADIUS)
    jets = fastjet.ClusterSequence(inputs, definition).inclusive_jets(min_pt=JET_PT_MIN / JET_SCALE)
    event = np.repeat(np.arange(len(towers)), ak.num(jets).to_numpy())
    px, py, pz = (ak.flatten(jets[name]).to_numpy() for name in ("px", "py", "pz"))
    eta, phi = np.arcsinh(pz / np.hypot(px, py)), np.mod(np.arctan2(py, px), 2 * np.pi)
    i_eta = np.clip(np.floor(eta / (2 * CELL)).astype(np.int64) + len(_TOWER_ETA) // 2, 0, len(_TOWER_ETA) - 1)
    i_phi = np.floor(phi / (2 * np.pi) * len(_TOWER_PHI)).astype(np.int64) % len(_TOWER_PHI)
    density = _pileup_density(towers)[event, i_eta]
    pt = JET_SCALE * (np.hypot(px, py) - density * _TOWERS_PER_JET)
    kept = (pt > JET_PT_MIN) & (_hottest(towers, event, i_eta, i_phi) > JET_SEED_MIN)
    return event[kept], pt[kept], eta[kept], phi[kept]


def _hottest(towers: Array, event: Index, i_eta: Index, i_phi: Index) -> Array:
    """Largest tower within the radius of a jet around some, shape (m,)."""
    reach = int(JET_RADIUS / (2 * CELL))
    steps = np.arange(-reach, reach + 1)
    rows = np.clip(i_eta[:, None] + steps, 0, len(_TOWER_ETA) - 1)
    columns = (i_phi[:, None] + steps) % len(_TOWER_PHI)
    return towers[event[:, None, None], rows[:, :, None], columns[:, None, :]].max(axis=(1, 2))


def _missing(towers: Array, muons: _Objects) -> _Objects:
    n = len(towers)
    around = towers.sum(axis=1)
    event, pt, _, phi = muons
    x = around @ np.cos(_TOWER_PHI) + np.bincount(event, pt * np.cos(phi), n)
    y = around @ np.sin(_TOWER_PHI) + np.bincount(event, pt * np.sin(phi), n)
    return np.arange(n), np.hypot(x, y), np.zeros(n), np.mod(np.arctan2(-y, -x), 2 * np.pi)


def _electron_pt(particles: Particles, eg: _Objects, n: int) -> Array:
    """Largest pT of an e/γ that an electron made, shape (n,)."""
    event, pt, eta, phi = eg
    true = np.abs(particles.pdg) == 11
    # Electrons bend, and e/γ are looked for where the calorimeter is hit.
    hit = deposits(Particles(*(column[true] for column in vars(particles).values())))
    d_eta = np.abs(eta[:, None] - CELL * (hit.eta + 0.5 - ETA_CELLS / 2))
    d_phi = np.abs(np.mod(phi[:, None] - (hit.phi + 0.5) * (2 * np.pi / PHI_CELLS) + np.pi, 2 * np.pi) - np.pi)
    near = (event[:, None] == hit.event) & (d_eta < 2 * CELL) & (d_phi < 2 * CELL) & (hit.et > 0.5 * pt[:, None])
    made = near.any(axis=1)
    return _largest(event[made], pt[made], n)


def _largest(event: Index, values: Array, n: int) -> Array:
    found = np.zeros(n)
    np.maximum.at(found, event, values)
    return found


def _fill(places: Array, event: Index, pt: Array, eta: Array, phi: Array) -> None:
    """Put the objects of largest pT of each event into ``places`` (n, count, 3)."""
    order = np.lexsort((-pt, event))
    event = event[order]
    rank = np.arange(len(event)) - np.searchsorted(event, event)
    kept = rank < places.shape[1]
    places[event[kept], rank[kept]] = np.stack([pt, eta, phi], axis=1)[order][kept]
