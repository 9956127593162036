"""Playing events to a core with faults, and watching wires within it."""

from __future__ import annotations

import os
import struct
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from l1ml.errors import L1mlError
from l1ml.faults.circuits import Circuits
from l1ml.faults.fault import Fault
from l1ml.faults.hunt.watch import Watch
from l1ml.faults.schemata import write_schemata
from l1ml.faults.simulate import compile_driver
from l1ml.verification.packing import bus_bytes, pack


@dataclass(frozen=True)
class Seen:
    """Outputs and watched nets of a core for some events.

    Attributes:
        outputs: For each word of a result whether it was valid, and the packed output bus, shape (events,
            words × (1 + bytes)).
        ends: Lowest and highest value of each signal, shape (events, signals, 2); no signals unless they were wanted.
    """

    outputs: NDArray[np.uint8]
    ends: NDArray[np.int64]


class Watcher:
    """A core with faults, compiled so that wires within it can be watched; a context manager."""

    def __init__(self, circuits: Circuits, faults: Sequence[Fault], watch: Watch, folder: Path) -> None:
        """Compile it and start a process for each processor.

        Args:
            circuits: The design.
            faults: The faults, the first of which is number 1.
            watch: What to watch.
            folder: For the compiled simulation.

        Raises:
            L1mlError: If Verilator or the compiler rejects it.
        """
        design = circuits.design
        self.design, self.watch = design, watch
        files = write_schemata(circuits, faults, folder, watch.signals)
        driver = compile_driver(files, "watch.cpp", folder)
        interval = design.initiation_interval
        spacing = interval if interval == 1 else design.latency + design.out_beats - 1 + interval
        self.in_bytes, self.out_bytes = bus_bytes(design.inputs), bus_bytes(design.outputs)
        beats = design.in_beats, design.out_beats
        numbers = [self.in_bytes, self.out_bytes, *beats, design.latency, spacing, len(watch.signals)]
        numbers += [cycle for signal in watch.signals for cycle in (signal.first, signal.last)]
        command = [str(driver), *map(str, numbers)]
        self._processes = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(os.cpu_count() or 1)
        ]
        self._pool = ThreadPoolExecutor(len(self._processes))

    def __enter__(self) -> Watcher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes:
            process.kill()
            process.wait()
        self._pool.shutdown()

    def run(self, events: NDArray[np.int64], fault: int = 0, *, signals: bool = True) -> Seen:
        """Play events to the core with a fault, 0 for none.

        Args:
            events: Integers in LSB, shape (events, elements of all inputs).
            fault: Its number.
            signals: Whether to watch.

        Raises:
            L1mlError: If the simulation ends before its time.
        """
        rows = pack(events, self.design.inputs).reshape(len(events), -1)
        count = len(self.watch.signals) if signals else 0

        def play(job: tuple[subprocess.Popen[bytes], NDArray[np.uint8]]) -> Seen:
            process, part = job
            assert process.stdin is not None and process.stdout is not None
            size = self.design.out_beats * (1 + self.out_bytes)
            try:
                process.stdin.write(struct.pack("<3i", fault, signals, len(part)) + part.tobytes())
                process.stdin.flush()
            except BrokenPipeError:
                raise L1mlError("the simulation in which wires are watched ended before its time") from None
            outputs = process.stdout.read(len(part) * size)
            ends = process.stdout.read(len(part) * count * 16)
            if len(outputs) + len(ends) < len(part) * (size + count * 16):
                raise L1mlError("the simulation in which wires are watched ended before its time")
            return Seen(
                np.frombuffer(outputs, dtype=np.uint8).reshape(len(part), size),
                np.frombuffer(ends, dtype=np.int64).reshape(len(part), count, 2),
            )

        parts = [part for part in np.array_split(rows, len(self._processes)) if len(part)]
        seen = list(self._pool.map(play, zip(self._processes, parts, strict=False)))
        return Seen(np.concatenate([s.outputs for s in seen]), np.concatenate([s.ends for s in seen]))
