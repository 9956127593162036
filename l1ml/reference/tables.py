"""Lookup tables taken from hls4ml's own C++, compiled and run, never recomputed."""

from __future__ import annotations

import logging
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.templates import render

log = logging.getLogger(__name__)


@dataclass
class LayerTables:
    """What one layer's C++ knows: its tables (real values) and the types that address them."""

    values: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    types: dict[str, FixedType] = field(default_factory=dict)


Tables = Callable[[Any], LayerTables]
"""Gives the tables of a layer as hls4ml's own C++ fills them."""


class CppTables:
    """The tables of all layers of a written hls4ml project, compiled at the first request."""

    def __init__(self, dumps: list[str], project: Path) -> None:
        """Prepare the tables.

        Args:
            dumps: C++ statements that print the tables of one layer each, by ``print_table`` and ``print_type`` of
                ``firmware_templates/cpp/tables.cpp.j2``.
            project: Folder to which hls4ml wrote its C++ project.
        """
        self._dumps, self._project = dumps, project
        self._tables: dict[str, LayerTables] | None = None

    def __call__(self, layer: Any) -> LayerTables:
        """Tables of one layer.

        Raises:
            L1mlError: If the C++ does not compile.
        """
        if self._tables is None:
            source = render("cpp/tables.cpp.j2", project=self._project.name, dumps=self._dumps)
            self._tables = _parse(_run(source, self._project))
        return self._tables[layer.name]


def _run(source: str, project: Path) -> str:
    firmware = project / "firmware"
    with tempfile.TemporaryDirectory() as folder:
        file, program = Path(folder, "tables.cpp"), Path(folder, "tables")
        file.write_text(source)
        includes = [f"-I{firmware}", f"-I{firmware / 'ap_types'}", f"-I{firmware / 'nnet_utils'}"]
        # Optimising it would take longer than the few thousand entries do.
        log.info("g++: program that fills the tables of %s", project)
        command = ["g++", "-O0", "-std=c++14", "-w", '-DWEIGHTS_DIR=""', *includes, str(file), "-o", str(program)]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True)
            return subprocess.run([str(program)], check=True, capture_output=True, text=True).stdout
        except FileNotFoundError:
            raise L1mlError("g++ is not on PATH; install it (Debian: apt-get install g++)") from None
        except subprocess.CalledProcessError as error:
            faults = [line for line in (error.stderr or "").splitlines() if "error:" in line]
            raise L1mlError(f"hls4ml's tables of {project} do not compile: {(faults or [str(error)])[0]}") from None


def _parse(text: str) -> dict[str, LayerTables]:
    tables: dict[str, LayerTables] = {}
    for line in text.splitlines():
        kind, layer, name, *fields = line.split(" ")
        entry = tables.setdefault(layer, LayerTables())
        if kind == "type":
            entry.types[name] = FixedType.printed(*map(int, fields))
        else:
            entry.values[name] = np.array([float.fromhex(value) for value in fields])
    return tables
