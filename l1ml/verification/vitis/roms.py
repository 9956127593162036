"""The ROMs of RTL by Vitis HLS: files beside the Verilog, which a simulator takes for zeros when they are missing."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from l1ml.errors import L1mlError

_READ = re.compile(r'\$readmem(?P<base>[hb])\s*\(\s*"(?P<path>[^"]*)"\s*,\s*(?P<memory>\w+)')


def copy_with_roms(folder: Path, target: Path) -> list[Path]:
    """Copy Verilog and ROM files to where they are simulated. Each ROM is read from there, whatever path it had.

    Args:
        folder: Folder with the Verilog as Vitis HLS wrote it.
        target: Folder for the copies.

    Returns:
        The Verilog files.

    Raises:
        L1mlError: If there is no Verilog, or a file that it reads is missing, too short or not made of numbers.
    """
    sources = sorted(folder.glob("*.v"))
    if not sources:
        raise L1mlError(f"{folder} holds no Verilog (*.v) of Vitis HLS; give the folder syn/verilog of its solution")
    copies = []
    for source in sources:
        text = source.read_text(errors="replace")
        for match in _READ.finditer(text):
            name = Path(match["path"]).name
            rom = folder / name
            if not rom.is_file():
                raise L1mlError(f"{rom} is missing, which {source.name} reads into a ROM; copy it there")
            _check(rom, match["base"], _depth(text, match))
            shutil.copyfile(rom, target / name)
        # An absolute path is of the machine on which Vitis ran.
        text = _READ.sub(lambda m: f'$readmem{m["base"]}("{Path(m["path"]).name}", {m["memory"]}', text)
        copies.append(target / source.name)
        copies[-1].write_text(text)
    return copies


def _depth(text: str, read: re.Match[str]) -> int:
    """Words of the memory that a file is read into; 0 if the Verilog tells in a way that is not known."""
    module = text[text[: read.start()].rfind("module ") : read.start()]
    declared = re.search(rf"\b{read['memory']}\s*\[\s*0\s*:\s*(\w+)\s*(-\s*1\s*)?\]", module)
    if declared is None:
        return 0
    named = re.search(rf"\bparameter\s+{declared[1]}\s*=\s*(?:\d*'d)?(\d+)", module)
    last = declared[1] if declared[1].isdigit() else named[1] if named else None
    return 0 if last is None else int(last) + (not declared[2])


def _check(rom: Path, base: str, depth: int) -> None:
    words = rom.read_text(errors="replace").split()
    digits = r"[0-9a-fA-FxXzZ_]+" if base == "h" else r"[01xXzZ_]+"
    if not words:
        raise L1mlError(f"{rom} is empty; it should hold the words of a ROM")
    for word in words:
        if not re.fullmatch(rf"(0x)?{digits}|@[0-9a-fA-F]+", word):
            raise L1mlError(f"{rom} is no file of a ROM: {word[:20]!r} is no number")
    if len(words) < depth and not any(word.startswith("@") for word in words):
        raise L1mlError(f"{rom} is not whole: it has {len(words)} words, the ROM {depth}; copy it again")
