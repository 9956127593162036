"""The 16 high-level jet features of arXiv:1804.06913, from the constituents of one jet.

Four-momenta are float arrays of shape (n, 4) with columns px, py, pz, E in GeV. The correlators are
those of the FastJet contrib EnergyCorrelator with its ``pt_R`` measure: weights
z_i = pT_i / Σ pT and angles R_ij = sqrt(Δy² + Δφ²), not divided by the jet radius.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from l1ml.triggers.jet_tagger.data import FEATURES

MAX_CONSTITUENTS = 100
"""Correlators use the leading 100 constituents in pT; the triple sums grow with the cube of the number.

Groomed 1 TeV jets rarely have more, and those beyond carry less than a per mille of the momentum."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Correlators:
    """Energy correlation functions of one jet, all without units.

    ``e2[β]`` is the sum over pairs of z_i z_j R_ij^β for β = 0, 1, 2 (arXiv:1305.0007). The other three
    sum z_i z_j z_k times a product of angles over triples, for β = 1, 2: ``e3`` the product of all three
    angles, ``two_e3`` of the two smallest, ``one_e3`` the smallest alone (arXiv:1609.07483).
    """

    e2: dict[int, float]
    e3: dict[int, float]
    two_e3: dict[int, float]
    one_e3: dict[int, float]


def four_momenta(pt: Array, eta: Array, phi: Array, mass: Array | float = 0.0) -> Array:
    """Four-momenta from collider coordinates.

    Args:
        pt: Transverse momenta in GeV, shape (n,).
        eta: Pseudorapidities, shape (n,).
        phi: Azimuths in radians, shape (n,).
        mass: Masses in GeV, shape (n,) or one number.

    Returns:
        Shape (n, 4): px, py, pz, E in GeV.
    """
    pt, eta, phi = (np.asarray(a, dtype=np.float64) for a in (pt, eta, phi))
    pz = pt * np.sinh(eta)
    energy = np.sqrt(pt**2 + pz**2 + np.square(mass))
    return np.stack([pt * np.cos(phi), pt * np.sin(phi), pz, energy], axis=1)


def jet_features(constituents: Array, groomed: Array) -> NDArray[np.float32]:
    """The 16 features of one jet, in the order of `l1ml.triggers.jet_tagger.data.FEATURES`.

    As in the public set, ``zlogz`` and ``multiplicity`` describe the jet as found and all the others the
    jet after the modified mass-drop tagger (arXiv:1307.0007, z_cut = 0.1). With r_m(e3)/r_n(e2) written
    for the correlators of `Correlators`:

    * C1 = e2, C2 = e3 / e2² (arXiv:1305.0007);
    * D2 = e3 / e2³ at one β (arXiv:1409.6298); the (α, β) form e3(α) / e2(β)^(3α/β) of
      arXiv:1411.0665 at α = 1, which repeats D2 for β = 1;
    * M2 = 1e3 / e2, N2 = 2e3 / e2² (arXiv:1609.07483);
    * zlogz = Σ x ln x with the energy fractions x of the constituents.

    Ratios of a jet with a vanishing denominator (one constituent left) are zero.

    Args:
        constituents: Four-momenta of the jet's constituents, shape (n, 4) in GeV, n at least 1.
        groomed: Those that survive the grooming, shape (m, 4) in GeV, m at least 1.

    Returns:
        Shape (16,), float32; the mass in GeV, the others without units.

    Raises:
        ValueError: An array is empty or not of shape (n, 4).
    """
    for name, p4 in (("constituents", constituents), ("groomed", groomed)):
        if p4.ndim != 2 or p4.shape[1] != 4 or len(p4) == 0:
            raise ValueError(f"{name} has shape {p4.shape}, expected (n, 4) with n at least 1")
    c = correlators(groomed)
    e2, e3 = c.e2, c.e3
    fraction = constituents[:, 3] / constituents[:, 3].sum()
    values = {
        "zlogz": np.sum(fraction * np.log(fraction)),
        "mass_mmdt": invariant_mass(groomed),
        "multiplicity": len(constituents),
        "c1_b0_mmdt": e2[0],
        "d2_a1_b1_mmdt": _ratio(e3[1], e2[1] ** 3),
        "d2_a1_b2_mmdt": _ratio(e3[1], e2[2] ** 1.5),
    }
    for b in (1, 2):
        values[f"c1_b{b}_mmdt"] = e2[b]
        values[f"c2_b{b}_mmdt"] = _ratio(e3[b], e2[b] ** 2)
        values[f"d2_b{b}_mmdt"] = _ratio(e3[b], e2[b] ** 3)
        values[f"m2_b{b}_mmdt"] = _ratio(c.one_e3[b], e2[b])
        values[f"n2_b{b}_mmdt"] = _ratio(c.two_e3[b], e2[b] ** 2)
    return np.array([values[name] for name in FEATURES], dtype=np.float32)


def invariant_mass(p4: Array) -> float:
    """Mass of the summed four-momenta of shape (n, 4), in GeV; rounding below zero counts as zero."""
    px, py, pz, energy = p4.sum(axis=0)
    return float(np.sqrt(max(energy**2 - px**2 - py**2 - pz**2, 0.0)))


def correlators(p4: Array) -> Correlators:
    """The correlation functions of the leading `MAX_CONSTITUENTS` of a jet.

    Args:
        p4: Four-momenta, shape (n, 4) in GeV, n at least 1.

    Returns:
        The functions; triple sums are zero below three constituents.
    """
    pt = np.hypot(p4[:, 0], p4[:, 1])
    if len(p4) > MAX_CONSTITUENTS:
        leading = np.argsort(-pt, kind="stable")[:MAX_CONSTITUENTS]
        p4, pt = p4[leading], pt[leading]
    z = pt / pt.sum()
    rapidity = np.arctanh(p4[:, 2] / p4[:, 3])
    phi = np.arctan2(p4[:, 1], p4[:, 0])
    d_phi = np.abs(phi[:, None] - phi[None, :])
    d_phi = np.minimum(d_phi, 2 * np.pi - d_phi)
    angle = np.hypot(rapidity[:, None] - rapidity[None, :], d_phi)

    ij, ik, jk = _triples(len(z))
    flat = angle.ravel()
    weight = np.outer(z, z).ravel()[ij] * np.tile(z, len(z))[ik]
    r_ij, r_ik, r_jk = flat[ij], flat[ik], flat[jk]
    low, high = np.minimum(r_ij, r_ik), np.maximum(r_ij, r_ik)
    smallest = np.minimum(low, r_jk)
    two = smallest * np.maximum(low, np.minimum(high, r_jk))
    return Correlators(
        e2={b: 0.5 * _sum(np.outer(z, z).ravel(), _pair_power(angle, b)) for b in (0, 1, 2)},
        e3=_powers(weight, r_ij * r_ik * r_jk),
        two_e3=_powers(weight, two),
        one_e3=_powers(weight, smallest),
    )


def _pair_power(angle: Array, beta: int) -> Array:
    power = angle**beta
    np.fill_diagonal(power, 0.0)  # pairs of different constituents only, which 0**0 = 1 would break
    return power.ravel()


def _powers(weight: Array, product: Array) -> dict[int, float]:
    return {1: _sum(weight, product), 2: _sum(weight, product * product)}


def _sum(a: Array, b: Array) -> float:
    # Not np.dot: a threaded BLAS would make the last bits depend on the number of threads.
    return float(np.einsum("i,i->", a, b))


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator > 0.0 else 0.0


@lru_cache(maxsize=MAX_CONSTITUENTS + 1)
def _triples(n: int) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Flat indices into an (n, n) matrix of the pairs ij, ik and jk of all triples i < j < k."""
    index = np.arange(n)
    ordered = (index[:, None, None] < index[None, :, None]) & (index[None, :, None] < index[None, None, :])
    i, j, k = np.nonzero(ordered)
    return i * n + j, i * n + k, j * n + k
