"""Simulating RTL of Vitis HLS in Verilator, driven by cocotb, and holding it against C++."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from l1ml.compiler.design import Design
from l1ml.compiler.network import Network
from l1ml.errors import L1mlError
from l1ml.verification.compare import Mismatch, Verification
from l1ml.verification.simulation import Pattern, Simulation
from l1ml.verification.vitis import running
from l1ml.verification.vitis.ports import find_interface
from l1ml.verification.vitis.sources import bring_rtl, find_rtl

PATTERNS = ("back_to_back", "gaps", "reset")
"""The patterns of stimuli that give results."""

UNKNOWN_LAYER = "a layer that is not known: RTL of Vitis HLS has no probes"


class GoldenModel(Protocol):
    """What RTL is held against."""

    @property
    def design(self) -> Network | Design:
        """Name of the function, types of its inputs and outputs."""

    def run(self, inputs: NDArray[np.int64]) -> NDArray[np.int64]:
        """Outputs in LSB of inputs in LSB, both of shape (events, elements)."""


@dataclass(frozen=True, repr=False)
class VitisSimulation(Simulation):
    """A finished simulation; ``latency`` and ``initiation_interval`` are the longest that were seen.

    Attributes:
        latencies: All of those that were seen when events came as fast as the function took them, in order of size.
        intervals: The same of the clock cycles between events.
    """

    latencies: tuple[int, ...]
    intervals: tuple[int, ...]

    @property
    def timing(self) -> str:
        """Latency and initiation interval in words."""
        return f"latency {_span(self.latencies)}, II {_span(self.intervals)}"


def simulate_vitis(
    folder: Path, design: Network | Design, inputs: NDArray[np.int64], *, limit: float | None = None, seed: int = 1
) -> tuple[NDArray[np.int64], int, int]:
    """Send events through RTL that Vitis HLS made of an hls4ml project.

    Args:
        folder: Folder with its Verilog and ROM files, or with its VHDL: ``syn/verilog`` or ``syn/vhdl`` of a solution,
            or one that holds a single such folder.
        design: The network, for the name of the function and the types of its arguments.
        inputs: Integers in LSB, shape (events, elements of all inputs in order).
        limit: Seconds that the simulation may take; by default some that grow with the events.
        seed: Of pauses and of what lies on the ports between events.

    Returns:
        Integers in LSB, shape (events, elements of all outputs); measured latency, from the clock cycle in which an
        event is offered to that of ``ap_done``; and measured initiation interval. Both are the longest that were seen.

    Raises:
        L1mlError: If ports or ROM files are missing, the simulation fails, or the function breaks its protocol, answers
            otherwise after pauses or a reset, or is a pipeline without constant timing.
    """
    simulation = simulate(folder, design, inputs, limit=limit, seed=seed)
    return simulation.integers, simulation.latency, simulation.initiation_interval


def verify_vitis(
    folder: Path, golden: GoldenModel, inputs: NDArray[np.int64], *, limit: float | None = None, seed: int = 1
) -> Verification:
    """Hold RTL of Vitis HLS against C++; arguments and errors as for ``simulate_vitis``."""
    simulation = simulate(folder, golden.design, inputs, limit=limit, seed=seed)
    expected = golden.run(inputs)
    events, outputs = np.nonzero(simulation.integers != expected)
    first = None
    if len(events):
        event, output = int(events[0]), int(outputs[0])
        values = int(expected[event, output]), int(simulation.integers[event, output])
        first = Mismatch.of(golden.design.outputs, event, output, *values, layer=UNKNOWN_LAYER)
    return Verification(len(inputs), expected.shape[1], len(events), first, simulation)


def simulate(
    folder: Path, design: Network | Design, inputs: NDArray[np.int64], *, limit: float | None = None, seed: int = 1
) -> VitisSimulation:
    """As ``simulate_vitis``, with all that was recorded."""
    origin, name = find_rtl(folder), design.name
    with tempfile.TemporaryDirectory(prefix="l1ml-vitis-") as scratch:
        job = Path(scratch)
        rtl = bring_rtl(origin, name, job)
        interface = find_interface(job, rtl.top, design.inputs, design.outputs, origin)
        run = running.run(rtl, interface, inputs, job, limit=limit, seed=seed)
    if "stuck" in run.results:
        raise L1mlError(f"{name} of {origin} takes no event in {running.PATIENCE} clock cycles: ap_ready stays low")
    patterns = {pattern: running.pattern_of(run.results, pattern, interface, name) for pattern in PATTERNS}
    for pattern in ("after_reset", "during_reset"):
        if len(run.results[f"{pattern}/done"]):
            raise L1mlError(f"{name} of {origin} signals ap_done without an event {pattern}")
    _check_repeated(patterns, f"{name} of {origin}")
    first = patterns["back_to_back"]
    latencies = tuple(sorted(set((first.received - first.sent).tolist())))
    intervals = tuple(sorted(set(np.diff(first.sent).tolist()))) or (1,)
    if rtl.architecture == "pipeline" and len(latencies) + len(intervals) > 2:
        raise L1mlError(
            f"{name} of {origin} is a pipeline and has no constant timing: latencies {list(latencies)}, intervals "
            f"{list(intervals)} were seen"
        )
    return VitisSimulation(
        integers=first.outputs,
        latency=latencies[-1],
        initiation_interval=intervals[-1],
        patterns=patterns,
        build_seconds=run.build_seconds,
        run_seconds=run.run_seconds,
        latencies=latencies,
        intervals=intervals,
    )


def _check_repeated(patterns: dict[str, Pattern], what: str) -> None:
    """Check that events that were sent again gave the same."""
    first = patterns["back_to_back"].outputs
    for name in PATTERNS[1:]:
        again = patterns[name].outputs
        if not np.array_equal(again, first[: len(again)]):
            event = int(np.flatnonzero((again != first[: len(again)]).any(axis=1))[0])
            raise L1mlError(f"{what} answers event {event} otherwise in pattern {name!r}")


def _span(seen: tuple[int, ...]) -> str:
    return str(seen[0]) if len(seen) == 1 else f"{seen[0]} to {seen[-1]}"
