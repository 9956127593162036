"""Showers of particles in the calorimeter, as clouds of energy spots.

Electromagnetic showers follow Grindhammer and Peters (hep-ex/0001020): the energy is distributed in depth as a gamma
function whose maximum and shape fluctuate from shower to shower, correlated, and around the axis as the sum of a core
and a tail whose widths grow with depth. Formulas and symbols are theirs, for sampling calorimeters.

Hadrons fly as minimum ionising particles until they interact. What they have then splits into neutral pions, which are
an electromagnetic shower of their own, and a hadronic part with the depth profile of Bock et al. (Nucl. Instrum. Meth.
186 (1981) 533). The share of neutral pions rises with the energy (Groom, Nucl. Instrum. Meth. A 572 (2007) 633) and
fluctuates. Of the hadronic part only a fraction is seen (e/h > 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.triggers.electron_rings.calorimeter import N_SLABS, SLAB_LAYER, Array, Index, distance_from_beam, slab_edges

ELECTROMAGNETIC, HADRON, MUON = 0, 1, 2
"""Kinds of particles."""

# Lead of 1.5 mm and argon of 4.5 mm, averaged by weight: charge, critical energy in GeV, Molière
# radius in cm, radiation length over the length of a plate and a gap, and ê, the ratio of electrons' to muons' signals.
_Z, _CRITICAL, _MOLIERE, _F_S = 65.0, 0.0097, 4.3, 3.3
_E_HAT = 1.0 / (1.0 + 0.007 * (82 - 18))

SPOT = 0.01
"""GeV of an electromagnetic spot; its Poisson number makes a sampling term of 10 % / √(E/GeV) (JINST 3 S08003)."""
HADRON_SPOT = 0.1
"""GeV of a hadronic spot on average; exponential, so that the sampling term is 45 % / √(E/GeV)."""
SEEN = 0.65
"""h/e: share of the hadronic part that is seen."""
_IONISATION = 0.22  # GeV in an interaction length: lead (Particle Data Group)
_LAMBDA = 25.0  # cm, of the calorimeter on average
_PION_E0, _PION_POWER = 1.0, 0.18  # GeV; Groom's mean share of neutral pions is 1 - (E / E0)^-0.18
_PION_WIDTH = 1.5  # neutral pions of one hadron are not collinear: their showers together are wider
_CORE_EARLY, _CORE_SLOPE = 0.15, 1.12  # factor on the width of the core, rising with depth; see _radius
_LEAST = 0.05  # GeV; softer particles do not make a shower


@dataclass(frozen=True)
class Particles:
    """Particles that enter the calorimeter."""

    kind: NDArray[np.int8]
    """`ELECTROMAGNETIC`, `HADRON` or `MUON`, shape (n,)."""
    energy: Array
    """GeV, shape (n,)."""
    eta: Array
    """Shape (n,)."""
    phi: Array
    """Radians, where they enter, shape (n,)."""
    owner: Index
    """Index of the candidate that they belong to, shape (n,)."""

    def chosen(self, mask: NDArray[Any]) -> Particles:
        """Those of a boolean mask or of indices."""
        return Particles(self.kind[mask], self.energy[mask], self.eta[mask], self.phi[mask], self.owner[mask])


@dataclass(frozen=True)
class Spots:
    """Deposits of energy, m in all."""

    owner: Index
    """Index of the candidate, shape (m,)."""
    layer: Index
    """Index into `l1ml.triggers.electron_rings.calorimeter.LAYERS`, -1 if in dead matter or behind, shape (m,)."""
    eta: Array
    phi: Array
    energy: Array
    """GeV, shape (m,)."""


def parameters() -> dict[str, Any]:
    """All settings that shape showers, for the record in a data file."""
    return {
        "medium": [_Z, _CRITICAL, _MOLIERE, _F_S, _E_HAT],
        "spot_gev": [SPOT, HADRON_SPOT],
        "h_over_e": SEEN,
        "hadrons": [_IONISATION, _LAMBDA, _PION_E0, _PION_POWER, _PION_WIDTH],
        "core": [_CORE_EARLY, _CORE_SLOPE],
        "least_energy_gev": _LEAST,
    }


def shower(particles: Particles, rng: np.random.Generator, *, coarse: float = 1.0) -> Spots:
    """Let particles shower.

    Args:
        particles: The particles; those below 0.05 GeV are dropped.
        rng: Source of all fluctuations.
        coarse: Factor on the energy of electromagnetic spots; above 1 faster and with larger fluctuations.

    Returns:
        The spots. On average, those of an electron have its energy.
    """
    particles = particles.chosen(particles.energy > _LEAST)
    x0, lam = slab_edges(particles.eta)
    distance = distance_from_beam(particles.eta)
    em = particles.kind == ELECTROMAGNETIC
    parts = [_cascade(particles, np.flatnonzero(em), particles.energy[em], np.zeros(em.sum()), 1.0, coarse, rng, x0)]

    hadron = np.flatnonzero(~em)
    energy = particles.energy[hadron]
    start = rng.exponential(1.0, len(hadron))
    start[particles.kind[hadron] == MUON] = np.inf
    track = np.minimum(np.minimum(start, lam[hadron, -1]), energy / _IONISATION)
    parts.append(_ionisation(hadron, track, rng, lam))
    left = np.where(np.isfinite(start), energy - _IONISATION * track, 0.0)
    left[left < _LEAST] = 0.0
    pions = _pion_share(left, rng) * left
    start = np.minimum(start, lam[hadron, -1])
    at = _radiation_lengths(start, x0[hadron], lam[hadron])
    parts.append(_cascade(particles, hadron, pions, at, _PION_WIDTH, coarse, rng, x0))
    parts.append(_hadronic(hadron, left - pions, start, rng, lam))

    who, slab, radius, amount = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    layer = SLAB_LAYER[slab]
    angle = rng.uniform(0.0, 2 * np.pi, len(who))
    step = radius / distance[who, layer]
    return Spots(
        particles.owner[who],
        layer,
        particles.eta[who] + step * np.cos(angle),
        particles.phi[who] + step * np.sin(angle),
        amount,
    )


_Part = tuple[Index, Index, Array, Array]
"""Of each spot: index of the particle, slab, distance from the axis in cm, energy in GeV."""


def _cascade(
    particles: Particles,
    who: Index,
    energy: Array,
    start: Array,
    width: float,
    coarse: float,
    rng: np.random.Generator,
    edges: Array,
) -> _Part:
    """Electromagnetic showers of some energies that begin at some depths in radiation lengths."""
    who, start, energy = who[energy > 0], start[energy > 0], energy[energy > 0]
    peak, alpha, mean_alpha = _longitudinal(energy, rng)
    count = rng.poisson(energy / (SPOT * coarse))
    spot = np.repeat(np.arange(len(who)), count)
    depth = rng.gamma(alpha[spot]) * (peak / (alpha - 1.0))[spot]
    # Radial profiles depend on the depth in units of the shower's own centre of gravity.
    scale = (alpha - 1.0) / alpha * mean_alpha / (mean_alpha - 1.0) / peak
    radius = _radius(depth * scale[spot], np.log(energy)[spot], rng) * (_MOLIERE * width)
    slab = _slab(depth + start[spot], edges, who[spot])
    return who[spot], slab, radius, np.full(len(spot), SPOT * coarse)


def _longitudinal(energy: Array, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Depth of the maximum T in radiation lengths, shape α, and its mean."""
    log_y = np.log(np.maximum(energy / _CRITICAL, 20.0))
    mean_peak = log_y - 0.812 - 0.55 / _F_S - 0.69 * (1.0 - _E_HAT)
    mean_alpha = 0.81 + (0.458 + 2.26 / _Z) * log_y - 0.476 / _F_S
    sigma_peak = np.minimum(1.0 / np.maximum(-2.5 + 1.25 * log_y, 0.1), 0.5)
    sigma_alpha = np.minimum(1.0 / np.maximum(-0.82 + 0.79 * log_y, 0.1), 0.5)
    rho = 0.784 - 0.023 * log_y
    first, second = rng.normal(size=(2, len(energy)))
    together, against = np.sqrt((1 + rho) / 2) * first, np.sqrt((1 - rho) / 2) * second
    peak = np.maximum(mean_peak, 0.5) * np.exp(sigma_peak * (together + against))
    alpha = mean_alpha * np.exp(sigma_alpha * (together - against))
    return peak, np.maximum(alpha, 1.2), mean_alpha


def _radius(tau: Array, log_energy: Array, rng: np.random.Generator) -> Array:
    """Distances from the axis in Molière radii.

    The core is multiplied by a factor that is not in the paper: the rings of the full simulation Lorenzetti (Comput.
    Phys. Commun. 286 (2023) 108671) are narrower before and wider behind the maximum than its formulas make them.
    """
    core = 0.0251 + 0.00319 * log_energy + (0.1162 - 0.000381 * _Z) * tau
    core += -0.0203 * (1 - _E_HAT) + 0.0397 / _F_S * np.exp(-tau)
    core *= np.clip(_CORE_EARLY + _CORE_SLOPE * tau, 0.3, 1.6)
    k_4 = 0.3585 + 0.0421 * log_energy
    late = np.minimum(k_4 * (tau - 0.645), 2.0)
    tail = (0.659 - 0.00309 * _Z) * (np.exp(-2.59 * (tau - 0.645)) + np.exp(late))
    tail += -0.14 * (1 - _E_HAT) - 0.495 / _F_S * np.exp(-tau)
    bend = (0.401 + 0.00187 * _Z - tau) / np.maximum(1.313 - 0.0686 * log_energy, 0.5)
    weight = (2.632 - 0.00094 * _Z) * np.exp(bend - np.exp(bend))
    weight += (1 - _E_HAT) * (0.348 - 0.642 / _F_S * np.exp(-((tau - 1.0) ** 2)))
    scale = np.maximum(np.where(rng.random(len(tau)) < weight, core, tail), 0.01)
    # f(r) = 2 r R² / (r² + R²)², whose integral is inverted.
    u = rng.random(len(tau))
    return np.minimum(scale * np.sqrt(u / (1.0 - u)), 20.0)


def _ionisation(who: Index, length: Array, rng: np.random.Generator, edges: Array) -> _Part:
    """Ten spots of equal energy along tracks of some lengths in interaction lengths."""
    spot = np.repeat(np.arange(len(who)), 10)
    depth = rng.random(len(spot)) * length[spot]
    slab = _slab(depth, edges, who[spot])
    return who[spot], slab, rng.exponential(1.0, len(spot)), _IONISATION / 10 * length[spot]


def _pion_share(energy: Array, rng: np.random.Generator) -> Array:
    """Share of the energy that goes to neutral pions; 0 below 1 GeV."""
    mean = np.clip(1.0 - np.maximum(energy / _PION_E0, 1.0) ** -_PION_POWER, 0.02, 0.9)
    order = 2.0 + np.log(np.maximum(energy, 1.0))  # the more pions, the less the share fluctuates
    return np.where(energy > _PION_E0, rng.beta(mean * order, (1.0 - mean) * order), 0.0)


def _hadronic(who: Index, energy: Array, start: Array, rng: np.random.Generator, edges: Array) -> _Part:
    """Hadronic parts of some energies that begin at some depths in interaction lengths."""
    log_energy = np.log(np.maximum(energy, 1.0))
    count = rng.poisson(SEEN * energy / HADRON_SPOT)
    spot = np.repeat(np.arange(len(who)), count)
    behind = rng.gamma((0.6165 + 0.3183 * log_energy)[spot]) / (0.9099 - 0.0237 * log_energy)[spot]
    u = rng.random(len(spot))
    radius = _LAMBDA * np.minimum((0.08 + 0.1 * behind) * np.sqrt(u / (1.0 - u)), 3.0)
    slab = _slab(start[spot] + behind, edges, who[spot])
    return who[spot], slab, radius, rng.exponential(HADRON_SPOT, len(spot))


def _slab(depth: Array, edges: Array, who: Index) -> Index:
    """The slab in which each depth lies; `N_SLABS` behind all."""
    slab = np.zeros(len(depth), dtype=np.int64)
    for k in range(N_SLABS):
        slab += depth > edges[who, k]
    return slab


def _radiation_lengths(depth: Array, x0: Array, lam: Array) -> Array:
    """Depths in radiation lengths of depths in interaction lengths, for edges of shape (n, `N_SLABS`)."""
    k = np.minimum((depth[:, None] > lam).sum(axis=1), N_SLABS - 1)
    rows = np.arange(len(depth))
    x0, lam = np.pad(x0, ((0, 0), (1, 0))), np.pad(lam, ((0, 0), (1, 0)))
    share = (depth - lam[rows, k]) / (lam[rows, k + 1] - lam[rows, k])
    return x0[rows, k] + np.clip(share, 0.0, 1.0) * (x0[rows, k + 1] - x0[rows, k])
