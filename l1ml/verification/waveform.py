"""A waveform of a few events in all signals of a core, as an FST file, for a look with GTKWave or Surfer."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from l1ml.errors import L1mlError
from l1ml.paths import shared
from l1ml.verification.bench import cocotb_runner, run_bench
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
    compiled = _compile(simulator)
    with tempfile.TemporaryDirectory(prefix="l1ml-waveform-") as scratch:
        folder = Path(scratch)
        (folder / "job.json").write_text(json.dumps(job))
        rows = pack(events, design.inputs)
        np.save(folder / "inputs.npy", rows.reshape(len(events), design.in_beats, -1))
        kept = simulator.work / "waveform.log"
        run_bench("core/bench_waveform", design.name, compiled, folder, limit=time_limit(cycles), kept=kept, waves=True)
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_name(f".{file.name}.partial")
        shutil.copy(folder / "dump.fst", partial)
        partial.replace(file)


def _compile(simulator: CoreSimulator) -> Path:
    """Compile a core with tracing, unless it has been done for the same sources. Returns the folder."""
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in simulator.sources)).hexdigest()
    target = simulator.work / f"waveform-{digest[:16]}"
    if (target / "done").exists():
        return target
    target.mkdir(parents=True, exist_ok=True)
    # Verilator's writer needs LZ4: the header goes where the compiler looks first, an empty library beside it.
    shutil.copy(shared("sim") / "fst/lz4.h", target)
    (target / "liblz4.a").write_bytes(b"!<arch>\n")
    try:
        cocotb_runner().build(
            sources=simulator.sources,
            hdl_toplevel=simulator.design.name,
            build_dir=target,
            build_args=["--trace-fst", "-O3", "-Wno-fatal", "--timing", "-CFLAGS", "-O0", "-LDFLAGS", "-L."],
            timescale=("1ns", "1ps"),
            waves=True,
            log_file=target / "build.log",
        )
    except (Exception, SystemExit) as error:
        raise L1mlError(f"no waveform of {simulator.design.name}: {_reason(target / 'build.log')}") from error
    (target / "done").touch()
    return target


def _reason(log: Path) -> str:
    """What a log says is wrong, in one line."""
    faults = [line for line in log.read_text().splitlines() if "rror" in line] if log.exists() else []
    if any("zlib.h" in line or "-lz" in line for line in faults):
        return "zlib is needed; install it (Debian: apt-get install zlib1g-dev)"
    return faults[0].strip() if faults else "the simulation did not finish"
