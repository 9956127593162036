"""Modules that can be built on their own: their sources, ports, clock, reset and buses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from l1ml.errors import L1mlError
from l1ml.estimation.ports import Port, read_ports

CLOCKS, RESETS = ("clk", "aclk"), ("rst", "aresetn")
"""Names of clocks and resets."""

BUSES = {"tdata": "axis", "awaddr": "aximm"}
"""Kind of a bus, by a port that it always has."""


@dataclass(frozen=True)
class Bus:
    """Ports of one prefix that make an interface in the IP catalog.

    Attributes:
        kind: ``axis`` or ``aximm``.
    """

    name: str
    kind: str
    ports: tuple[str, ...]


@dataclass(frozen=True)
class Top:
    """A module with all that it needs.

    Attributes:
        name: Name of the module.
        title: What it is, in a few words.
        files: Sources in order of compilation, from the firmware folder.
        clock_ns: Clock period that it has to reach, in ns.
    """

    name: str
    title: str
    files: tuple[str, ...]
    clock_ns: float
    ports: tuple[Port, ...]

    @property
    def file_list(self) -> str:
        """Name of the file in the firmware folder that lists its sources, for ``-f`` of other tools."""
        return f"{self.name}.f"

    @property
    def clock(self) -> str:
        """Name of its clock."""
        return next(port.name for port in self.ports if port.name in CLOCKS)

    @property
    def reset(self) -> str:
        """Name of its reset."""
        return next(port.name for port in self.ports if port.name in RESETS)

    @property
    def reset_active_low(self) -> bool:
        """Whether the reset is active when low, which AXI wants."""
        return self.reset.endswith("n")

    def pins(self, direction: str) -> list[str]:
        """Ports but for the clock as ``get_ports`` of Vivado wants them, a bus with all its bits."""
        others = [port for port in self.ports if port.direction == direction and port.name != self.clock]
        return [f"{port.name}[*]" if port.width > 1 else port.name for port in others]

    @property
    def buses(self) -> list[Bus]:
        """Its AXI4-Stream and AXI4-Lite interfaces."""
        names, found = [port.name for port in self.ports], []
        for name in names:
            prefix, _, role = name.rpartition("_")
            if prefix and role in BUSES:
                ports = tuple(other for other in names if other.rpartition("_")[0] == prefix)
                found.append(Bus(prefix, BUSES[role], ports))
        return found


def read_top(root: Path, name: str, title: str, files: Sequence[str], clock_ns: float) -> Top:
    """Look at a module.

    Args:
        root: Firmware folder.
        name: Name of the module; its file has that name.
        title: What it is.
        files: Sources in order of compilation, from the firmware folder.
        clock_ns: Clock period that it has to reach, in ns.

    Raises:
        L1mlError: If it cannot be read or has no clock or reset of a known name.
    """
    needed = [root / file for file in files if file.endswith("_pkg.sv") or Path(file).stem == name]
    top = Top(name, title, tuple(files), clock_ns, read_ports(name, needed))
    for kind, known in (("clock", CLOCKS), ("reset", RESETS)):
        if sum(port.name in known for port in top.ports) != 1:
            raise L1mlError(f"{name} needs one {kind}, with the name {' or '.join(known)}")
    return top
