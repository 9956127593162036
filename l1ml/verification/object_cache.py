"""A compiler's stand-in that compiles the simulator's runtime once for all designs. A script for make's OBJCACHE.

Verilator's runtime does not depend on the design, and compiling it takes longer than compiling most cores. Its sources
become objects that are kept; its headers, of which reading takes most of the time that a small design takes, become a
precompiled header, for designs that are compiled without optimisation. Whatever does not go well is handed to the
compiler as it is.

Usage: ``object_cache.py ROOT VERSION COMPILER ARGUMENT...``, with the folder and the version of Verilator.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

HEADERS = "".join(f'#include "{name}.h"\n' for name in ("verilated", "verilated_dpi", "verilated_vpi"))
"""What the C++ of each design begins with, or may do so without a difference."""


def main() -> int:
    """Compile, or copy what was compiled before."""
    root, version, *command = sys.argv[1:]
    if "-c" not in command or "-o" not in command:
        return subprocess.call(command)
    target = Path(command[command.index("-o") + 1])
    real = os.path.realpath(root)  # the root may be a link of one process only

    def place(command: list[str]) -> Path:
        return _folder() / _key(version, [argument.replace(root, real) for argument in command])

    if not any(a.startswith(root) and a.endswith(".cpp") for a in command):
        return subprocess.call(command + _precompiled(command, place))
    kept = place(command).with_suffix(".o")
    with _alone(kept):
        with suppress(OSError):
            shutil.copyfile(kept, target)
            return 0
        code = subprocess.call(command)
        if code == 0:
            _keep(target, kept)
    return code


def _precompiled(command: list[str], place: Callable[[list[str]], Path]) -> list[str]:
    """Arguments with which a design takes the precompiled header: none where it has one, or is optimised."""
    at = command.index("-o")
    left_out = {"-c", "-MMD", *(a for a in command if a.endswith(".cpp"))}
    options = [argument for argument in command[:at] + command[at + 2 :] if argument not in left_out]
    if [a for a in options if a.startswith("-O")][-1:] != ["-O0"] or "-include" in command:
        return []
    header = place([*options, HEADERS]).with_suffix(".h")
    compiled = header.with_name(f"{header.name}.gch")
    with _alone(header), suppress(OSError):
        if not compiled.exists():
            with tempfile.TemporaryDirectory(dir=header.parent) as scratch:
                source, made = Path(scratch, header.name), Path(scratch, compiled.name)
                source.write_text(HEADERS)
                making = [*options, "-x", "c++-header", str(source), "-o", str(made)]
                if subprocess.run(making, capture_output=True).returncode:
                    return []
                source.replace(header)
                made.replace(compiled)
        # -MP: where make looks at what the object depends on, the user may have emptied the cache.
        return ["-include", str(header), "-MP"]
    return []


def _folder() -> Path:
    """Where objects are kept: the user's cache."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "l1ml" / "verilator"


def _key(version: str, command: list[str]) -> str:
    compiler = subprocess.run([command[0], "--version"], capture_output=True, text=True).stdout
    return hashlib.sha256("\0".join([version, compiler, *command]).encode()).hexdigest()[:32]


@contextmanager
def _alone(kept: Path) -> Iterator[None]:
    """Let one process at a time look for a file and make it, so that all others find it."""
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        handle = kept.with_suffix(".lock").open("a")
    except OSError:  # nothing can be kept, so nobody needs to wait
        yield
        return
    with handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _keep(target: Path, kept: Path) -> None:
    """Put a copy in place by one rename, so that nobody finds half of it; without it, the next one compiles again."""
    try:
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
