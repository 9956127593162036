"""Stage 5: RTL against C++, integer by integer."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from l1ml.builds.build import Build
from l1ml.console import console
from l1ml.errors import L1mlError
from l1ml.summaries import in_words
from l1ml.verification.compare import compare
from l1ml.verification.directed import SHARE, add_directed
from l1ml.verification.finished import FinishedCore
from l1ml.verification.simulation import CoreSimulator
from l1ml.verification.vectors import Vectors, make_vectors
from l1ml.verification.verified import SOUGHT, load_sought


def run(build: Build, folder: Path) -> None:
    """Write ``verification.json`` and ``vectors.npz``. A mismatch is recorded, so that the report can show it.

    Raises:
        L1mlError: If the core breaks its protocol or its timing is not what its package says.
    """
    spec = build.spec.verification
    design, settings = build.design(), build.settings()
    events, emulator = build.events(design, "test"), build.emulator(design)
    directed = spec.events // SHARE
    vectors = make_vectors(design, spec.events - directed, data=events, seed=spec.seed, settings=settings)
    vectors = add_directed(vectors, emulator, design, spec.events, spec.seed)
    sought, _ = load_sought(build.root)
    if len(sought) and sought.shape[1] == vectors.inputs.shape[1]:  # not of another network
        families = {**vectors.families, SOUGHT: len(sought)}
        vectors = Vectors(np.concatenate([vectors.inputs, sought]), families)
    simulator = CoreSimulator(build.verilog, work=folder / "sim", time_limit=spec.time_limit)
    result = compare(simulator, emulator, vectors.inputs)
    measured = (result.simulation.latency, result.simulation.initiation_interval)
    if measured != (design.latency, design.initiation_interval):
        raise L1mlError(
            f"{design.name} has latency {measured[0]} and II {measured[1]} in simulation, "
            f"its package says {design.latency} and {design.initiation_interval}"
        )
    FinishedCore.found_in(build.root).record(folder, result, vectors)
    console.print(
        f"    {in_words(result.events, result.outputs, result.mismatches)}; "
        f"measured latency {measured[0]}, II {measured[1]}"
    )
