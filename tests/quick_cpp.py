"""hls4ml's C++ of small networks, compiled in two thirds of the time that its own script takes.

Most of that time g++ reads the headers of AMD's types and instantiates their templates, once for each of a project's
two files. Here the two are one, and the headers are precompiled for all projects, in the user's cache.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from pathlib import Path

from l1ml.folders import locked

HEADERS = "".join(
    f"#include <{name}>\n"
    for name in (
        *("algorithm", "array", "cmath", "fstream", "iostream", "map", "sstream", "string", "vector"),
        *("ap_fixed.h", "ap_int.h", "hls_stream.h"),
    )
)
"""What the C++ of every project reads of the standard library and of AMD's types."""

_COMPILE = re.compile(r"^(\$\{CC\} .*) -c firmware/\$\{PROJECT\}\.cpp -o \$\{PROJECT\}\.o(?: &)?$", re.MULTILINE)
_ONE = " -include firmware/${PROJECT}.cpp -c ${PROJECT}_bridge.cpp -o ${PROJECT}.o"
_REST = re.compile(
    r"^\$\{CC\} .* -c \$\{PROJECT\}_bridge\.cpp -o \$\{PROJECT\}_bridge\.o\n(?:wait \$!\n)?", re.MULTILINE
)


def quicken(script: Path) -> None:
    """Change a project's script: no optimisation, which takes longer than what few events need; one file; no warnings.

    Args:
        script: ``build_lib.sh`` as the writer left it.
    """
    settings, first, commands = script.read_text().replace("-O3", "-O0").partition("\n${CC} ")
    settings += '\nCFLAGS+=" -w"\n'
    header = _precompiled(script.parent, settings)
    commands, once = _COMPILE.subn(rf"\1 -include {header}{_ONE}", first[1:] + commands)
    commands, rest = _REST.subn("", commands)
    commands, linked = re.subn(r" \$\{PROJECT\}_bridge\.o -o ", " -o ", commands)
    assert (once, rest, linked) == (1, 1, 1), script.read_text()
    script.write_text(settings + commands)


def _precompiled(project: Path, settings: str) -> Path:
    """The headers, compiled unless they were for the same types, settings and compiler."""
    types = project / "firmware" / "ap_types"
    digest = hashlib.sha256(subprocess.run(["g++", "--version"], check=True, capture_output=True).stdout)
    digest.update("\n".join([HEADERS, *re.findall(r".*FLAGS.*", settings)]).encode())
    for file in sorted(types.rglob("*.h")):
        digest.update(file.read_bytes())
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "l1ml" / "ap_types"
    home.mkdir(parents=True, exist_ok=True)
    header = home / f"{digest.hexdigest()[:32]}.h"
    compiled = header.with_name(f"{header.name}.gch")
    with locked(header.with_suffix(".lock")):
        if not compiled.exists():
            header.write_text(HEADERS)
            making = f'{settings}\n${{CC}} ${{CFLAGS}} ${{INCFLAGS}} -x c++-header "$1" -o "$1.gch.partial"\n'
            subprocess.run(["bash", "-c", making, "build_lib.sh", header], cwd=project, check=True, capture_output=True)
            compiled.with_name(f"{compiled.name}.partial").replace(compiled)
    return header
