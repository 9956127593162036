"""Playing the vectors of verification to a core with faults, one fault after the other."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from l1ml.errors import L1mlError
from l1ml.faults.stimuli import Cycles
from l1ml.paths import shared
from l1ml.plain_paths import plain, plain_arguments
from l1ml.tools import set_up_verilator

BATCH = 8
"""Faults that one process of the driver is given."""


@dataclass(frozen=True)
class Outcome:
    """What the core with one fault did.

    Attributes:
        fault: Number of the fault, 0 for none.
        cycle: The first wrong clock cycle; None if there was none.
        what: ``data`` or ``valid``, whichever was wrong.
    """

    fault: int
    cycle: int | None
    what: str


class FaultSimulator:
    """A core with faults, compiled."""

    def __init__(self, files: Sequence[Path], folder: Path) -> None:
        """Compile it.

        Args:
            files: What ``write_schemata`` gave.
            folder: For the compiled simulation.

        Raises:
            L1mlError: If Verilator or the compiler rejects it.
        """
        self.folder, self.driver = folder, compile_driver(files, "driver.cpp", folder)

    def run(self, cycles: Cycles, faults: Sequence[int], *, seed: int = 1) -> Iterator[Outcome]:
        """Play clock cycles to the core with each of some faults, until the first wrong one.

        Args:
            cycles: What to play and what to expect.
            faults: Numbers of the faults.
            seed: For the state before the reset.

        Yields:
            What came of each fault, in any order.

        Raises:
            L1mlError: If the simulation ends before its time.
        """
        file = self.folder / "cycles.bin"
        cycles.write(file)
        command = [self.driver, file, cycles.inputs.shape[1], cycles.outputs.shape[1], seed]

        def play(batch: Sequence[int]) -> list[Outcome]:
            done = subprocess.run([*map(str, [*command, *batch])], capture_output=True, text=True)
            rows = [line.split() for line in done.stdout.splitlines()]
            if done.returncode or len(rows) != len(batch):
                raise L1mlError(
                    f"the simulation of faults {batch[0]} to {batch[-1]} did not finish: {done.stderr[:200]}"
                )
            return [Outcome(int(f), None if int(c) < 0 else int(c), what) for f, c, what in rows]

        batches = [faults[at : at + BATCH] for at in range(0, len(faults), BATCH)]
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            try:
                for done in as_completed([pool.submit(play, batch) for batch in batches]):
                    yield from done.result()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)


def compile_driver(files: Sequence[Path], driver: str, folder: Path) -> Path:
    """Compile a core with faults and a driver of ``firmware_templates/faults``.

    Args:
        files: What ``write_schemata`` gave, the last of which is the core.
        driver: Name of the C++ of the driver.
        folder: For the compiled simulation.

    Returns:
        The executable.

    Raises:
        L1mlError: If Verilator or the compiler rejects it.
    """
    set_up_verilator()
    log, source = folder / "build.log", shared("firmware_templates") / "faults" / driver
    command = ["verilator", "--cc", "--exe", "--build", "-j", str(os.cpu_count() or 1), "-O3", "-Wno-fatal"]
    command += ["-Wno-lint", "--x-initial", "unique", "-CFLAGS", "-O1", "--output-split", "20000"]
    command += [
        "--top-module",
        files[-1].stem,
        "--prefix",
        "Vl1ml_faults",
        "--Mdir",
        str(plain(folder / "obj")),
        "-o",
        "driver",
    ]
    with log.open("w") as handle:
        done = subprocess.run(
            plain_arguments([*command, *(file.absolute() for file in files), source]), stdout=handle, stderr=handle
        )
    if done.returncode:
        raise L1mlError(f"the core with faults does not compile: see {log}")
    return folder / "obj" / "driver"
