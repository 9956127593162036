"""Building the bench of ``sim/vitis`` around RTL of Vitis HLS, and running it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.compiler.network import Tensor
from l1ml.errors import L1mlError
from l1ml.templates import render
from l1ml.tools import set_up_verilator
from l1ml.verification.bench import cocotb_runner, run_bench
from l1ml.verification.packing import pack, unpack
from l1ml.verification.process import time_limit, with_log_kept
from l1ml.verification.simulation import Pattern
from l1ml.verification.vitis.ports import Bundle, Interface
from l1ml.verification.vitis.sources import Rtl

SOME_EVENTS = 300
"""Events that are sent again with pauses, and after a reset."""

PATIENCE = 100_000
"""Clock cycles in which the function must take an event, or give its result."""

DRAIN = 200
"""Clock cycles after the last result in which no other may come."""

BUILD_LIMIT = 3600.0
"""Seconds that Verilator and the compiler may take."""


@dataclass(frozen=True)
class Run:
    """What the bench recorded, by ``<pattern>/<what>``, and the seconds that it took."""

    results: dict[str, NDArray[Any]]
    build_seconds: float
    run_seconds: float


def run(rtl: Rtl, interface: Interface, inputs: NDArray[np.int64], job: Path, *, limit: float | None, seed: int) -> Run:
    """Build the bench and run it.

    Args:
        rtl: The design.
        interface: Its ports.
        inputs: Integers in LSB, shape (events, elements of all inputs in order).
        job: Folder for what is written and compiled.
        limit: Seconds that the simulation may take; by default some that grow with the events.
        seed: Of pauses and of what lies on the ports between events.

    Raises:
        L1mlError: If the simulation does not build, crashes or hangs.
    """
    pairs = {
        side: [
            (port, bundle.valids[i] if bundle.valids else "")
            for bundle in bundles
            for i, port in enumerate(bundle.ports)
        ]
        for side, bundles in (("inputs", interface.inputs), ("outputs", interface.outputs))
    }
    about = {
        **pairs,
        "reset": interface.reset,
        "reset_active": interface.reset_active,
        "continue": "ap_continue" in interface.controls,
        "some": min(SOME_EVENTS, len(inputs)),
        "patience": PATIENCE,
        "drain": DRAIN,
        "seed": seed,
    }
    (job / "job.json").write_text(json.dumps(about))
    np.savez(job / "inputs.npz", **_columns(interface.inputs, inputs))  # type: ignore[arg-type]
    names = [name for side in pairs.values() for pair in side for name in pair if name]
    control = job / "ports.vlt"
    control.write_text(render("rtl/probes.vlt.j2", top=rtl.top, ports=[*interface.controls, *names], probes=[]))
    set_up_verilator(rtl.verilog)
    started, log = time.monotonic(), job / "build.log"
    try:
        # Vitis HLS writes `#0` before initial values, for which the C++ of a simulation with delays needs coroutines.
        cocotb_runner(f"Verilator's build of {rtl.top}", BUILD_LIMIT).build(
            sources=[control, *rtl.verilog],
            hdl_toplevel=rtl.top,
            build_dir=job / "sim",
            build_args=["--no-public-flat-rw", "-O3", "-Wno-fatal", "-Wno-lint", "-Wno-style", "--no-timing",
                        "--x-initial", "unique", "-CFLAGS", "-O1"],
            timescale=("1ns", "1ps"),
            log_file=log,
        )  # fmt: skip
    except L1mlError as error:
        raise with_log_kept(error, log) from error
    built, allowed = time.monotonic(), time_limit(PATIENCE + 40 * len(inputs), limit)
    log = job / "failed.log"
    try:
        results = run_bench("vitis/bench_vitis", rtl.top, job / "sim", job, limit=allowed, kept=log, seed=seed)
    except L1mlError as error:
        raise with_log_kept(error, log) from error
    return Run(results, built - started, time.monotonic() - built)


def pattern_of(results: dict[str, NDArray[Any]], name: str, interface: Interface, top: str) -> Pattern:
    """What one pattern of stimuli gave: the n-th value of each port belongs to the n-th event.

    Raises:
        L1mlError: If there are fewer or more values than events.
    """
    offered, done = results[f"{name}/offered"], results[f"{name}/done"]
    if len(done) != len(offered):
        raise L1mlError(f"{top} signals ap_done {len(done)} times for {len(offered)} events ({name})")
    columns = []
    for bundle in interface.outputs:
        for port, _, tensor in _parts(bundle):
            rows = results[f"{name}/rows/{port}"]
            if len(rows) != len(offered):
                raise L1mlError(f"{top} gives {len(rows)} values on {port} for {len(offered)} events ({name})")
            columns.append(unpack(rows, [tensor]))
    return Pattern(np.concatenate(columns, axis=1), offered.astype(np.int64), done.astype(np.int64), 1)


def _columns(bundles: tuple[Bundle, ...], inputs: NDArray[np.int64]) -> dict[str, NDArray[np.uint8]]:
    """What each input port gets, as bytes from the least significant on."""
    columns, position = {}, 0
    for bundle in bundles:
        block = inputs[:, position : position + bundle.tensor.size]
        position += bundle.tensor.size
        for name, part, tensor in _parts(bundle):
            columns[name] = pack(block[:, part], [tensor])
    return columns


def _parts(bundle: Bundle) -> list[tuple[str, slice, Tensor]]:
    """Each port of a bundle, the elements that it carries, and those as a tensor."""
    tensor = bundle.tensor
    if len(bundle.ports) == 1:
        return [(bundle.ports[0], slice(None), tensor)]
    return [(p, slice(i, i + 1), Tensor(p, 1, tensor.type)) for i, p in enumerate(bundle.ports)]
