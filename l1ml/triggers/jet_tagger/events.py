"""Simulated 1 TeV jets of one class: Pythia 8 collisions, a parametric detector, FastJet jets.

The sample follows the public one of arXiv:1804.06913 (made as in arXiv:1709.08705): 13 TeV pp
collisions to qq, gg, WW, ZZ or tt with a parton pT within 0.5 % of 1 TeV, all bosons decaying to
quarks, no pile-up, anti-kT jets of radius 0.8. Two things differ: the matrix elements are Pythia's own
instead of MadGraph's, and W and Z are longitudinally polarised, like those from heavy resonances that
boosted-boson taggers are built for. Bosons of the Standard Model process are mostly transverse and
lose one of their quarks to the grooming in a quarter of the jets, which then look like quark jets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.triggers.jet_tagger.data import FEATURES
from l1ml.triggers.jet_tagger.detector import Detector
from l1ml.triggers.jet_tagger.features import Array, jet_features

JET_RADIUS = 0.8
JET_PT = (800.0, 1600.0)
"""Window of the jet pT in GeV; below it the parton has radiated a jet of its own."""
JET_ETA_MAX = 2.1
"""Keeps a whole jet inside the detector's |η| < 3."""
MATCH_RADIUS = 0.4
"""A jet takes the label of a hard parton no farther than this; jets of initial-state radiation have none."""
Z_CUT = 0.1
"""Of the modified mass-drop tagger (arXiv:1307.0007), run as soft drop with β = 0 (arXiv:1402.2657)."""
DETECTOR = Detector()

_COMMON = (
    "Beams:idA = 2212",
    "Beams:idB = 2212",
    "Beams:eCM = 13000.",
    "PhaseSpace:pTHatMin = 995.",
    "PhaseSpace:pTHatMax = 1005.",
    "PartonLevel:MPI = on",
)
_HADRONIC_W = ("24:onMode = off", "24:onIfAny = 1 2 3 4 5")
_HADRONIC_Z = ("23:onMode = off", "23:onIfAny = 1 2 3 4 5")
_EVENTS_PER_BATCH = 100
_MAX_EVENTS_PER_JET = 100


@dataclass(frozen=True)
class Process:
    """A hard process and the partons in it that make jets of one class."""

    settings: tuple[str, ...]
    """Pythia settings beyond the common ones."""
    pdg: tuple[int, ...]
    """Absolute codes of the partons that a jet is matched to."""
    status: int
    """Their status in the event record: -23 outgoing, -22 decaying."""
    longitudinal: bool = False
    """Whether these partons are bosons, to be decayed with longitudinal polarisation."""


PROCESSES: dict[str, Process] = {
    "g": Process(("HardQCD:gg2gg = on", "HardQCD:qqbar2gg = on"), (21,), -23),
    "q": Process(("HardQCD:gg2qqbar = on", "HardQCD:qq2qq = on", "HardQCD:qqbar2qqbarNew = on"), (1, 2, 3), -23),
    "w": Process(("WeakDoubleBoson:ffbar2WW = on", *_HADRONIC_W), (24,), -22, True),
    "z": Process(("WeakDoubleBoson:ffbar2gmZgmZ = on", "WeakZ0:gmZmode = 2", *_HADRONIC_Z), (23,), -22, True),
    "t": Process(("Top:gg2ttbar = on", "Top:qqbar2ttbar = on", *_HADRONIC_W), (6,), -22),
}
"""The process of each class."""


def parameters() -> dict[str, Any]:
    """All settings that shape the jets, for the record in a data file."""
    return {
        "pythia": {"common": _COMMON, **{name: process.settings for name, process in PROCESSES.items()}},
        "longitudinal": {name: process.longitudinal for name, process in PROCESSES.items()},
        "matched_partons": {name: process.pdg for name, process in PROCESSES.items()},
        "match_radius": MATCH_RADIUS,
        "jet_algorithm": "anti-kt",
        "jet_radius": JET_RADIUS,
        "jet_pt_gev": JET_PT,
        "jet_eta_max": JET_ETA_MAX,
        "mmdt_z_cut": Z_CUT,
        "detector": DETECTOR.parameters(),
        "events_per_batch": _EVENTS_PER_BATCH,
    }


def simulate(class_name: str, n_jets: int, *, pythia_seed: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Simulate collisions until there are enough jets; the result depends on the arguments alone.

    Args:
        class_name: One of `l1ml.triggers.jet_tagger.data.CLASSES`.
        n_jets: Number of jets.
        pythia_seed: Seed of the collisions, 1 to 900,000,000.
        rng: Source of the boson decays and the detector's smearing.

    Returns:
        Features, shape (n_jets, 16).

    Raises:
        RuntimeError: Pythia rejects its settings, or hardly any event has a jet.
    """
    process = PROCESSES[class_name]
    # Kept in a variable, for Pythia silently goes without the hook once Python has collected it.
    hook = _longitudinal_decays(process, rng.spawn(1)[0]) if process.longitudinal else None
    pythia = _pythia(process, pythia_seed, hook)
    rows: list[NDArray[np.float32]] = []
    events = 0
    while len(rows) < n_jets:
        if events > _MAX_EVENTS_PER_JET * (n_jets + _EVENTS_PER_BATCH):
            raise RuntimeError(f"only {len(rows)} jets of class {class_name!r} in {events} events")
        batch = min(_EVENTS_PER_BATCH, n_jets - len(rows) + 1)
        events += batch
        rows.extend(_jets_of_batch(pythia.nextBatch(batch).prt, process, rng))
    return np.array(rows[:n_jets], dtype=np.float32).reshape(n_jets, len(FEATURES))


def _pythia(process: Process, seed: int, hook: Any) -> Any:
    import pythia8mc

    pythia = pythia8mc.Pythia("", False)
    if hook is not None:
        pythia.setUserHooksPtr(hook)
    settings = (
        "Print:quiet = on",
        *_COMMON,
        *process.settings,
        "Random:setSeed = on",
        f"Random:seed = {seed}",
    )
    for line in settings:
        if not pythia.readString(line):
            raise RuntimeError(f"Pythia does not know the setting {line!r}")
    if not pythia.init():
        raise RuntimeError(f"Pythia cannot start with {settings}")
    return pythia


def _longitudinal_decays(process: Process, rng: np.random.Generator) -> Any:
    """A Pythia hook that turns the decay products of bosons to dN/dcosθ ∝ 1 - cos²θ.

    θ is the angle between a product in the boson's rest frame and the boson's flight in the frame of the
    hard collision (Hagiwara et al., Nucl. Phys. B 282 (1987) 253).
    """
    import pythia8mc

    class Hook(pythia8mc.UserHooks):
        def canVetoProcessLevel(self) -> bool:
            return True

        def doVetoProcessLevel(self, event: Any) -> bool:
            collision = event[3].p() + event[4].p()
            for i in range(event.size()):
                boson = event[i]
                if boson.status() == process.status and boson.idAbs() in process.pdg:
                    self._decay(boson, event[boson.daughter1()], event[boson.daughter2()], collision)
            return False

        def _decay(self, boson: Any, first: Any, second: Any, collision: Any) -> None:
            flight = boson.p()
            flight.bstback(collision)
            momentum = first.p()
            momentum.bstback(boson.p())
            # Beta(2, 2) on (0, 1) is the wanted 1 - cos²θ after stretching to (-1, 1).
            theta = np.arccos(2.0 * rng.beta(2.0, 2.0) - 1.0)
            size = momentum.pAbs()
            turned = pythia8mc.Vec4(size * np.sin(theta), 0.0, size * np.cos(theta), momentum.e())
            turned.rot(0.0, rng.uniform(0.0, 2 * np.pi))
            turned.rot(flight.theta(), flight.phi())
            turned.bst(flight)
            turned.bst(collision)
            first.p(turned)
            second.p(boson.p() - turned)

    return Hook()


def _jets_of_batch(particles: Any, process: Process, rng: np.random.Generator) -> Iterator[NDArray[np.float32]]:
    """Features of the matched jets in the events of an awkward array of Pythia particles."""
    import awkward as ak
    import fastjet

    event = np.repeat(np.arange(len(particles)), ak.num(particles).to_numpy())
    flat = ak.flatten(particles)
    pdg, status = flat.id.to_numpy().astype(np.int64), flat.status.to_numpy()
    p4 = np.stack([flat.p[axis].to_numpy() for axis in ("px", "py", "pz", "e")], axis=1)

    final = status > 0
    seen, seen_event = DETECTOR.measure(pdg[final], p4[final], event[final], rng)
    parton = (status == process.status) & np.isin(np.abs(pdg), process.pdg)

    clusters = fastjet.ClusterSequence(
        _jagged(seen, np.bincount(seen_event, minlength=len(particles))),
        fastjet.JetDefinition(fastjet.antikt_algorithm, JET_RADIUS),
    )
    jets = clusters.inclusive_jets(min_pt=JET_PT[0])
    jet_event = np.repeat(np.arange(len(jets)), ak.num(jets).to_numpy())
    chosen = _matched(_columns(ak.flatten(jets)), jet_event, p4[parton], event[parton])
    if len(chosen) == 0:
        return
    constituents = ak.flatten(clusters.constituents(min_pt=JET_PT[0]), axis=1)[chosen]
    # The radius only has to exceed the jet, so that C/A clustering ends in one jet.
    recluster = fastjet.JetDefinition(fastjet.cambridge_algorithm, 10.0)
    groomed = fastjet.ClusterSequence(ak.to_packed(constituents), recluster).exclusive_jets_softdrop_grooming(
        njets=1, beta=0.0, symmetry_cut=Z_CUT, R0=JET_RADIUS
    )
    for whole, core in zip(_each(constituents), _each(groomed.constituents), strict=True):
        yield jet_features(whole, core)


def _matched(
    jets: Array, jet_event: NDArray[np.int64], partons: Array, parton_event: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Indices, ascending, of the jets in the kinematic window with a parton of their event nearby."""
    pt = np.hypot(jets[:, 0], jets[:, 1])
    inside = (pt < JET_PT[1]) & (np.abs(np.arcsinh(jets[:, 2] / pt)) < JET_ETA_MAX)
    d_phi = np.abs(_phi(jets)[:, None] - _phi(partons)[None, :])
    distance = np.hypot(_rapidity(jets)[:, None] - _rapidity(partons)[None, :], np.minimum(d_phi, 2 * np.pi - d_phi))
    near = (distance < MATCH_RADIUS) & (jet_event[:, None] == parton_event[None, :])
    return np.flatnonzero(inside & near.any(axis=1))


def _rapidity(p4: Array) -> Array:
    return np.arctanh(p4[:, 2] / p4[:, 3])


def _phi(p4: Array) -> Array:
    return np.arctan2(p4[:, 1], p4[:, 0])


def _jagged(p4: Array, counts: NDArray[np.int64]) -> Any:
    import awkward as ak

    flat = ak.zip({name: np.ascontiguousarray(p4[:, i]) for i, name in enumerate(("px", "py", "pz", "E"))})
    return ak.unflatten(flat, counts)


def _columns(records: Any) -> Array:
    return np.stack([records[name].to_numpy() for name in ("px", "py", "pz", "E")], axis=1)


def _each(lists: Any) -> Iterator[Array]:
    """The four-momenta of each list in turn; one conversion for all, as awkward is slow list by list."""
    import awkward as ak

    ends = np.cumsum(ak.num(lists).to_numpy())
    p4 = _columns(ak.flatten(lists))
    start = 0
    for end in ends:
        yield p4[start:end]
        start = end
