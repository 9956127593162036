"""Where RTL of Vitis HLS lies, and the Verilog of it that is simulated."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from l1ml.errors import L1mlError
from l1ml.verification.vitis.roms import copy_with_roms
from l1ml.verification.vitis.vhdl import verilog_of_vhdl

LANGUAGES = {"verilog": ".v", "vhdl": ".vhd"}
"""Folders of ``syn`` and the ends of the files in them; the first is taken where both are."""

_ARCHITECTURE = re.compile(r"\bHLS_INPUT_ARCH=(\w+)")


@dataclass(frozen=True)
class Rtl:
    """RTL as it is simulated.

    Attributes:
        origin: The folder that it comes from.
        top: Name of the top module.
        verilog: Its Verilog, as copies or translated.
        architecture: ``pipeline``, ``dataflow`` or ``others``, as Vitis HLS says; empty if it does not.
    """

    origin: Path
    top: str
    verilog: tuple[Path, ...]
    architecture: str


def holds_rtl(folder: Path) -> bool:
    """Whether a folder, or one below it, holds RTL of Vitis HLS."""
    return bool(_holding(folder))


def find_rtl(folder: Path) -> Path:
    """The folder with the RTL: this one, or the only ``syn/verilog`` below it, or else the only ``syn/vhdl``.

    Raises:
        L1mlError: If there is none, or more than one.
    """
    if not folder.is_dir():
        raise L1mlError(f"{folder} is no folder; give the one with the RTL of Vitis HLS")
    found = _holding(folder)
    if len(found) != 1:
        what = (
            "no folder syn/verilog or syn/vhdl"
            if not found
            else f"{len(found)} folders {'/'.join(found[0].parts[-2:])}"
        )
        raise L1mlError(f"{folder} holds {what} with RTL of Vitis HLS; give the one that is meant")
    return found[0].resolve()


def bring_rtl(folder: Path, top: str, target: Path) -> Rtl:
    """Copy or translate the RTL of a folder to where it is simulated.

    Args:
        folder: Result of ``find_rtl``.
        top: Name of the function that was synthesised.
        target: An empty folder.

    Raises:
        L1mlError: If files are missing, or VHDL cannot be translated.
    """
    sources = next(files for end in LANGUAGES.values() if (files := sorted(folder.glob(f"*{end}"))))
    said = (found for file in sources if (found := _ARCHITECTURE.search(file.read_text(errors="replace"))))
    architecture = next((found[1] for found in said), "")
    if sources[0].suffix == LANGUAGES["vhdl"]:
        file, name = verilog_of_vhdl(sources, top, target)
        return Rtl(folder, name, (file,), architecture)
    return Rtl(folder, top, tuple(copy_with_roms(folder, target)), architecture)


def _holding(folder: Path) -> list[Path]:
    """Folders with RTL in the first language of which there are any; this folder alone, if it is one."""
    for place in ("", "**/syn/"):
        for language, end in LANGUAGES.items():
            below = folder.glob(f"{place}{language}") if place else [folder]
            if found := sorted(path for path in below if any(path.glob(f"*{end}"))):
                return found
    return []
