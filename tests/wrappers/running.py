"""Compiling a wrapper in Verilator and running one of the benches of ``sim/wrappers`` on it."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np

from l1ml.paths import shared
from l1ml.templates import render
from l1ml.tools import set_up_verilator
from l1ml.verification.bench import cocotb_runner
from l1ml.wrappers import Wrapper

PORT = re.compile(r"^ *(?:in|out)put +w[ir]+e logic (?:\[[^]]*\] *)*(\w+)", re.M)


def ports_of(folder: Path, wrapper: Wrapper) -> list[str]:
    """Names of the ports of a wrapper."""
    return PORT.findall((folder / f"{wrapper.top}.sv").read_text())


def compile_wrapper(folder: Path, wrapper: Wrapper, build: Path, parameters: dict[str, int] | None = None) -> None:
    """Compile a wrapper for simulation, some of its parameters set."""
    set_up_verilator()
    build.mkdir(parents=True)
    control = build / "ports.vlt"
    control.write_text(render("rtl/probes.vlt.j2", top=wrapper.top, ports=ports_of(folder, wrapper), probes=[]))
    cocotb_runner().build(
        sources=[control, *(folder / file for file in wrapper.files)],
        hdl_toplevel=wrapper.top,
        build_dir=build,
        parameters=parameters or {},
        build_args=["--no-public-flat-rw", "--timing", "--x-initial", "unique", "-Wno-fatal", "-CFLAGS", "-O0"],
        timescale=("1ns", "1ps"),
        log_file=build / "build.log",
    )


def run_bench(
    name: str, top: str, build: Path, job_folder: Path, job: dict[str, Any], bench: str = "", **arrays: Any
) -> dict[str, np.ndarray]:
    """Run a bench.

    Args:
        name: Of the folder of the bench.
        top: Module of the wrapper.
        build: Where it was compiled.
        job_folder: For what goes in and comes out.
        job: Goes to ``job.json``.
        bench: Of the bench, if it is not that of its folder.
        arrays: Each goes to a file of its own.

    Returns:
        What the bench left in ``results.npz``.
    """
    job_folder.mkdir(parents=True, exist_ok=True)
    (job_folder / "job.json").write_text(json.dumps(job))
    for key, array in arrays.items():
        np.save(job_folder / f"{key}.npy", array)
    benches = str(shared("sim") / "wrappers" / name)
    sys.path.insert(0, benches)  # cocotb hands sys.path on to the simulator's Python
    try:
        cocotb_runner().test(
            test_module=f"bench_{bench or name}",
            hdl_toplevel=top,
            hdl_toplevel_lang="verilog",
            build_dir=build,
            test_dir=job_folder,
            plusargs=["+verilator+rand+reset+2", "+verilator+seed+7"],
            extra_env={"L1ML_JOB": str(job_folder), "COCOTB_LOG_LEVEL": "WARNING"},
            log_file=job_folder / "run.log",
        )
    finally:
        sys.path.remove(benches)
    assert (job_folder / "results.npz").exists(), (job_folder / "run.log").read_text()[-3000:]
    with np.load(job_folder / "results.npz") as results:
        return dict(results)
