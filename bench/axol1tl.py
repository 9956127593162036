"""AXOL1TL v3, the anomaly trigger of CMS in 2024: our C++ and Verilog against the decisions of CMS's own emulator.

python bench/axol1tl.py

7,128 events (real collisions and simulated top quarks) with five decisions each, at reuse factors 1 and 8.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
from _models import SHARED
from numpy.typing import NDArray
from rich.table import Table

from l1ml.compiler.trigger_top import write_trigger
from l1ml.console import console
from l1ml.estimation.synthesis import KEYS, estimate, synthesize
from l1ml.frontends.hls4ml.backend import rtl_folder
from l1ml.triggers.anomaly_vae.axol1tl import AxolParameters, convert_axol1tl
from l1ml.verification.compare import compare, load

FILE = SHARED.parent / "cms_l1" / "axol1tl_v3.npz"
"""Weights, events and decisions, beside the checkout; they are not part of the project."""
CLOCK_NS = 3.125
"""320 MHz."""
CROSSING_NS = 25.0
"""Between two bunch crossings of the LHC."""


def main() -> None:
    """Print mismatches, timing and size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", type=Path, default=FILE, help="weights, types, events and decisions")
    parser.add_argument("--factors", type=int, nargs="+", default=[1, 8], help="reuse factors")
    parser.add_argument("--strategies", nargs="+", default=["auto"], help="strategies of the dense layers")
    options = parser.parse_args()
    if not options.file.exists():
        console.print(f"skipped: {options.file} is not here")
        return
    parameters = AxolParameters.load(options.file)
    events, decisions = vectors(options.file, parameters)
    columns = {}
    for factor in options.factors:
        for strategy in options.strategies:
            name = f"R = {factor} {strategy}"
            console.print(f"{name} ...")
            with tempfile.TemporaryDirectory() as folder:
                graph = compiled(parameters, Path(folder), strategy, factor)
                columns[name] = {
                    **compared(graph, events, decisions),
                    **size(rtl_folder(graph), list(parameters.thresholds.values())),
                }
    table = Table("AXOL1TL v3", *columns)
    for row in next(iter(columns.values())):
        table.add_row(row, *(column[row] for column in columns.values()))
    console.print(table)


def vectors(file: Path, parameters: AxolParameters) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Inputs of the core, the thresholds behind the objects, and the decisions of CMS's emulator."""
    with np.load(file) as arrays:
        objects, bits = (np.concatenate([arrays[f"{k}_data"], arrays[f"{k}_ttbar"]]) for k in ("x57", "bits"))
    levels = np.tile(list(parameters.thresholds.values()), (len(objects), 1))
    return np.concatenate([objects.astype(np.int64), levels], axis=1), bits.astype(np.int64)


def compiled(parameters: AxolParameters, folder: Path, strategy: str, factor: int) -> Any:
    """The graph with its C++ compiled and its Verilog written."""
    with Path(os.devnull).open("w") as sink, redirect_stdout(sink):  # hls4ml prints its progress
        graph = convert_axol1tl(parameters, folder, strategy=strategy, reuse_factor=factor, clock_period=CLOCK_NS)
        graph.compile()
    return graph


def compared(graph: Any, events: NDArray[np.int64], decisions: NDArray[np.int64]) -> dict[str, str]:
    """Mismatches and timing."""
    simulator, emulator = load(rtl_folder(graph), Path(graph.config.get_output_dir()))
    result = compare(simulator, emulator, events)
    simulation = result.simulation
    nanoseconds = simulation.latency * CLOCK_NS
    return {
        "decisions of CMS": f"{decisions.size:,}",
        "mismatches of the C++": str(np.count_nonzero(emulator.run(events)[:, 1:] != decisions)),
        "mismatches of the Verilog": str(np.count_nonzero(simulation.integers[:, 1:] != decisions)),
        "Verilog and C++, score and bits, all stimuli": str(result.mismatches),
        "latency in clock cycles": str(simulation.latency),
        f"latency in ns at {1000 / CLOCK_NS:g} MHz": f"{nanoseconds:.1f}",
        "latency in bunch crossings of 25 ns": f"{nanoseconds / CROSSING_NS:.2f}",
        "initiation interval in clock cycles": str(simulation.initiation_interval),
    }


def size(folder: Path, thresholds: list[int]) -> dict[str, str]:
    """Yosys's counts of the core with its threshold registers, and the longest path."""
    core = estimate(folder)
    top = write_trigger(folder, "thresholds", thresholds)
    name = top.removesuffix("_trigger")
    registers = synthesize([folder / f"{file}.sv" for file in (f"{name}_pkg", name, top)], top, black_boxes=[name])
    timing = core["timing"]
    return {
        **{key.upper(): f"{core['total'][key] + registers[key]:,g}" for key in KEYS},
        "of which registers of thresholds, LUT + FF": f"{registers['lut']:g} + {registers['ff']:g}",
        f"longest path in ns ({timing['delays']})": f"{timing['longest_path_ns']:.2f}",
        "in module": timing["module"].removeprefix(f"{name}_"),
    }


if __name__ == "__main__":
    main()
