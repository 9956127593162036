"""The ports of a module, with their widths in bits."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from l1ml.errors import L1mlError
from l1ml.plain_paths import plain_arguments

_PROCESS = Path(__file__).with_name("yosys_ports.py")


@dataclass(frozen=True)
class Port:
    """A port; `width` in bits."""

    name: str
    direction: Literal["input", "output"]
    width: int


def read_ports(top: str, files: Sequence[Path]) -> tuple[Port, ...]:
    """The ports of a module in their order.

    Args:
        top: Name of the module.
        files: Its file and the packages that it uses; of modules within it nothing is needed.

    Raises:
        L1mlError: If Yosys cannot read it.
    """
    with tempfile.TemporaryDirectory() as scratch:
        found = Path(scratch, "ports.json")
        command = [sys.executable, "-P", str(_PROCESS), *plain_arguments([top, found, *files])]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode or not found.exists():
            faults = [line for line in (done.stdout + done.stderr).splitlines() if "ERROR" in line]
            raise L1mlError(f"Yosys rejects {top}: {(faults or ['no reason given'])[0]}")
        return tuple(Port(**port) for port in json.loads(found.read_text()))
