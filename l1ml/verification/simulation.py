"""Running a core's Verilog in Verilator, driven by cocotb."""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.compiler.design import Design
from l1ml.errors import L1mlError
from l1ml.fixed import INT64_BITS
from l1ml.summaries import Summary, shapes
from l1ml.templates import render
from l1ml.tools import set_up_verilator
from l1ml.verification.bench import cocotb_runner, run_bench
from l1ml.verification.compiled import compiled, is_compiled, remove_others
from l1ml.verification.packing import bus_bytes, pack, unpack
from l1ml.verification.process import time_limit

GAP_EVENTS = 1000
"""Events that are sent a second time with random gaps."""

RESET_EVENTS = 100
"""Events before and after the reset in mid-stream."""

CROWDED_EVENTS = 400
"""Events offered in every clock cycle, whatever the initiation interval."""

RESTART_EVENTS = 40
"""Events that come right after a reset in the middle of another event."""

LONG_EVENTS = 100
"""Of an event of many words, there are fewer in a pattern than said above, but no fewer than these."""

SHORT_CYCLES = 100_000
"""Clock cycles up to which optimising the simulation's C++ takes longer than it saves, whatever the core."""

LEVELS = ("-O0", "-O1")
"""How the simulation's C++ is optimised: for a few events, and for many."""

PATTERNS = ("back_to_back", "gaps", "reset", "crowded", "restart")
"""The patterns of stimuli that give results."""

PORTS = ("clk", "rst", "in_valid", "in_data", "out_valid", "out_data")


@dataclass(frozen=True, repr=False)
class Pattern(Summary):
    """What one pattern of stimuli gave.

    Attributes:
        outputs: Integers in LSB, one row for each result, shape (results, elements).
        sent: Clock cycle of each event.
        received: Clock cycle of each result.
        stride: How many events were offered for each one that the core takes.
    """

    outputs: NDArray[np.int64]
    sent: NDArray[np.int64]
    received: NDArray[np.int64]
    stride: int

    def summary(self) -> list[str]:
        return [f"{len(self.sent):,} events, outputs {shapes(self.outputs)}"]


@dataclass(frozen=True, repr=False)
class Simulation(Summary):
    """A finished simulation.

    Attributes:
        integers: Outputs in LSB, shape (events, elements of all outputs).
        latency: Measured clock cycles from event to result.
        initiation_interval: Measured clock cycles between results when events come as fast as allowed.
        patterns: Every pattern of stimuli by name.
        build_seconds: Time to compile the simulation; 0 if it was there.
        run_seconds: Time to run it.
    """

    integers: NDArray[np.int64]
    latency: int
    initiation_interval: int
    patterns: dict[str, Pattern]
    build_seconds: float
    run_seconds: float

    @property
    def timing(self) -> str:
        """Latency and initiation interval in words."""
        return f"latency {self.latency}, II {self.initiation_interval}"

    def summary(self) -> list[str]:
        return [f"outputs {shapes(self.integers)}, {self.timing}"]


class CoreSimulator:
    """A core compiled for simulation; compiled once for each content of the Verilog."""

    def __init__(self, folder: Path, work: Path | None = None, time_limit: float | None = None) -> None:
        """Prepare the simulation of the core in a folder.

        Args:
            folder: Folder with the Verilog and its ``design.json``.
            work: Where compiled simulations are kept; ``sim`` in that folder by default.
            time_limit: Seconds that a simulation may take; by default some that grow with its clock cycles.

        Raises:
            L1mlError: If the folder holds no design or a tool is missing.
        """
        self.folder = folder.resolve()
        self.design = Design.load(self.folder)
        self.work = (work or self.folder / "sim").resolve()
        self.sources = [self.folder / name for name in self.design.files]
        self.time_limit = time_limit
        set_up_verilator(self.sources)

    def compile(self) -> None:
        """Compile the simulation unless it has been, so that several processes can run it after that."""
        with self._built(optimised=True):
            pass

    def run(self, inputs: NDArray[np.int64], *, seed: int = 1) -> Simulation:
        """Send events through the core.

        Args:
            inputs: Integers in LSB, shape (events, elements of all inputs in order).
            seed: For the random gaps and the values between events.

        Raises:
            L1mlError: If the simulation does not build, crashes or hangs, or the core breaks its protocol.
        """
        started = time.monotonic()
        with self._built(optimised=self._cycles(len(inputs)) > SHORT_CYCLES) as (binary, fresh):
            built = time.monotonic()
            results = self._run(binary, inputs, seed)
        patterns = {name: self._pattern(results, name) for name in {key.split("/")[0] for key in results}}
        latency, interval = check_protocol(patterns)
        if latency != self.design.latency:
            raise L1mlError(f"results leave after {latency} clock cycles; the package says {self.design.latency}")
        return Simulation(
            integers=patterns["back_to_back"].outputs,
            latency=latency,
            initiation_interval=interval or self.design.initiation_interval,
            patterns=patterns,
            build_seconds=built - started if fresh else 0.0,
            run_seconds=time.monotonic() - built,
        )

    def probe(self, event: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
        """What every segment makes of one event, by the name of its output tensor.

        Args:
            event: Integers in LSB, shape (1, elements of all inputs in order).

        Returns:
            Integers in LSB, shape (elements,), for each output tensor of each segment that an int64 holds.
        """
        arrivals = {
            t.name: (t, m.start + m.latency)
            for m in self.design.modules
            for t in m.outputs
            if t in self.design.outputs or t.type.width <= INT64_BITS
        }
        signals = {name: f"{name}_data" for name in arrivals}
        probes = {name: [signals[name], cycle, t.beats] for name, (t, cycle) in arrivals.items()}
        with self._built(signals.values()) as (binary, _):
            results = self._run(binary, event, 1, probes=probes)
        return {name: unpack(results[f"probe/{name}"], [t])[0] for name, (t, _) in arrivals.items()}

    def _run(
        self, binary: Path, inputs: NDArray[np.int64], seed: int, probes: dict[str, list[Any]] | None = None
    ) -> dict[str, NDArray[np.uint8]]:
        """Run the bench on a compiled core and return what it recorded."""
        job = bench_job(self.design, seed) | {"probes": probes or {}}
        with tempfile.TemporaryDirectory(prefix="l1ml-sim-") as scratch:
            folder = Path(scratch)
            (folder / "job.json").write_text(json.dumps(job))
            rows = pack(inputs, self.design.inputs)
            np.save(folder / "inputs.npy", rows.reshape(len(inputs), self.design.in_beats, -1))
            limit = time_limit(self._cycles(len(inputs)), self.time_limit)
            kept = self.work / "run.log"
            return run_bench("core/bench_core", self.design.name, binary, folder, limit=limit, kept=kept, seed=seed)

    def _cycles(self, events: int) -> int:
        """Clock cycles of a run, or somewhat more: gaps take a few per word, restarts drain for each event."""
        design = self.design
        each = design.initiation_interval * (2 * events + 2 * RESET_EVENTS + CROWDED_EVENTS)
        restarts = (RESTART_EVENTS + 6) * (2 * design.latency + 3 * design.initiation_interval)
        return each + 4 * design.in_beats * GAP_EVENTS + restarts

    def _pattern(self, results: dict[str, NDArray[np.uint8]], name: str) -> Pattern:
        rows, sent, received = (results[f"{name}/{key}"] for key in ("rows", "sent", "received"))
        words = received.astype(np.int64)
        beats = self.design.out_beats
        if len(words) % beats or np.any(words.reshape(-1, beats) != words[::beats, None] + np.arange(beats)):
            raise L1mlError(f"the {beats} words of a result do not leave one after the other ({name})")
        outputs = unpack(rows, self.design.outputs) if len(rows) else np.zeros((0, 0), dtype=np.int64)
        stride = -(-self.design.initiation_interval // self.design.in_beats) if name == "crowded" else 1
        return Pattern(outputs, sent.astype(np.int64), words[::beats], stride)

    @contextmanager
    def _built(self, probes: Collection[str] = (), *, optimised: bool = False) -> Iterator[tuple[Path, bool]]:
        """Compile, unless it has been done for the same sources, optimised if that is asked.

        Yields:
            The folder, which stays as long as this lasts, and whether it is new.
        """
        quick, fast = LEVELS
        top, digest = self.design.name, self.digest(probes)
        level = fast if optimised or is_compiled(self.work / f"{digest}{fast}", top) else quick

        def name() -> str:
            return f"{self.digest(probes)}{level}"

        with compiled(self.work, name, top, lambda folder: self._build(folder, probes, level)) as (target, fresh):
            if fresh and not probes:  # of another content of the Verilog, or less optimised
                remove_others(target)
            yield target, fresh

    def digest(self, probes: Collection[str] = ()) -> str:
        """Hash of the Verilog, and of the signals within it that are to be seen."""
        digest = hashlib.sha256(repr(list(probes)).encode())
        for source in self.sources:
            digest.update(source.read_bytes())
        return digest.hexdigest()[:16]

    def _build(self, folder: Path, probes: Collection[str], level: str) -> None:
        """Compile into a folder."""
        folder.mkdir()
        control = folder / "probes.vlt"
        control.write_text(render("rtl/probes.vlt.j2", top=self.design.name, ports=PORTS, probes=probes))
        try:
            cocotb_runner().build(
                sources=[control, *self.sources],
                hdl_toplevel=self.design.name,
                build_dir=folder,
                build_args=["--no-public-flat-rw", "-O3", "-Wno-fatal", "--x-initial", "unique", "--timing",
                            "-CFLAGS", level],
                timescale=("1ns", "1ps"),
                log_file=folder / "build.log",
            )  # fmt: skip
        except (Exception, SystemExit) as error:
            log = folder / "build.log"
            reason = f"see {log}" if log.is_file() else str(error)  # cocotb itself refused
            raise L1mlError(f"Verilator could not build {self.design.name}: {reason}") from error


def bench_job(design: Design, seed: int) -> dict[str, Any]:
    """What the bench is told of a core: its timing, and how many events each pattern of stimuli has."""

    def some(events: int) -> int:
        return min(events, max(events // design.in_beats, LONG_EVENTS))

    return {
        "initiation_interval": design.initiation_interval,
        "latency": design.latency,
        "output_beats": design.out_beats,
        "output_bytes": bus_bytes(design.outputs),
        "gap_events": some(GAP_EVENTS),
        "reset_events": some(RESET_EVENTS),
        "crowded_events": some(CROWDED_EVENTS),
        "restart_events": some(RESTART_EVENTS),
        "seed": seed,
    }


def check_protocol(patterns: dict[str, Pattern]) -> tuple[int, int]:
    """Check that one result leaves for each event, always after the same number of clock cycles.

    Returns:
        Measured latency and initiation interval; the latter 0 if there was only one event.

    Raises:
        L1mlError: If results are lost, doubled, late or early, or leave without an event.
    """
    for name in ("after_reset", "during_reset"):
        if len(patterns[name].received):
            raise L1mlError(f"the core gives {len(patterns[name].received)} results without an event {name}")
    latencies: set[int] = set()
    for name in PATTERNS:
        pattern = patterns[name]
        if len(pattern.received) != len(pattern.sent):
            raise L1mlError(f"the core gives {len(pattern.received)} results for {len(pattern.sent)} events ({name})")
        latencies.update((pattern.received - pattern.sent).tolist())
    if len(latencies) != 1:
        raise L1mlError(f"the core's latency is not constant: {sorted(latencies)} clock cycles were seen")
    spacing = set(np.diff(patterns["back_to_back"].received).tolist())
    if len(spacing) > 1:
        raise L1mlError(f"results leave at uneven distances of {sorted(spacing)} clock cycles")
    return latencies.pop(), spacing.pop() if spacing else 0
