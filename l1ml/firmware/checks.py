"""Do other tools take the firmware? Verilator's lint with all warnings, and Yosys for two families."""

from __future__ import annotations

from pathlib import Path

from l1ml.estimation.synthesis import synthesize, verilator_lint
from l1ml.firmware.tops import Top

FAMILIES = ("xcup", "xc7")
"""What Yosys calls UltraScale+ and the 7 series."""


def lint_warnings(folder: Path, top: Top) -> list[str]:
    """What ``verilator --lint-only -Wall`` has to say about a module, errors and warnings.

    Args:
        folder: The firmware folder.
        top: The module.
    """
    return verilator_lint(folder, top.name, top.files)


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
