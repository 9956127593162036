"""Events for the faults that a build's vectors do not show."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
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
from l1ml.faults.wiring import wire_design

ROUNDS = 150
"""Rounds of the search."""

SECONDS = 100.0
"""Time for the ends of neurons; those of large networks are not all found in it."""


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

    The search starts from events that are there and from those that drive the neurons of the modules with faults to
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
    design = circuits.design
    watch = watch_faults(design, wire_design(circuits), faults)
    with tempfile.TemporaryDirectory(prefix="l1ml-hunt-") as scratch:
        task = progress.add_task("Ends of neurons", total=None, note="")
        start = np.concatenate([start, summits(network, design, start, faults, seed)])
        progress.update(task, total=1, completed=1)
        task = progress.add_task("Events that show the others", total=rounds, note="compiling the core with them")
        with Watcher(circuits, faults, watch, Path(scratch)) as watcher:

            def tell(number: int, found: int) -> None:
                progress.update(task, completed=number, note=f"{found} of {len(faults)} found")

            events = search(watcher, design, start, len(faults), rounds=rounds, seed=seed, tell=tell)
            progress.update(task, completed=rounds)
    return np.unique(np.array(events, dtype=np.int64).reshape(len(events), start.shape[1]), axis=0)


def summits(
    network: Network | None, design: Design, start: NDArray[np.int64], faults: Sequence[Fault], seed: int
) -> NDArray[np.int64]:
    """Events that drive the neurons of the modules with faults to their ends, shape (any, elements of all inputs)."""
    names = [t.name for t in design.inputs]
    if network is None or network.tensor not in names:
        return start[:0]
    modules = {fault.module for fault in faults}
    layers = [layer for m in design.modules if m.name in modules for layer in m.layers]
    found, deadline = [], time.monotonic() + SECONDS
    for event in network.summits(layers):
        found.append(event)
        if time.monotonic() > deadline:
            break
    rows = start[np.random.default_rng(seed).integers(len(start), size=len(found))].copy()
    if found:
        first = sum(t.size for t in design.inputs[: names.index(network.tensor)])
        rows[:, first : first + len(found[0])] = found
    return rows
