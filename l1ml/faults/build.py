"""Faults in the Verilog of a finished build, which meet the vectors of that build."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress

from l1ml.errors import L1mlError
from l1ml.faults.fault import Fault
from l1ml.faults.hunt.look import look_for_events
from l1ml.faults.mutate import Mutation, mutate
from l1ml.faults.network import Network, read_network
from l1ml.folders import held
from l1ml.verification.compare import compare
from l1ml.verification.emulator import Emulator
from l1ml.verification.finished import FinishedCore
from l1ml.verification.simulation import CoreSimulator
from l1ml.verification.verified import add_sought, load_verified


def mutate_build(build: Path, faults: int, seed: int, *, improve: bool = False) -> Mutation:
    """Put faults into the Verilog of a build and see which of them its verification finds.

    Args:
        build: Folder of the build, or of an hls4ml model that was verified.
        faults: How many.
        seed: For their choice.
        improve: Whether to look for events that show those that it does not find, and to add them to its vectors.

    Raises:
        L1mlError: If the build is not finished or not bit-exact, or there are not as many faults; for ``improve`` also
            if the folder is in use.
    """
    core = FinishedCore.found_in(build)
    core.exact_verdict()
    vectors, outputs = load_verified(build)
    inputs, verilog, design = vectors.inputs, core.verilog, core.design

    @cache
    def network() -> Network | None:
        from l1ml.frontends.hls4ml.saving import load_graph

        return read_network(load_graph(core.graph))

    if not improve:
        return mutate(verilog, inputs, outputs, faults=faults, seed=seed, network=network)
    emulator = Emulator.of_project(core.project, design)

    def look(missed: list[Fault], progress: Progress) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        events = look_for_events(verilog, network(), inputs, missed, progress, seed=seed)
        return events, emulator.run(events)

    with held(build):
        done = mutate(verilog, inputs, outputs, faults=faults, seed=seed, look=look, network=network)
        if len(done.sought):
            with tempfile.TemporaryDirectory(prefix="l1ml-sought-") as work:
                result = compare(CoreSimulator(verilog, work=Path(work)), emulator, done.sought)
            if result.mismatches:
                raise L1mlError(f"an event that was looked for shows that the RTL is wrong: {result.first_mismatch}")
            add_sought(build, done.sought, result.simulation.integers)
    return done
