"""Is everything here that l1ml needs?"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version

from rich.markup import escape
from rich.table import Column, Table

from l1ml.console import console
from l1ml.tools import INSTALL_HINTS, verilator_root

_OK, _MISSING, _OPTIONAL = "[green]ok[/green]", "[red]missing[/red]", "[yellow]not here[/yellow]"


def check() -> bool:
    """Print a table of programs and packages.

    Returns:
        Whether everything is there that a build of a spec needs.
    """
    table = Table("what", "state", "what it is for", Column("how to get it", no_wrap=True), box=None)
    complete = True
    for program, purpose in (
        ("g++", "compiles hls4ml's C++ and the simulation"),
        ("make", "builds the simulation"),
        ("perl", "runs Verilator"),
    ):
        path = shutil.which(program)
        complete &= path is not None
        table.add_row(
            program,
            _first_line(program) if path else _MISSING,
            purpose,
            "" if path else INSTALL_HINTS[program],
        )
    simulator = verilator_root() is not None or shutil.which("verilator") is not None
    complete &= simulator
    state = f"{_OK} {_version('verilator') or ''}" if simulator else _MISSING
    table.add_row("Verilator", state, "simulates the Verilog", "" if simulator else INSTALL_HINTS["verilator"])
    for package, purpose, hint, needed in (
        ("pyosys", "estimates resources (Yosys)", INSTALL_HINTS["yosys"], True),
        ("hls4ml", "converts networks", "pip install hls4ml==1.3.0", True),
        ("cocotb", "drives the simulation", "pip install cocotb==2.1.0", True),
        ("qkeras", "trains quantized networks", "pip install 'l1ml[train]'", True),
        ("tf_keras", "trains quantized networks", "pip install 'l1ml[train]'", True),
        ("tensorflow_model_optimization", "prunes networks", "pip install 'l1ml[train]'", True),
        ("pythia8mc", "simulates collisions", "pip install 'l1ml[generate]'", False),
        ("fastjet", "clusters jets", "pip install 'l1ml[generate]'", False),
    ):
        found = importlib.util.find_spec(package) is not None
        complete &= found or not needed
        state = f"{_OK} {_version(package) or ''}" if found else (_MISSING if needed else _OPTIONAL)
        table.add_row(package, state, purpose, "" if found else escape(hint))
    for program, purpose, hint in (
        ("ghdl", "reads VHDL of Vitis HLS", INSTALL_HINTS["ghdl"]),
        ("vitis-run", "builds the HLS C++ with Vitis", "from AMD"),
        ("vivado", "places and routes the Verilog", "from AMD"),
    ):
        found = shutil.which(program) is not None
        table.add_row(program, _OK if found else _OPTIONAL, purpose, "" if found else f"optional, {hint}")
    console.print(table)
    console.print("Everything is here." if complete else "Something is missing: see the last column.")
    return complete


def _version(package: str) -> str | None:
    try:
        return version(package.replace("_", "-"))
    except PackageNotFoundError:
        return None


def _first_line(program: str) -> str:
    done = subprocess.run([program, "--version"], capture_output=True, text=True)
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    return f"{_OK} {lines[0][:40]}" if lines else _OK
