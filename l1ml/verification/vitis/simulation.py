"""Simulating RTL of Vitis HLS in Verilator, driven by cocotb, and holding it against hls4ml's C++."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.compiler.design import Design
from l1ml.compiler.network import Network, Tensor
from l1ml.errors import L1mlError
from l1ml.templates import render
from l1ml.tools import set_up_verilator
from l1ml.verification.bench import cocotb_runner, run_bench
from l1ml.verification.compare import Mismatch, Verification
from l1ml.verification.emulator import Emulator
from l1ml.verification.packing import pack, unpack
from l1ml.verification.process import time_limit
from l1ml.verification.simulation import Pattern, Simulation
from l1ml.verification.vitis.ports import Bundle, Interface, find_interface
from l1ml.verification.vitis.roms import copy_with_roms

SOME_EVENTS = 300
"""Events that are sent again with pauses, and after a reset."""

PATIENCE = 100_000
"""Clock cycles in which the function must take an event, or give its result."""

DRAIN = 200
"""Clock cycles after the last result in which no other may come."""

PATTERNS = ("back_to_back", "gaps", "reset")
"""The patterns of stimuli that give results."""

UNKNOWN_LAYER = "a layer that is not known: RTL of Vitis HLS has no probes"


@dataclass(frozen=True)
class _Run:
    results: dict[str, NDArray[Any]]
    build_seconds: float
    run_seconds: float


def simulate_vitis(
    folder: Path, design: Network | Design, inputs: NDArray[np.int64], *, limit: float | None = None, seed: int = 1
) -> tuple[NDArray[np.int64], int, int]:
    """Send events through RTL that Vitis HLS made of an hls4ml project.

    Args:
        folder: Folder with its Verilog and ROM files: ``syn/verilog`` of a solution, or one that holds such a folder.
        design: The network, for the name of the function and the types of its arguments.
        inputs: Integers in LSB, shape (events, elements of all inputs in order).
        limit: Seconds that the simulation may take; by default some that grow with the events.
        seed: Of pauses and of what lies on the ports between events.

    Returns:
        Integers in LSB, shape (events, elements of all outputs); measured latency, from the clock cycle in which an
        event is offered to that of ``ap_done``; and measured initiation interval.

    Raises:
        L1mlError: If ports or ROM files are missing, the simulation fails, or the function breaks its protocol or
            answers otherwise after pauses or a reset.
    """
    simulation = simulate(folder, design, inputs, limit=limit, seed=seed)
    return simulation.integers, simulation.latency, simulation.initiation_interval


def verify_vitis(
    folder: Path, emulator: Emulator, inputs: NDArray[np.int64], *, limit: float | None = None, seed: int = 1
) -> Verification:
    """Hold RTL of Vitis HLS against hls4ml's C++; arguments and errors as for ``simulate_vitis``."""
    simulation = simulate(folder, emulator.design, inputs, limit=limit, seed=seed)
    golden = emulator.run(inputs)
    events, outputs = np.nonzero(simulation.integers != golden)
    first = None
    if len(events):
        event, output = int(events[0]), int(outputs[0])
        values = int(golden[event, output]), int(simulation.integers[event, output])
        first = Mismatch(event, output, *values, layer=UNKNOWN_LAYER)
    return Verification(len(inputs), golden.shape[1], len(events), first, simulation)


def simulate(
    folder: Path, design: Network | Design, inputs: NDArray[np.int64], *, limit: float | None = None, seed: int = 1
) -> Simulation:
    """As ``simulate_vitis``, with all that was recorded."""
    verilog = _verilog_of(folder)
    interface = find_interface(verilog, design.name, design.inputs, design.outputs)
    with tempfile.TemporaryDirectory(prefix="l1ml-vitis-") as scratch:
        job = Path(scratch)
        sources = copy_with_roms(verilog, job)
        run = _simulate(verilog, design.name, interface, sources, inputs, job, limit, seed)
    if "stuck" in run.results:
        raise L1mlError(f"{design.name} of {verilog} takes no event in {PATIENCE} clock cycles: ap_ready stays low")
    patterns = {name: _pattern(run.results, name, interface, len(inputs), design.name) for name in PATTERNS}
    for name in ("after_reset", "during_reset"):
        if len(run.results[f"{name}/done"]):
            raise L1mlError(f"{design.name} of {verilog} signals ap_done without an event {name}")
    first = patterns["back_to_back"]
    for name in PATTERNS[1:]:
        again = patterns[name].outputs
        if not np.array_equal(again, first.outputs[: len(again)]):
            event = int(np.flatnonzero((again != first.outputs[: len(again)]).any(axis=1))[0])
            raise L1mlError(f"{design.name} of {verilog} answers event {event} otherwise in pattern {name!r}")
    latencies = sorted(set((first.received - first.sent).tolist()))
    intervals = sorted(set(np.diff(first.sent).tolist()))
    if len(latencies) > 1 or len(intervals) > 1:
        raise L1mlError(
            f"{design.name} of {verilog} has no constant timing: latencies {latencies}, intervals {intervals} were seen"
        )
    return Simulation(
        integers=first.outputs,
        latency=latencies[0],
        initiation_interval=intervals[0] if intervals else 1,
        patterns=patterns,
        build_seconds=run.build_seconds,
        run_seconds=run.run_seconds,
    )


def _verilog_of(folder: Path) -> Path:
    """The folder with the Verilog: this one, or the only ``syn/verilog`` below it."""
    if not folder.is_dir():
        raise L1mlError(f"{folder} is no folder; give the one with the Verilog of Vitis HLS")
    if any(folder.glob("*.v")):
        return folder.resolve()
    below = sorted(path for path in folder.glob("**/syn/verilog") if any(path.glob("*.v")))
    if len(below) != 1:
        what = "no folder" if not below else f"{len(below)} folders"
        raise L1mlError(f"{folder} holds {what} syn/verilog with Verilog of Vitis HLS; give the one that is meant")
    return below[0].resolve()


def _simulate(
    verilog: Path,
    top: str,
    interface: Interface,
    sources: list[Path],
    inputs: NDArray[np.int64],
    job: Path,
    limit: float | None,
    seed: int,
) -> _Run:
    """Build and run the bench."""
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
    control.write_text(render("rtl/probes.vlt.j2", top=top, ports=[*interface.controls, *names], probes=[]))
    set_up_verilator(sources)
    started, log = time.monotonic(), job / "build.log"
    logs = Path(tempfile.mkdtemp(prefix="l1ml-vitis-log-"))
    try:
        cocotb_runner(f"Verilator's build of {top}", time_limit(0, None) + 3600).build(
            sources=[control, *sources],
            hdl_toplevel=top,
            build_dir=job / "sim",
            build_args=["--no-public-flat-rw", "-O3", "-Wno-fatal", "-Wno-lint", "-Wno-style", "--no-timing",
                        "--x-initial", "unique", "-CFLAGS", "-O1"],
            timescale=("1ns", "1ps"),
            log_file=log,
        )  # fmt: skip
    except L1mlError as error:
        shutil.copyfile(log, logs / log.name)
        raise L1mlError(str(error).replace(str(log), str(logs / log.name))) from error
    built, allowed = time.monotonic(), time_limit(PATIENCE + 40 * len(inputs), limit)
    results = run_bench("vitis/bench_vitis", top, job / "sim", job, limit=allowed, kept=logs / "run.log", seed=seed)
    logs.rmdir()
    return _Run(results, built - started, time.monotonic() - built)


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


def _pattern(results: dict[str, NDArray[Any]], name: str, interface: Interface, events: int, top: str) -> Pattern:
    """The outputs of a pattern: the n-th value of each port belongs to the n-th event."""
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
