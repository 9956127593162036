"""Do other tools take the firmware? Verilator's lint with all warnings, and Yosys for two families."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from l1ml.estimation.synthesis import synthesize
from l1ml.firmware.tops import Top
from l1ml.tools import set_up_verilator

WAIVERS = {"rtl": "rtl/waivers.vlt", "wrappers": "wrappers/wrappers.vlt"}
"""Warnings that are no faults of the sources in a folder, each with its reason."""

FAMILIES = ("xcup", "xc7")
"""What Yosys calls UltraScale+ and the 7 series."""


def lint_warnings(folder: Path, top: Top, waivers: bool = True) -> list[str]:
    """What ``verilator --lint-only -Wall`` has to say about a module, errors and warnings.

    Args:
        folder: The firmware folder.
        top: The module.
        waivers: Whether to leave out what `WAIVERS` names.
    """
    set_up_verilator()
    parts = sorted({file.split("/")[0] for file in top.files} & WAIVERS.keys()) if waivers else []
    files = [*(WAIVERS[part] for part in parts), *top.files]
    command = ["verilator", "--lint-only", "-Wall", "-Wno-fatal", "--top-module", top.name, *files]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return [line for line in done.stderr.splitlines() if re.match(r"%(Warning|Error)-?\w*:", line)]


def synthesis(folder: Path, top: Top, family: str, core: str | None = None) -> dict[str, float]:
    """Cells of a module by Yosys, with all that is in it.

    Args:
        folder: The firmware folder.
        top: The module.
        family: One of `FAMILIES`.
        core: A module within it that is left out, because it is synthesised on its own.

    Raises:
        L1mlError: If Yosys rejects it.
    """
    files = [folder / file for file in top.files]
    return synthesize(files, top.name, black_boxes=[core] if core else None, family=family)
