"""Removing what l1ml made, in the folder of a build or in one of hls4ml."""

from __future__ import annotations

import shutil
from pathlib import Path

from l1ml.errors import L1mlError
from l1ml.folders import MARKER, held

AGAIN = ("verify/sim", "verilog/sim", "rtl/verilog/sim", "logs", ".*.partial", ".*.old")
"""What is made again when it is needed: compiled simulations, logs, leftovers of killed runs."""

OURS = ("verilog", "verify", "l1ml_firmware", "faults.json", ".l1ml.lock")
"""What l1ml adds to the output folder of hls4ml."""


def look_for(folder: Path, *, everything: bool) -> list[Path]:
    """What there is to remove.

    Args:
        folder: Folder of a build, or the ``output_dir`` of an hls4ml model of backend Verilog.
        everything: Whether results go, too.

    Raises:
        L1mlError: If it is neither.
    """
    is_build, is_model = (folder / MARKER).is_file(), (folder / "verilog/design.json").is_file()
    if not is_build and not is_model:
        raise L1mlError(f"{folder} is no folder of a build and no output_dir of an hls4ml model: nothing is removed")
    if everything:
        return [folder] if is_build else [folder / name for name in OURS if (folder / name).exists()]
    return [path for pattern in AGAIN for path in folder.glob(pattern)]


def cleaned(folder: Path, paths: list[Path]) -> int:
    """Remove paths in a folder. Returns the bytes that they had.

    Raises:
        L1mlError: If the folder is of a build that is in use.
    """
    with held(folder):
        size = sum(_size(path) for path in paths if path.exists())
        for path in paths:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    return size


def _size(path: Path) -> int:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.lstat().st_size for file in files)
