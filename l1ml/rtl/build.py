"""What can be known of a design without a vendor tool: Verilator's lint and Yosys's resource counts.

Every module is synthesised for a Xilinx family, on all cores. The counts are those of Yosys before
placement and without packing two small functions into one LUT, so they are estimates and are labelled so.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

from l1ml.console import progress_bar
from l1ml.errors import L1mlError
from l1ml.rtl.design import Design
from l1ml.tools import set_up_verilator

FAMILY = "xcup"
"""Yosys's name of UltraScale+."""

_SCRIPT = """
import sys
from pyosys import libyosys as ys
design = ys.Design()
for command in sys.argv[1:]:
    ys.run_pass(command, design)
"""

KEYS = ("lut", "ff", "dsp", "bram", "carry")
"""What is counted."""


def lint(folder: Path) -> None:
    """Check a design with ``verilator --lint-only``.

    Raises:
        L1mlError: If Verilator finds an error.
    """
    design = Design.load(folder)
    set_up_verilator()
    command = ["verilator", "--lint-only", "-Wno-fatal", "--top-module", design.name, *design.files]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        faults = [line for line in done.stderr.splitlines() if line.startswith("%Error")]
        raise L1mlError(f"Verilator rejects {design.name}: {(faults or ['no reason given'])[0]}")


def hls4ml_report(design: Design, resources: dict[str, Any]) -> dict[str, str]:
    """The numbers of a design under the names (and as the strings) that hls4ml's Vitis reports use."""
    total = resources["total"]
    numbers = {
        "TargetClockPeriod": design.clock_ns,
        "BestLatency": design.latency,
        "WorstLatency": design.latency,
        "IntervalMin": design.initiation_interval,
        "IntervalMax": design.initiation_interval,
        "LUT": total["lut"],
        "FF": total["ff"],
        "DSP": total["dsp"],
        "BRAM_18K": round(2 * total["bram"]),
        "Tool": resources["tool"],
        "Kind": resources["kind"],
    }
    return {key: str(value) for key, value in numbers.items()}


def estimate(folder: Path) -> dict[str, Any]:
    """Synthesise a design and count its cells.

    Args:
        folder: Folder with the Verilog and its ``design.json``.

    Returns:
        ``{"tool", "family", "kind": "estimate", "total": {lut, ff, dsp, bram, carry}, "modules": {name: {...}}}``.
        The total is that of the modules and of what the top adds to them.

    Raises:
        L1mlError: If Yosys rejects the Verilog.
    """
    design = Design.load(folder)
    package = f"{design.name}_pkg.sv"
    names = [m.name for m in design.modules]
    jobs: list[tuple[str, list[str], list[str]]] = [(name, [f"{name}.sv"], []) for name in names]
    jobs.append((design.name, [package, *(f"{n}.sv" for n in names), f"{design.name}.sv"], names))
    with progress_bar() as progress, ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        task = progress.add_task("Synthesis with Yosys", total=len(jobs), note="")

        def run(job: tuple[str, list[str], list[str]]) -> dict[str, float]:
            counts = synthesize([folder / f for f in job[1]], job[0], black_boxes=job[2])
            progress.update(task, advance=1, note=job[0])
            return counts

        counts = dict(zip([*names, design.name], pool.map(run, jobs), strict=True))
    total = {key: sum(c[key] for c in counts.values()) for key in KEYS}
    return {
        "tool": f"Yosys {version('pyosys')}",
        "family": FAMILY,
        "kind": "estimate",
        "total": total,
        "modules": counts,
    }


def synthesize(files: list[Path], top: str, black_boxes: list[str] | None = None) -> dict[str, float]:
    """Count the cells of one module.

    Args:
        files: SystemVerilog sources.
        top: Name of the module.
        black_boxes: Modules within it that are counted elsewhere.

    Raises:
        L1mlError: If Yosys rejects the Verilog.
    """
    with tempfile.TemporaryDirectory() as scratch:
        statistics = Path(scratch, "stat.json")
        commands = [
            *(f"read_verilog -sv {file}" for file in files),
            *(f"blackbox {name}" for name in black_boxes or []),
            f"synth_xilinx -family {FAMILY} -flatten -noiopad -noclkbuf -top {top}",
            f"tee -q -o {statistics} stat -json -top {top}",
        ]
        done = subprocess.run([sys.executable, "-c", _SCRIPT, *commands], capture_output=True, text=True)
        if done.returncode or not statistics.exists():
            faults = [line for line in (done.stdout + done.stderr).splitlines() if "ERROR" in line]
            raise L1mlError(f"Yosys rejects {top}: {(faults or ['no reason given'])[0]}")
        cells = json.loads(statistics.read_text())["design"]["num_cells_by_type"]
    return count_cells(cells)


def count_cells(cells: dict[str, int]) -> dict[str, float]:
    """Xilinx primitives → LUT, FF, DSP, BRAM (in units of 36 kb) and carry blocks."""
    counts: dict[str, float] = dict.fromkeys(KEYS, 0)
    for cell, number in cells.items():
        if cell.startswith("LUT"):
            counts["lut"] += number
        elif cell.startswith("FD"):
            counts["ff"] += number
        elif cell.startswith("DSP48"):
            counts["dsp"] += number
        elif cell.startswith("RAMB36"):
            counts["bram"] += number
        elif cell.startswith("RAMB18"):
            counts["bram"] += number / 2
        elif cell.startswith("CARRY"):
            counts["carry"] += number
        elif cell.startswith(("RAM32", "RAM64", "RAM128", "SRL")):
            counts["lut"] += number * (2 if "128" in cell else 1)
    return counts
