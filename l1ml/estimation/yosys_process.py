"""Yosys at work: synthesis, counts, longest path. A script for a process of its own.

Yosys prints to the output of its process and ends it at an error; and importing `l1ml.rtl`, which this file
therefore does not do, takes seconds.

Usage: ``yosys_process.py TOP STATISTICS PATH CELLS COMMAND...``. The commands are Yosys's and end with the mapped
netlist, before black boxes take the place of the cells' models. Counts go to STATISTICS (JSON), the longest path to
PATH (text of Yosys's ``sta``). CELLS has the delays that Yosys does not have.
"""

from __future__ import annotations

import sys
from typing import Any

from pyosys import libyosys as ys

SUBSTITUTED = {"DSP48E2": ("AREG", "BREG", "CREG", "MREG", "PREG"), "RAMB18E2": (), "RAMB36E2": (), "RAM64M8": ()}
"""Cells without delays in Yosys, each with the parameters that its substitute ``L1ML_<cell>`` in CELLS knows."""

CLOCKS = {
    "C": ("FDRE", "FDSE", "FDCE", "FDPE"),
    "CLK": ("SRL16E", "SRLC32E", "DSP48E2"),
    "WCLK": ("RAM32M", "RAM64M", "RAM32M16", "RAM64M8", "RAM32X1D", "RAM64X1D", "RAM128X1D"),
    "CLKARDCLK": ("RAMB18E2", "RAMB36E2"),
    "CLKBWRCLK": ("RAMB18E2", "RAMB36E2"),
}
"""Clock inputs and the cells that have them. Time starts there: they come from no register."""


def main() -> None:
    """Do what the command line asks for."""
    top, statistics, path, cells, *commands = sys.argv[1:]
    design = ys.Design()
    clocks = " ".join(f"-ignore {cell} {port}" for port, cells_of in CLOCKS.items() for cell in cells_of)
    for command in (
        *commands,
        f"tee -q -o {statistics} stat -json -top {top}",
        f"iopadmap -bits -inpad L1ML_LAUNCH O:I {clocks}",
        "opt_clean -purge",
        f"read_verilog -lib -specify {cells}",
    ):
        ys.run_pass(command, design)
    module = design.module(ys.IdString(f"\\{top}"))
    cut_unread(module)
    substitute(module)
    ys.run_pass(f"tee -q -o {path} sta {top}", design)


def cut_unread(module: Any) -> None:
    """Take cells' output bits that nothing reads off their nets: ``sta`` would count the paths to them.

    Most are sums above the highest bit of an adder that does not fill its carry block.
    """
    read = {_key(bit) for pair in module.connections() for side in pair for bit in side.bits() if bit.is_wire()}
    read |= {_key(bit) for wire in module.wires_.values() if wire.port_output for bit in ys.SigSpec(wire).bits()}
    cells = list(module.cells_.values())
    for cell in cells:
        for port, signal in cell.connections_.items():
            if not cell.output(port):
                read |= {_key(bit) for bit in signal.bits() if bit.is_wire()}
    for cell in cells:
        for port, signal in list(cell.connections_.items()):
            bits = signal.bits()
            if cell.output(port) and any(bit.is_wire() and _key(bit) not in read for bit in bits):
                kept = ys.SigSpec()
                for bit in bits:
                    unread = bit.is_wire() and _key(bit) not in read
                    kept.append(ys.SigBit(ys.State.Sx) if unread else bit)
                cell.setPort(port, kept)


def substitute(module: Any) -> None:
    """Put substitutes with delays in place of cells that have none."""
    for cell in module.cells_.values():
        name = cell.type.str().removeprefix("\\")
        if name in SUBSTITUTED:
            for parameter in list(cell.parameters):
                if parameter.str().removeprefix("\\") not in SUBSTITUTED[name]:
                    cell.unsetParam(parameter)
            cell.type = ys.IdString(f"\\L1ML_{name}")


def _key(bit: Any) -> tuple[str, int]:
    return bit.wire.name.str(), bit.offset


if __name__ == "__main__":
    main()
