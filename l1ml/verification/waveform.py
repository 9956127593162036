"""A waveform of a few events in all signals of a core, as an FST file, for a look with GTKWave or Surfer."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from l1ml.errors import L1mlError
from l1ml.folders import written_whole
from l1ml.paths import shared
from l1ml.verification.bench import cocotb_runner, run_bench
from l1ml.verification.compiled import compiled
from l1ml.verification.packing import bus_bytes, pack
from l1ml.verification.process import time_limit
from l1ml.verification.simulation import CoreSimulator

BEFORE = 8
"""Events that are sent before the one that is looked for, which may have left something behind."""


def save_waveform(simulator: CoreSimulator, events: NDArray[np.int64], file: Path) -> None:
    """Simulate some events, one after the other as fast as the core takes them, and save all signals.

    Args:
        simulator: The core. It is compiled once more, with tracing.
        events: Integers in LSB, shape (events, elements of all inputs in order).
        file: The FST file to write.

    Raises:
        L1mlError: If the simulation does not build or run.
    """
    design = simulator.design
    cycles = len(events) * design.initiation_interval + design.latency + design.out_beats
    job = {
        "initiation_interval": design.initiation_interval,
        "latency": design.latency,
        "output_beats": design.out_beats,
        "output_bytes": bus_bytes(design.outputs),
    }
    with _compiled(simulator) as binary, tempfile.TemporaryDirectory(prefix="l1ml-waveform-") as scratch:
        folder = Path(scratch)
        (folder / "job.json").write_text(json.dumps(job))
        rows = pack(events, design.inputs)
        np.save(folder / "inputs.npy", rows.reshape(len(events), design.in_beats, -1))
        kept = simulator.work / "waveform.log"
        run_bench("core/bench_waveform", design.name, binary, folder, limit=time_limit(cycles), kept=kept, waves=True)
        with written_whole(file) as partial:
            shutil.copy(folder / "dump.fst", partial)


@contextmanager
def _compiled(simulator: CoreSimulator) -> Iterator[Path]:
    """Compile a core with tracing, unless it has been done for the same sources. Yields the folder."""

    def name() -> str:
        return f"waveform-{simulator.digest()}"

    with compiled(simulator.work, name, simulator.design.name, lambda folder: _build(simulator, folder)) as (target, _):
        yield target


def _build(simulator: CoreSimulator, folder: Path) -> None:
    """Compile a core with tracing into a folder."""
    folder.mkdir()
    # Verilator's writer needs LZ4: the header goes where the compiler looks first, an empty library beside it.
    shutil.copy(shared("sim") / "fst/lz4.h", folder)
    (folder / "liblz4.a").write_bytes(b"!<arch>\n")
    try:
        cocotb_runner().build(
            sources=simulator.sources,
            hdl_toplevel=simulator.design.name,
            build_dir=folder,
            build_args=["--trace-fst", "-O3", "-Wno-fatal", "--timing", "-CFLAGS", "-O0", "-LDFLAGS", "-L."],
            timescale=("1ns", "1ps"),
            waves=True,
            log_file=folder / "build.log",
        )
    except (Exception, SystemExit) as error:
        raise L1mlError(f"no waveform of {simulator.design.name}: {_reason(folder / 'build.log')}") from error


def _reason(log: Path) -> str:
    """What a log says is wrong, in one line."""
    faults = [line for line in log.read_text().splitlines() if "rror" in line] if log.exists() else []
    if any("zlib.h" in line or "-lz" in line for line in faults):
        return "zlib is needed; install it (Debian: apt-get install zlib1g-dev)"
    return faults[0].strip() if faults else "the simulation did not finish"
