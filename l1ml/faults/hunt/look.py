"""Events for the faults that a build's vectors do not show."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress

from l1ml.compiler.design import Design
from l1ml.faults.circuits import read_circuits
from l1ml.faults.fault import Fault
from l1ml.faults.hunt.search import search
from l1ml.faults.hunt.watch import watch_faults
from l1ml.faults.hunt.watcher import Watcher
from l1ml.faults.network import Network
from l1ml.faults.sums import sums_near
from l1ml.faults.wiring import Wiring, wire_design

ROUNDS = 150
"""Rounds of the search."""


def look_for_events(
    verilog: Path,
    network: Network | None,
    start: NDArray[np.int64],
    faults: Sequence[Fault],
    progress: Progress,
    *,
    rounds: int = ROUNDS,
    seed: int = 1,
) -> NDArray[np.int64]:
    """Look for events that show faults.

    The search starts from events that are there and from those that drive the sums that decide what the faults do to
    their ends.

    Args:
        verilog: Folder with the Verilog of the design.
        network: Its weights, if they are known.
        start: Events to start from: integers in LSB, shape (any, elements of all inputs).
        faults: The faults.
        progress: Where to show how far it is.
        rounds: Rounds of the search.
        seed: For the search.

    Returns:
        An event for each fault that was found, shape (any, elements of all inputs).

    Raises:
        L1mlError: If the core with the faults does not compile or does not run to its end.
    """
    circuits = read_circuits(verilog)
    design, wirings = circuits.design, wire_design(circuits)
    watch = watch_faults(design, wirings, faults)
    with tempfile.TemporaryDirectory(prefix="l1ml-hunt-") as scratch:
        task = progress.add_task("Ends of sums", total=None, note="")
        start = np.concatenate([start, summits(network, design, wirings, start, faults, seed)])
        progress.update(task, total=1, completed=1)
        task = progress.add_task("Events that show the others", total=rounds, note="compiling the core with them")
        with Watcher(circuits, faults, watch, Path(scratch)) as watcher:

            def tell(number: int, found: int) -> None:
                progress.update(task, completed=number, note=f"{found} of {len(faults)} found")

            events = search(watcher, design, start, len(faults), rounds=rounds, seed=seed, tell=tell)
            progress.update(task, completed=rounds)
    return np.unique(np.array(events, dtype=np.int64).reshape(len(events), start.shape[1]), axis=0)


def summits(
    network: Network | None,
    design: Design,
    wirings: Mapping[str, Wiring],
    start: NDArray[np.int64],
    faults: Sequence[Fault],
    seed: int,
) -> NDArray[np.int64]:
    """Events that drive the sums near faults to their ends, shape (any, elements of all inputs)."""
    names = [t.name for t in design.inputs]
    if network is None or network.tensor not in names:
        return start[:0]
    goals = {}
    for fault in faults:
        wiring = wirings[fault.module]
        for known in sums_near(fault, wiring, network):
            goals[fault.module, known.net] = known.goal
    found = list(network.summits(goals.values()))
    rows = start[np.random.default_rng(seed).integers(len(start), size=len(found))].copy()
    if found:
        first = sum(t.size for t in design.inputs[: names.index(network.tensor)])
        rows[:, first : first + len(found[0])] = found
    return rows
