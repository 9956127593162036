"""Faults in the Verilog of a finished build, which meet the vectors of that build."""

from __future__ import annotations

import json
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress

from l1ml.compiler.design import Design
from l1ml.errors import L1mlError
from l1ml.faults.fault import Fault
from l1ml.faults.hunt.look import look_for_events
from l1ml.faults.mutate import Mutation, mutate
from l1ml.faults.network import Network, read_network
from l1ml.folders import claimed
from l1ml.verification.compare import compare
from l1ml.verification.emulator import Emulator
from l1ml.verification.simulation import CoreSimulator
from l1ml.verification.verified import add_sought, load_verified

_NEEDED = ("rtl/verilog/design.json", "verify/verification.json", "verify/vectors.npz")


def mutate_build(build: Path, faults: int, seed: int, *, improve: bool = False) -> Mutation:
    """Put faults into the Verilog of a build and see which of them its verification finds.

    Args:
        build: Folder of the build.
        faults: How many.
        seed: For their choice.
        improve: Whether to look for events that show those that it does not find, and to add them to its vectors.

    Raises:
        L1mlError: If the build is not finished or not bit-exact, or there are not as many faults; for ``improve`` also
            if the folder is in use.
    """
    for name in _NEEDED:
        if not (build / name).is_file():
            raise L1mlError(f"{build} is no finished build ({name} is missing); make one: l1ml build")
    verdict = json.loads((build / "verify/verification.json").read_text())
    if verdict["mismatches"]:
        raise L1mlError(f"RTL and C++ of {build} differ without any fault, in {verdict['mismatches']} outputs")
    vectors, outputs = load_verified(build)
    inputs = vectors.inputs
    verilog = build / "rtl/verilog"
    design = Design.load(verilog)

    @cache
    def network() -> Network | None:
        from l1ml.hls.convert import load_graph

        return read_network(load_graph(build / "convert/graph.fml"))

    if not improve:
        return mutate(verilog, inputs, outputs, faults=faults, seed=seed, network=network)
    emulator = Emulator.of_project(build / "convert/hls", design)

    def look(missed: list[Fault], progress: Progress) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        events = look_for_events(verilog, network(), inputs, missed, progress, seed=seed)
        return events, emulator.run(events)

    with claimed(build, design.name):
        done = mutate(verilog, inputs, outputs, faults=faults, seed=seed, look=look, network=network)
        if len(done.sought):
            with tempfile.TemporaryDirectory(prefix="l1ml-sought-") as work:
                result = compare(CoreSimulator(verilog, work=Path(work)), emulator, done.sought)
            if result.mismatches:
                raise L1mlError(f"an event that was looked for shows that the RTL is wrong: {result.first_mismatch}")
            add_sought(build, done.sought, result.simulation.integers)
    return done
