"""Simulated candidates of the electron trigger: Pythia 8 collisions, pile-up, showers, cells and rings.

Electrons are those of Z → ee. Background are jets of hard QCD collisions, taken where a first-level trigger would
see an electron: at the electromagnetic towers of 0.1 × 0.1 with the largest transverse energy. Events are simulated
without matter before the calorimeter other than that in which showers begin: no bremsstrahlung, no conversions. The
field of the solenoid turns charged particles in φ.

Pile-up are inelastic collisions, laid over each candidate at random angles. The signals of a calorimeter in liquid
argon have a long negative tail with the same area as the peak (JINST 3 S08003, chapter 5), by which earlier
collisions cancel pile-up on average and add to its fluctuations; they are taken as more collisions of negative weight.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.triggers.electron_rings import calorimeter as ring_calorimeter
from l1ml.triggers.electron_rings import showers as ring_showers
from l1ml.triggers.electron_rings.calorimeter import LAYERS, Array, Index
from l1ml.triggers.electron_rings.ring_builder import Cells, cluster_et, hottest, rings
from l1ml.triggers.electron_rings.showers import ELECTROMAGNETIC, HADRON, MUON, Particles, Spots, shower

ET_MIN = 10_000.0
"""MeV; softer candidates are dropped."""
ETA_MAX = 2.47
TRUE_PT_MIN = 10.0
"""GeV, of electrons."""
TOWER_ET_MIN = 6.0
"""GeV, of the tower at which a jet is taken."""

_COMMON = (
    "Beams:idA = 2212",
    "Beams:idB = 2212",
    "Beams:eCM = 13000.",
    "ParticleDecays:limitTau0 = on",
    "ParticleDecays:tau0Max = 10.",
)
PROCESSES: dict[str, tuple[str, ...]] = {
    "jet": (
        "HardQCD:all = on",
        "PhaseSpace:pTHatMin = 20.",
        "PhaseSpace:pTHatMax = 150.",
        "PhaseSpace:bias2Selection = on",
        "PhaseSpace:bias2SelectionPow = 3.5",
        "PhaseSpace:bias2SelectionRef = 40.",
    ),
    "electron": (
        "WeakSingleBoson:ffbar2gmZ = on",
        "WeakZ0:gmZmode = 2",
        "PhaseSpace:mHatMin = 60.",
        "23:onMode = off",
        "23:onIfAny = 11",
    ),
    "pileup": ("SoftQCD:inelastic = on",),
}
"""Pythia settings beyond the common ones. Jets are as many at high as at low pT, with no weights to go with them."""

POOL_EVENTS = 400
"""Inelastic collisions that are simulated for a chunk and laid over its candidates at random."""
_EARLIER = 2
"""Earlier collisions for each one of the same crossing, of weight -1 / 2."""
_NEUTRINOS = (12, 14, 16)
_POSITIVE = np.array([211, 321, 2212, 3222, -11, -13, -3112, -3312, -3334])
_ETA_LIMIT = 3.2
_FIELD, _COIL = 0.3 * 2.0, 1.2  # GeV per metre, of 2 T; metres
_REACH_ETA, _REACH_PHI = 0.42, 0.4  # pile-up farther from a candidate does not reach its rings
_COARSE = 8.0  # of the showers of pile-up
_EVENTS_PER_BATCH = 100
_MAX_EVENTS_PER_CANDIDATE = 200


@dataclass(frozen=True)
class Candidates:
    """n candidates."""

    rings: NDArray[np.float32]
    """Shape (n, 100), transverse energy in MeV."""
    et: NDArray[np.float32]
    """MeV, shape (n,)."""
    eta: NDArray[np.float32]
    pileup: NDArray[np.float32]
    """Mean number of collisions in the crossing, shape (n,)."""


@dataclass(frozen=True)
class _Event:
    """Final particles of some events, sorted by event."""

    event: Index
    particles: Particles
    electron_pt: Array
    """GeV, 0 for other particles, shape (n,)."""


def parameters() -> dict[str, Any]:
    """All settings that shape the candidates, for the record in a data file."""
    return {
        "pythia": {"common": _COMMON, **PROCESSES},
        "et_min_mev": ET_MIN,
        "eta_max": ETA_MAX,
        "true_pt_min_gev": TRUE_PT_MIN,
        "tower_et_min_gev": TOWER_ET_MIN,
        "field": [_FIELD, _COIL],
        "pileup": [POOL_EVENTS, _EARLIER, _COARSE, _REACH_ETA, _REACH_PHI],
        "events_per_batch": _EVENTS_PER_BATCH,
        "calorimeter": ring_calorimeter.parameters(),
        "showers": ring_showers.parameters(),
    }


def simulate(
    class_name: str, n: int, *, pythia_seed: int, rng: np.random.Generator, pileup: tuple[float, float] = (0.0, 0.0)
) -> Candidates:
    """Simulate collisions until there are enough candidates; the result depends on the arguments alone.

    Args:
        class_name: One of `l1ml.triggers.electron_rings.data.CLASSES`.
        n: Number of candidates.
        pythia_seed: Seed of the collisions, 1 to 900,000,000.
        rng: Source of everything else.
        pileup: Range of the mean number of collisions in a crossing, from which each candidate's is drawn.

    Raises:
        RuntimeError: Pythia rejects its settings, or hardly any event has a candidate.
    """
    found: list[Candidates] = []
    for cells, eta, phi, mu in windows(class_name, n, pythia_seed=pythia_seed, rng=rng, pileup=pileup):
        centres = hottest(cells, eta, phi)
        et = cluster_et(cells, centres)
        kept = (et > ET_MIN) & (np.abs(centres.eta) < ETA_MAX)
        columns = (rings(cells, centres), et, centres.eta, mu)
        found.append(Candidates(*(column[kept].astype(np.float32) for column in columns)))
        if sum(len(some.et) for some in found) >= n:
            break
    return Candidates(
        *(np.concatenate([getattr(some, name) for some in found])[:n] for name in Candidates.__dataclass_fields__)
    )


def windows(
    class_name: str, n: int, *, pythia_seed: int, rng: np.random.Generator, pileup: tuple[float, float]
) -> Iterator[tuple[Cells, Array, Array, Array]]:
    """Cells around the directions where candidates are seen, before any cut on what is measured.

    Args:
        class_name: One of `l1ml.triggers.electron_rings.data.CLASSES`.
        n: How many are wanted in the end; far more are an error.
        pythia_seed: As for `simulate`, with the further arguments.
        rng: Source of everything else.
        pileup: Range of the mean number of collisions.

    Yields:
        Cells of some windows, the directions η and φ, and the mean number of collisions, each (m,).
    """
    pythia = _pythia(class_name, pythia_seed)
    pool = _particles(_pythia("pileup", pythia_seed).nextBatch(POOL_EVENTS).prt) if pileup[1] > 0 else None
    for _ in range(1 + _MAX_EVENTS_PER_CANDIDATE * (n + _EVENTS_PER_BATCH) // _EVENTS_PER_BATCH):
        events = _particles(pythia.nextBatch(_EVENTS_PER_BATCH).prt)
        event, eta, phi = (_electrons if class_name == "electron" else _towers)(events)
        if len(event) == 0:
            continue
        mu = rng.uniform(*pileup, len(event))
        origin = ring_calorimeter.window_origin(eta, phi)
        signals = [(_near(events.particles, events.event, event, eta, phi), 1.0, 1.0)]
        if pool is not None:
            signals.append((_overlay(pool, mu, eta, phi, rng), 1.0, _COARSE))
            signals.append((_overlay(pool, mu * _EARLIER, eta, phi, rng), -1.0 / _EARLIER, _COARSE * 2))
        spots = [(shower(particles, rng, coarse=coarse), weight) for particles, weight, coarse in signals]
        yield _measured(origin, spots, rng), eta, phi, mu
    raise RuntimeError(f"hardly any candidate of class {class_name!r} in the simulated events")


def _pythia(process: str, seed: int) -> Any:
    import pythia8mc

    pythia = pythia8mc.Pythia("", False)
    settings = ("Print:quiet = on", *_COMMON, *PROCESSES[process], "Random:setSeed = on", f"Random:seed = {seed}")
    for line in settings:
        if not pythia.readString(line):
            raise RuntimeError(f"Pythia does not know the setting {line!r}")
    if not pythia.init():
        raise RuntimeError(f"Pythia cannot start with {settings}")
    return pythia


def _particles(batch: Any) -> _Event:
    """What reaches the calorimeter of an awkward array of Pythia particles."""
    import awkward as ak

    event = np.repeat(np.arange(len(batch)), ak.num(batch).to_numpy())
    flat = ak.flatten(batch)
    pdg, status = flat.id.to_numpy().astype(np.int64), flat.status.to_numpy()
    px, py, pz, energy = (flat.p[axis].to_numpy() for axis in ("px", "py", "pz", "e"))
    pt = np.maximum(np.hypot(px, py), 1e-9)
    eta, phi = np.arcsinh(pz / pt), np.arctan2(py, px)
    code = np.abs(pdg)
    charge = np.isin(pdg, _POSITIVE).astype(float) - np.isin(-pdg, _POSITIVE)
    # Half the angle of the turn, up to the coil or to the end of the field.
    bend = _FIELD * np.minimum(_COIL, 3.5 / np.maximum(np.sinh(np.abs(eta)), 1e-3)) / (2.0 * pt)
    seen = (status > 0) & ~np.isin(code, _NEUTRINOS) & (np.abs(eta) < _ETA_LIMIT) & ((charge == 0) | (bend < 1.0))
    # From the coil to the calorimeter particles fly on straight, which adds a quarter.
    phi = phi - charge * 1.25 * np.arcsin(np.minimum(bend, 1.0))
    kind = np.where(np.isin(code, (11, 22)), ELECTROMAGNETIC, np.where(code == 13, MUON, HADRON)).astype(np.int8)
    electron_pt = np.where((code == 11)[seen], pt[seen], 0.0)
    return _Event(event[seen], Particles(kind[seen], energy[seen], eta[seen], phi[seen], event[seen]), electron_pt)


def _electrons(events: _Event) -> tuple[Index, Array, Array]:
    """Event and direction of each electron."""
    chosen = np.flatnonzero((events.electron_pt > TRUE_PT_MIN) & (np.abs(events.particles.eta) < ETA_MAX))
    return events.event[chosen], events.particles.eta[chosen], np.mod(events.particles.phi[chosen], 2 * np.pi)


def _towers(events: _Event) -> tuple[Index, Array, Array]:
    """Event and centre of the two largest electromagnetic towers of each event, the second away from the first."""
    particles = events.particles
    inside = np.abs(particles.eta) < 2.5
    share = np.where(particles.kind == ELECTROMAGNETIC, 1.0, np.where(particles.kind == HADRON, 0.35, 0.0))
    et = (share * particles.energy / np.cosh(particles.eta))[inside]
    column = ((particles.eta[inside] + 2.5) / 0.1).astype(np.int64)
    row = (np.mod(particles.phi[inside], 2 * np.pi) / (2 * np.pi / 64)).astype(np.int64) % 64
    n = int(events.event.max(initial=-1)) + 1
    flat = (events.event[inside] * 50 + column) * 64 + row
    towers = np.bincount(flat, weights=et, minlength=n * 3200).reshape(n, 50, 64)
    found = []
    for _ in range(2):
        best = towers.reshape(n, -1).argmax(axis=1)
        column, row = np.divmod(best, 64)
        each = np.flatnonzero(towers[np.arange(n), column, row] > TOWER_ET_MIN)
        found.append(np.stack([each, column[each], row[each]]))
        near_row = np.abs((np.arange(64) - row[:, None] + 32) % 64 - 32) < 7
        near = (np.abs(np.arange(50) - column[:, None]) < 7)[:, :, None] & near_row[:, None, :]
        towers = np.where(near, 0.0, towers)
    event, column, row = np.concatenate(found, axis=1)
    return event, (column + 0.5) * 0.1 - 2.5, (row + 0.5) * (2 * np.pi / 64)


def _near(particles: Particles, event: Index, chosen: Index, eta: Array, phi: Array) -> Particles:
    """The particles of candidates' own events that may reach their rings; ``event`` is sorted."""
    first, last = np.searchsorted(event, chosen, "left"), np.searchsorted(event, chosen, "right")
    owner = np.repeat(np.arange(len(chosen)), last - first)
    row = np.arange(len(owner)) - np.repeat(np.cumsum(last - first) - (last - first), last - first) + first[owner]
    return _within(particles, row, owner, particles.phi[row], particles.eta[row], eta, phi)


def _overlay(pool: _Event, mu: Array, eta: Array, phi: Array, rng: np.random.Generator) -> Particles:
    """Particles of random collisions of the pool, each turned about the beam and perhaps mirrored along it."""
    count = rng.poisson(mu)
    candidate = np.repeat(np.arange(len(mu)), count)
    chosen = rng.integers(0, POOL_EVENTS, len(candidate))
    turn, side = rng.uniform(0.0, 2 * np.pi, len(candidate)), rng.choice([-1.0, 1.0], len(candidate))
    first, last = np.searchsorted(pool.event, chosen, "left"), np.searchsorted(pool.event, chosen, "right")
    size = last - first
    which = np.repeat(np.arange(len(candidate)), size)
    row = np.arange(len(which)) - np.repeat(np.cumsum(size) - size, size) + first[which]
    new_eta, new_phi = pool.particles.eta[row] * side[which], pool.particles.phi[row] + turn[which]
    return _within(pool.particles, row, candidate[which], new_phi, new_eta, eta, phi)


def _within(
    particles: Particles, row: Index, owner: Index, new_phi: Array, new_eta: Array, eta: Array, phi: Array
) -> Particles:
    d_phi = np.mod(new_phi - phi[owner] + np.pi, 2 * np.pi) - np.pi
    near = (np.abs(new_eta - eta[owner]) < _REACH_ETA) & (np.abs(d_phi) < _REACH_PHI)
    row = row[near]
    return Particles(particles.kind[row], particles.energy[row], new_eta[near], new_phi[near], owner[near])


def _measured(origin: tuple[Index, Index], spots: list[tuple[Spots, float]], rng: np.random.Generator) -> Cells:
    """Transverse energies of cells: spots in them and electronic noise."""
    measured = []
    for index, layer in enumerate(LAYERS):
        columns, rows = ring_calorimeter.window_shape(layer)
        energy = rng.normal(0.0, layer.noise, (len(origin[0]), columns, rows)).astype(np.float32)
        for some, weight in spots:
            here = some.layer == index
            mev = 1000.0 * weight * some.energy[here]
            energy += ring_calorimeter.fill(layer, origin, some.owner[here], some.eta[here], some.phi[here], mev)
        eta, _ = ring_calorimeter.cell_centres(layer, origin)
        measured.append((energy / np.cosh(eta)[:, :, None]).astype(np.float32))
    return Cells(origin, tuple(measured))
