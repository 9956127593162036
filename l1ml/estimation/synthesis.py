"""What can be known of a design without a vendor tool: Verilator's lint, Yosys's resource counts and longest path.

The whole core is synthesised for a Xilinx family, flattened, and each of its modules by itself for what it takes. Each
addition becomes one carry chain as it is written (`firmware_templates/yosys/additions.v`). The counts are those before
placement and without packing two small functions into one LUT, so they are estimates, and high ones.
The longest path goes from register to register through LUTs, carry chains, DSPs and block RAMs. Its delays are those
that Yosys has, of the cells of an Artix-7 whatever the family, and wires take no time: it compares designs and tells
where registers are wanted, but it is no clock period of a part.
"""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

from l1ml.compiler.design import Design
from l1ml.compiler.origin import without_origin
from l1ml.console import progress_bar
from l1ml.errors import L1mlError
from l1ml.estimation.cache import kept
from l1ml.paths import shared
from l1ml.plain_paths import plain, plain_arguments
from l1ml.tools import set_up_verilator

log = logging.getLogger(__name__)

FAMILY = "xcup"
"""Yosys's name of UltraScale+."""

DELAYS = "Artix-7 cells, without wires"
"""What the delays of the longest path are."""

DEFINITION = (
    "Whole core, flattened, before placement; each addition is one carry chain as it is written, no two functions are "
    "in one LUT. Modules are counted alone: their sum may differ, as logic is shared across their borders."
)
"""What the counts are."""

_PROCESS = Path(__file__).with_name("yosys_process.py")

ADDITIONS, TIMING = "yosys/additions.v", "rtl/timing_cells.v"
"""How additions become carry chains, and delays of cells; templates."""

KEYS = ("lut", "ff", "dsp", "bram", "carry")
"""What is counted."""

NO_DSP = (
    "A:use_dsp=no A:use_dsp48=no %u t:$mul %i",
    "a:use_dsp=no a:use_dsp48=no %u %ci2 t:$mul %i",
)
"""Multipliers that Vivado makes of LUTs: in modules with such an attribute, and those that drive a wire with it. Yosys
does not know it; what it is to leave alone when it looks for DSPs, it calls ``$__soft_mul``."""

LUT_RAMS = {
    **dict.fromkeys(("RAM32X1S", "RAM64X1S"), 1),
    **dict.fromkeys(("RAM32X1D", "RAM64X1D", "RAM128X1S"), 2),
    **dict.fromkeys(("RAM32M", "RAM64M", "RAM128X1D", "RAM256X1S"), 4),
    **dict.fromkeys(("RAM32M16", "RAM64M8", "RAM32X16DR8", "RAM64X8SW", "RAM256X1D", "RAM512X1S"), 8),
}
"""LUTs of each kind of distributed RAM (AMD UG574)."""


def lint(folder: Path, top: str | None = None) -> None:
    """Check a design with ``verilator --lint-only -Wall``; warnings, of which there should be none, are logged.

    Args:
        folder: Folder with the Verilog and its ``design.json``.
        top: A module around the core, in a file of its name; the core itself if absent.

    Raises:
        L1mlError: If Verilator finds an error.
    """
    design = Design.load(folder)
    name = top or design.name
    found = verilator_lint(folder, name, [*design.files, *([f"{top}.sv"] if top else [])])
    if errors := [line for line in found if line.startswith("%Error")]:
        raise L1mlError(f"Verilator rejects {name}: {errors[0]}")
    if found:
        log.warning("Verilator warns of %s, %d times: %s", name, len(found), found[0])


def verilator_lint(folder: Path, top: str, files: Sequence[str]) -> list[str]:
    """What ``verilator --lint-only -Wall`` has to say about a module: a line for each error and warning.

    Args:
        folder: Folder with its sources.
        top: The module.
        files: Its sources in order of compilation, from that folder.
    """
    set_up_verilator()
    command = ["verilator", "--lint-only", "-Wall", "-Wno-fatal", "--top-module", top, *files]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    found = [line for line in done.stderr.splitlines() if re.match(r"%(Warning|Error)-?\w*:", line)]
    return found if found or not done.returncode else ["%Error: no reason given"]


def hls4ml_report(design: Design, resources: dict[str, Any]) -> dict[str, str]:
    """The numbers of a design under the names (and as the strings) that hls4ml's Vitis reports use."""
    total, timing = resources["total"], resources["timing"]
    numbers = {
        "TargetClockPeriod": design.clock_ns,
        "EstimatedClockPeriod": timing["longest_path_ns"],
        "EstimatedClockPeriodOf": timing["delays"],
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


def estimate(folder: Path, *, dsps: bool = True) -> dict[str, Any]:
    """Synthesise a design, count its cells and find its longest path.

    Args:
        folder: Folder with the Verilog and its ``design.json``.
        dsps: As for `synthesize`.

    Returns:
        ``{"tool", "family", "kind": "estimate", "definition", "total": {lut, ff, dsp, bram, carry}, "timing":
        {"longest_path_ns", "logic_levels", "module", "tool", "delays"}, "modules": {name: {..., path_ns, levels}}}``.
        The total and the longest path are those of the flattened core; of the modules, which are synthesised by
        themselves, ``module`` names the slowest. What the core adds to its modules stands under its own name.

    Raises:
        L1mlError: If Yosys rejects the Verilog.
    """
    design = Design.load(folder)
    names = [m.name for m in design.modules]
    cells = {m.name: [_cell(folder, c) for c in m.cells] for m in design.modules}
    top = [folder / f"{design.name}_pkg.sv", *(folder / f"{name}.sv" for name in (*names, design.name))]
    every_cell = list(dict.fromkeys(cell for some in cells.values() for cell in some))
    # The longest job first.
    jobs: list[tuple[str, list[Path], list[str]]] = [(design.name, [*every_cell, *top], [])]
    jobs += [(name, [*cells[name], folder / f"{name}.sv"], []) for name in names]
    jobs.append((design.name, top, names))
    with progress_bar() as progress, ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        task = progress.add_task("Synthesis with Yosys", total=len(jobs), note="")

        def run(job: tuple[str, list[Path], list[str]]) -> dict[str, float]:
            counts = synthesize(job[1], job[0], black_boxes=job[2], dsps=dsps)
            progress.update(task, advance=1, note=job[0])
            return counts

        whole, *parts = pool.map(run, jobs)
    modules = dict(zip([*names, design.name], parts, strict=True))
    tool = f"Yosys {version('pyosys')}"
    return {
        "tool": tool,
        "family": FAMILY,
        "kind": "estimate",
        "definition": DEFINITION,
        "total": {key: whole[key] for key in KEYS},
        "timing": {
            "longest_path_ns": whole["path_ns"],
            "logic_levels": whole["levels"],
            "module": max(modules, key=lambda name: modules[name]["path_ns"]),
            "tool": f"sta of {tool}",
            "delays": DELAYS,
        },
        "modules": modules,
    }


def _cell(folder: Path, file: str) -> Path:
    """Source of a cell: for those that Yosys maps worse than Vivado does, the cell as Vivado maps it."""
    mapped = (shared("firmware_templates") / "yosys" / file).with_suffix(".v")
    return mapped if mapped.exists() else folder / file


def synthesize(
    files: list[Path],
    top: str,
    black_boxes: list[str] | None = None,
    family: str = FAMILY,
    *,
    dsps: bool = True,
) -> dict[str, float]:
    """Flatten a module, count its cells and find its longest path; what was counted before is in the user's cache.

    Args:
        files: SystemVerilog sources.
        top: Name of the module.
        black_boxes: Modules within it that are counted elsewhere. Paths end before them and start behind them.
        family: Yosys's name of the family.
        dsps: Whether products may become DSPs; without, only those that are written as cells are there.

    Returns:
        lut, ff, dsp, bram, carry as `count_cells` has them, path_ns, the longest path in ns, and levels, the levels of
        logic on it: from a register, or from an input as if a register were before it, to a register or an output. It
        has clock-to-output and setup time, as far as Yosys knows them. 0 where there is no register and no logic.

    Raises:
        L1mlError: If Yosys rejects the Verilog.
    """
    used = (*files, _templates(ADDITIONS), _templates(TIMING), _PROCESS, Path(__file__))
    texts = [without_origin(file.read_bytes()) for file in used]
    options = (version("pyosys"), top, family, str(dsps), *(black_boxes or []))
    return kept([*options, *texts], lambda: _synthesize(files, top, black_boxes or [], family, dsps))


def _templates(name: str) -> Path:
    return shared("firmware_templates") / name


def _synthesize(files: list[Path], top: str, black_boxes: list[str], family: str, dsps: bool) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as scratch:
        statistics, path = Path(scratch, "stat.json"), Path(scratch, "sta.txt")
        flow = f"synth_xilinx -family {family} -flatten -noiopad -noclkbuf{'' if dsps else ' -nodsp'} -top {top} -run"
        commands = [
            *(f"read_verilog -sv {plain(file)}" for file in files),
            *(f"blackbox {name}" for name in black_boxes),
            f"{flow} :prepare",
            *(f"setattr -set l1ml_soft 1 {multipliers}" for multipliers in NO_DSP),
            f"{flow} prepare:map_dsp",
            "chtype -set $__soft_mul t:$mul a:l1ml_soft %i",
            f"{flow} map_dsp:coarse",
            "chtype -set $mul t:$__soft_mul",
            f"techmap -map {plain(_templates(ADDITIONS))} t:$add t:$sub",
            # All but the checks at the end, which drop the models of the cells and, with them, their delays.
            f"{flow} coarse:check",
        ]
        arguments = [*plain_arguments([top, statistics, path, _templates(TIMING)]), *commands]
        log.info("Yosys: synthesis of %s", top)
        # -P: the modules beside the script are not to be taken for Python's own.
        done = subprocess.run([sys.executable, "-P", _PROCESS, *arguments], capture_output=True, text=True)
        if done.returncode or not statistics.exists():
            faults = [line for line in (done.stdout + done.stderr).splitlines() if "ERROR" in line]
            raise L1mlError(f"Yosys rejects {top}: {(faults or ['no reason given'])[0]}")
        cells, timing = json.loads(statistics.read_text())["design"]["num_cells_by_type"], path.read_text()
    untimed = set(re.findall(r"Module '(\w+)' has no timing arcs", timing)) - set(black_boxes)
    if untimed:
        log.warning("%s: no delays are known of %s; paths through them do not count", top, ", ".join(sorted(untimed)))
    return {**count_cells(cells), "path_ns": longest_path(timing), "levels": logic_levels(timing)}


def longest_path(report: str) -> float:
    """The longest path in ns of what Yosys's ``sta`` prints, 0 if there is none."""
    found = re.search(r"Latest arrival time in '.*' is (\d+):", report)
    return int(found[1]) / 1000 if found else 0.0


def logic_levels(report: str) -> int:
    """Cells of logic on the longest path of what Yosys's ``sta`` prints.

    They are what Vivado counts: LUTs, carry blocks, wide multiplexers, and DSPs that are passed without a register.
    Inverters are none; they become part of a LUT.
    """
    path = report.partition("Latest arrival time")[2].partition("Arrival histogram")[0]
    return len(re.findall(r"\((?:LUT\d|CARRY\d|MUXF\d|L1ML_DSP48E2)\.(?!CLK)\w+->\w+\)", path))


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
        elif cell.startswith("SRL"):
            counts["lut"] += number
        elif cell in LUT_RAMS:
            counts["lut"] += number * LUT_RAMS[cell]
    return counts
