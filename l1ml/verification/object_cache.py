"""A compiler's stand-in that compiles the simulator's runtime once for all designs. A script for make's OBJCACHE.

Verilator's runtime does not depend on the design, and compiling it takes longer than compiling most cores. Anything
that is not one of its sources, or does not go well, is handed to the compiler as it is.

Usage: ``object_cache.py ROOT VERSION COMPILER ARGUMENT...``, with the folder and the version of Verilator.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path


def main() -> int:
    """Compile, or copy what was compiled before."""
    root, version, *command = sys.argv[1:]
    source = next((a for a in command if a.startswith(root) and a.endswith(".cpp")), None)
    if source is None or "-c" not in command or "-o" not in command:
        return subprocess.call(command)
    target = Path(command[command.index("-o") + 1])
    real = os.path.realpath(root)  # the root may be a link of one process only
    kept = _folder() / f"{_key(version, [argument.replace(root, real) for argument in command])}.o"
    try:
        shutil.copyfile(kept, target)
        return 0
    except OSError:
        pass
    code = subprocess.call(command)
    if code == 0:
        _keep(target, kept)
    return code


def _folder() -> Path:
    """Where objects are kept: the user's cache."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "l1ml" / "verilator"


def _key(version: str, command: list[str]) -> str:
    compiler = subprocess.run([command[0], "--version"], capture_output=True, text=True).stdout
    return hashlib.sha256("\0".join([version, compiler, *command]).encode()).hexdigest()[:32]


def _keep(target: Path, kept: Path) -> None:
    """Put a copy in place by one rename, so that nobody finds half of it; without it, the next one compiles again."""
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=kept.parent)
    except OSError:
        return
    os.close(descriptor)
    scratch = Path(name)
    try:
        shutil.copyfile(target, scratch)
        scratch.replace(kept)
    except OSError:
        scratch.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
