"""Simulated events of the anomaly trigger: Pythia 8 collisions with a lepton, pile-up, trigger objects.

Three short cuts make a data set in less than an hour; a full simulation would take none of them:

- The underlying event is not simulated but laid over, as two more collisions of the same crossing; so is pile-up.
- QCD events are pairs of b or c quarks. Leptons of other QCD collisions come from gluons that split into such pairs.
- A QCD collision that gave no lepton lets its hadrons with b or c decay again, up to ten times. The first decay with
  a lepton counts, so that collisions with a large chance are taken too seldom: by a fifth where one in twenty decays
  has a lepton; one in seventy has on average.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.triggers.anomaly_vae import detector as anomaly_detector
from l1ml.triggers.anomaly_vae.detector import EG_ETA_MAX, ETA_CELLS, PHI_CELLS, Deposits, Particles, deposits, detect
from l1ml.triggers.anomaly_vae.hardware_objects import to_hardware

LEPTON_PT_MIN = 23.0
"""GeV, of the measured electron or muon that every event has (arXiv:2107.02157)."""
TRUE_PT_MIN = {11: 21.0, 13: 18.0}
"""GeV; events without a true electron or muon above are not measured, as few would pass. Muons are measured worse."""
PILEUP = 25.0
"""Mean number of non-diffractive collisions laid over: of 34 inelastic ones, the mean of LHC's Run 2 at CMS, the others
leave little in the detector."""
UNDERLYING = 2
"""Such collisions that stand for the underlying event, which is twice as dense as one (JHEP 09 (2011) 109)."""

_COMMON = ("Beams:idA = 2212", "Beams:idB = 2212", "Beams:eCM = 13000.")
_NO_MPI = "PartonLevel:MPI = off"
_LATE = (411, 421, 431, 4122, 4132, 4232, 4332, 511, 521, 531, 541, 5122, 5132, 5232, 5332)
_BATCH = 100  # events that are measured at once
_MAX_COLLISIONS_PER_EVENT = 2000


@dataclass(frozen=True)
class Process:
    """A hard process."""

    settings: tuple[str, ...]
    """Pythia settings beyond the common ones."""
    tries: int = 1
    """How often hadrons of b and c may decay until there is a lepton."""


PROCESSES: dict[str, Process] = {
    "w_to_lnu": Process(("WeakSingleBoson:ffbar2W = on", "24:onMode = off", "24:onIfAny = 11 13 15")),
    "qcd": Process(("HardQCD:hardbbbar = on", "HardQCD:hardccbar = on", "PhaseSpace:pTHatMin = 30."), 10),
    "z_to_ll": Process(
        (
            "WeakSingleBoson:ffbar2gmZ = on",
            "PhaseSpace:mHatMin = 50.",
            "23:onMode = off",
            "23:onIfAny = 11 13 15",
        )
    ),
    "ttbar": Process(("Top:gg2ttbar = on", "Top:qqbar2ttbar = on")),
    # A narrow scalar, made as the Higgs boson is, to two Z bosons far below their mass.
    "a_to_4l": Process(
        (
            "HiggsSM:gg2H = on",
            "25:m0 = 50.",
            "25:mMin = 49.",
            "25:onMode = off",
            "25:onIfMatch = 23 23",
            "23:mMin = 1.",
            "23:onMode = off",
            "23:onIfAny = 11 13 15",
        )
    ),
    "leptoquark": Process(
        ("LeptoQuark:gg2LQLQbar = on", "LeptoQuark:qqbar2LQLQbar = on", "42:m0 = 80.", "42:0:products = 5 15")
    ),
    "h0_to_tautau": Process(("HiggsSM:gg2H = on", "25:m0 = 60.", "25:onMode = off", "25:onIfMatch = 15 15")),
    # τ that decay to hadrons would not pass the filter.
    "hpm_to_taunu": Process(
        (
            "Higgs:useBSM = on",
            "HiggsBSM:ffbar2H+- = on",
            "37:m0 = 60.",
            "37:mMin = 50.",
            "37:onMode = off",
            "37:onIfAny = 15",
            "15:onMode = off",
            "15:onIfAny = 11 13",
        )
    ),
}
"""The processes of `l1ml.triggers.anomaly_vae.data.PROCESSES`."""


def parameters() -> dict[str, Any]:
    """All settings that shape the events, for the record in a data file."""
    return {
        "pythia": {"common": (*_COMMON, _NO_MPI), **{name: process.settings for name, process in PROCESSES.items()}},
        "tries": {name: process.tries for name, process in PROCESSES.items()},
        "lepton_pt_min_gev": LEPTON_PT_MIN,
        "true_pt_min_gev": TRUE_PT_MIN,
        "pileup": [PILEUP, UNDERLYING],
        "late": _LATE,
        "batch": _BATCH,
        "detector": anomaly_detector.parameters(),
    }


@dataclass(frozen=True)
class Pool:
    """Collisions of pile-up."""

    hits: Deposits
    """In order of collisions."""
    size: int
    """Number of collisions."""


def simulate_pool(seed: int, size: int) -> Pool:
    """Simulate collisions of pile-up.

    All events of a data set should have the same: what is in a few thousand collisions differs by per cents from one
    pool to another, and a network would tell the processes by it.

    Args:
        seed: Of Pythia, 1 to 900,000,000.
        size: Number of collisions.
    """
    pythia = _pythia(("SoftQCD:nonDiffractive = on",), seed)
    return Pool(deposits(_particles(pythia.nextBatch(size).prt)), size)


def simulate(
    process: str,
    n: int,
    *,
    pythia_seed: int,
    pool: Pool,
    rng: np.random.Generator,
    pileup: float = PILEUP,
) -> NDArray[np.int16]:
    """Simulate collisions until there are enough events; the result depends on the arguments alone.

    Args:
        process: One of `l1ml.triggers.anomaly_vae.data.PROCESSES`.
        n: Number of events.
        pythia_seed: Seed of the collisions, 1 to 900,000,000.
        pool: Collisions that are laid over.
        rng: Source of pile-up and of what the detector does.
        pileup: Mean number of collisions laid over.

    Returns:
        Hardware integers, shape (n, 57).

    Raises:
        RuntimeError: Pythia rejects its settings, or hardly any event has a lepton.
    """
    rows: list[NDArray[np.int16]] = []
    found = 0
    for particles, count in _collisions(PROCESSES[process], pythia_seed, n):
        chosen = [rng.integers(0, pool.size, k) for k in rng.poisson(pileup, count) + UNDERLYING]
        hits = _overlaid(deposits(particles), pool.hits, chosen, rng)
        detected = detect(particles, hits, count, rng)
        rows.append(to_hardware(detected.objects[detected.lepton_pt > LEPTON_PT_MIN]))
        found += len(rows[-1])
        if found >= n:
            return np.concatenate(rows)[:n]
    raise RuntimeError(f"hardly any event of {process!r} has a lepton: {found} events of {n}")


def _pythia(settings: tuple[str, ...], seed: int) -> Any:
    import pythia8mc

    pythia = pythia8mc.Pythia("", False)
    for line in ("Print:quiet = on", *_COMMON, *settings, "Random:setSeed = on", f"Random:seed = {seed}"):
        if not pythia.readString(line):
            raise RuntimeError(f"Pythia does not know the setting {line!r}")
    if not pythia.init():
        raise RuntimeError(f"Pythia cannot start with {settings}")
    return pythia


def _collisions(process: Process, seed: int, n: int) -> Iterator[tuple[Particles, int]]:
    """Particles of events with a true lepton, and how many events there are."""
    pythia = _pythia((_NO_MPI, *process.settings), seed)
    most = _MAX_COLLISIONS_PER_EVENT * (n + _BATCH) // _BATCH
    for _ in range(most):
        if process.tries == 1:
            particles = _particles(pythia.nextBatch(_BATCH).prt)
        else:
            particles = _with_decays_again(pythia, process.tries)
        kept = _lepton_events(particles)
        if len(kept):
            chosen = np.isin(particles.event, kept)
            columns = [column[chosen] for column in vars(particles).values()]
            yield Particles(np.searchsorted(kept, columns[0]), *columns[1:]), len(kept)


def _lepton_events(particles: Particles) -> NDArray[np.int64]:
    """Numbers of the events with an electron or muon that may pass the filter, ascending."""
    code, central = np.abs(particles.pdg), np.abs(particles.eta) < EG_ETA_MAX
    lepton = [(code == flavour) & (particles.pt > pt_min) for flavour, pt_min in TRUE_PT_MIN.items()]
    return np.unique(particles.event[central & np.logical_or.reduce(lepton)])


def _particles(batch: Any) -> Particles:
    """Stable particles of an awkward array of Pythia's."""
    import awkward as ak

    event = np.repeat(np.arange(len(batch)), ak.num(batch).to_numpy())
    flat = ak.flatten(batch)
    final = flat.status.to_numpy() > 0
    momentum = np.stack([flat.p[axis].to_numpy()[final] for axis in ("px", "py", "pz")], axis=1)
    return _of_momenta(event[final], flat.id.to_numpy()[final].astype(np.int64), momentum)


def _of_momenta(event: NDArray[np.int64], pdg: NDArray[np.int64], momentum: NDArray[np.float64]) -> Particles:
    px, py, pz = momentum.T
    pt = np.maximum(np.hypot(px, py), 1e-9)
    return Particles(event, pdg, pt, np.arcsinh(pz / pt), np.arctan2(py, px))


def _with_decays_again(pythia: Any, tries: int) -> Particles:
    """Stable particles of some collisions of which most have a lepton."""
    rows: list[tuple[int, int, float, float, float]] = []
    found = 0
    for _ in range(_BATCH * 10):
        if _next_with_lepton(pythia, tries):
            event = pythia.event
            final = (event[i] for i in range(event.size()) if event[i].isFinal())
            rows.extend((found, p.id(), p.px(), p.py(), p.pz()) for p in final)
            found += 1
            if found == _BATCH:
                break
    table = np.array(rows, dtype=np.float64).reshape(-1, 5)
    return _of_momenta(table[:, 0].astype(np.int64), table[:, 1].astype(np.int64), table[:, 2:])


def _next_with_lepton(pythia: Any, tries: int) -> bool:
    """Make the next collision, and let its late particles decay until one of the decays has a lepton."""
    _allow_late_decays(pythia, False)
    if not pythia.next():
        return False
    event = pythia.event
    size = event.size()
    late = [i for i in range(size) if (particle := event[i]).idAbs() in _LATE and particle.isFinal()]
    if not any(event[i].pT() > min(TRUE_PT_MIN.values()) for i in late):
        return False
    _allow_late_decays(pythia, True)
    for _ in range(tries):
        pythia.moreDecays()
        if any(_is_lepton(event[i]) for i in range(size, event.size())):
            return True
        event.popBack(event.size() - size)
        for i in late:
            event[i].statusPos()
            event[i].daughters(0, 0)
    return False


def _allow_late_decays(pythia: Any, allowed: bool) -> None:
    for code in _LATE:
        pythia.particleData.mayDecay(code, allowed)


def _is_lepton(particle: Any) -> bool:
    pt_min = TRUE_PT_MIN.get(particle.idAbs())
    return pt_min is not None and particle.isFinal() and particle.pT() > pt_min


def _overlaid(hits: Deposits, pool: Deposits, chosen: list[NDArray[np.int64]], rng: np.random.Generator) -> Deposits:
    """Lay the chosen collisions of the pool over each event, turned about the beam and perhaps mirrored along it."""
    owner = np.repeat(np.arange(len(chosen)), [len(some) for some in chosen])
    turn, mirrored = rng.integers(0, PHI_CELLS, len(owner)), rng.random(len(owner)) < 0.5
    first, last = (np.searchsorted(pool.event, np.concatenate(chosen), side) for side in ("left", "right"))
    size = last - first
    which = np.repeat(np.arange(len(owner)), size)
    row = np.arange(len(which)) - np.repeat(np.cumsum(size) - size, size) + first[which]
    eta = np.where(mirrored[which], ETA_CELLS - 1 - pool.eta[row], pool.eta[row])
    phi = (pool.phi[row] + turn[which]) % PHI_CELLS
    laid = (owner[which], pool.electromagnetic[row], eta, phi, pool.et[row])
    return Deposits(*(np.concatenate(pair) for pair in zip(vars(hits).values(), laid, strict=True)))
