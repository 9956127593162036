"""Ports of a module, as Yosys reads them. A script for a process of its own, for the reasons of `yosys_process.py`.

Usage: ``yosys_ports.py TOP PORTS FILE...``. Modules that the top instantiates need not be there. PORTS (JSON) gets
name, direction and width of each port, in the order of the module.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pyosys import libyosys as ys


def main() -> None:
    """Do what the command line asks for."""
    top, ports, *files = sys.argv[1:]
    design = ys.Design()
    for file in files:
        ys.run_pass(f"read_verilog -sv {file}", design)
    ys.run_pass(f"hierarchy -top {top}", design)
    wires = [wire for wire in design.module(ys.IdString(f"\\{top}")).wires_.values() if wire.port_id]
    found = [
        {
            "name": wire.name.str().removeprefix("\\"),
            "direction": "input" if wire.port_input else "output",
            "width": wire.width,
        }
        for wire in sorted(wires, key=lambda wire: wire.port_id)
    ]
    Path(ports).write_text(json.dumps(found))


if __name__ == "__main__":
    main()
