"""Yosys as a prover: is an output of a module always 0? A script for a process of its own.

Yosys prints to the output of its process, may need much time and memory, and ends its process at an error.

Usage: ``yosys_proof.py FILE SECONDS MEBIBYTES``. It says ``proved``, ``refuted`` or nothing.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from pyosys import libyosys as ys


def main() -> None:
    """Ask Yosys."""
    file, seconds, memory = sys.argv[1:]
    limit = int(memory) << 20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 30, int(seconds) + 60))
    design = ys.Design()
    log = Path(file).with_suffix(".log")
    for command in (
        f"read_verilog -sv {file}",
        "hierarchy -top cone",
        "proc -norom",  # the solver knows no memories
        "flatten",
        "opt -full",
        f"tee -q -o {log} sat -prove differ 0 -timeout {seconds} -show-inputs cone",
    ):
        ys.run_pass(command, design)
    text = log.read_text()
    if "SAT proof finished - no model found: SUCCESS!" in text:
        print("\nL1ML proved")
    elif "model found: FAIL!" in text:
        print("\nL1ML refuted")


if __name__ == "__main__":
    main()
