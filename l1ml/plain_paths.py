"""Paths that make, shells and Yosys take as they are.

GNU make splits names at blanks and has a meaning for ``#``, ``$``, ``(`` and others, and so have shells and Yosys's
scripts. There is no quoting that all of them understand, so they are given other names: links to the folders.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from l1ml.errors import L1mlError

_PLAIN = re.compile(r"[A-Za-z0-9_./+-]*")
"""What no program takes for anything else than a part of a name."""

LONGEST = 300
"""Characters of a path that is given to other programs; they add to it, and repeat it in commands."""


def plain(path: Path) -> Path:
    """A name under which other programs find a file or a folder.

    Args:
        path: The file or folder. If it is not there yet, the folder that it will be in is.

    Returns:
        Its absolute path if that is plain, or one through a link, which lasts as long as this process.

    Raises:
        L1mlError: If there is no folder for links.
    """
    path = path.absolute()
    if _is_plain(path):
        return path
    if not path.is_dir() and _PLAIN.fullmatch(path.name):
        return plain(path.parent) / path.name
    link = _links() / (hashlib.sha256(os.fsencode(path)).hexdigest()[:16] + "".join(_PLAIN.findall(path.suffix)))
    if not link.is_symlink():
        made = link.with_name(f"{link.name}.{os.urandom(8).hex()}")
        made.symlink_to(path)
        made.rename(link)  # threads may make it at the same time
    return link


def plain_arguments(command: Iterable[str | Path]) -> list[str]:
    """A command with `plain` names for all arguments that are absolute paths."""
    return [str(plain(Path(argument))) if Path(argument).is_absolute() else str(argument) for argument in command]


def _is_plain(path: Path) -> bool:
    return _PLAIN.fullmatch(str(path)) is not None and len(str(path)) <= LONGEST


@cache
def _links() -> Path:
    """A folder of this process for links."""
    for base in (tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm"):
        if _is_plain(Path(base)) and os.access(base, os.W_OK | os.X_OK):
            folder = Path(tempfile.mkdtemp(prefix="l1ml-links-", dir=base))
            atexit.register(_remove, folder, os.getpid())
            return folder
    raise L1mlError("no folder for temporary files can be written: set TMPDIR to one without blanks in its name")


def _remove(folder: Path, process: int) -> None:
    if os.getpid() == process:  # not a fork of it
        shutil.rmtree(folder, ignore_errors=True)
