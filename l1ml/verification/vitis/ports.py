"""Finding in the Verilog of Vitis HLS which port carries what."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from l1ml.compiler.network import Tensor
from l1ml.errors import L1mlError

VALID = "_ap_vld"
"""End of the name of the port that says whether another one is valid."""

HANDSHAKE = {"ap_clk": "input", "ap_start": "input", "ap_done": "output", "ap_ready": "output"}
"""Ports of the function-level protocol ap_ctrl_hs that the bench cannot do without, and their directions."""

_CONTROL = ("ap_clk", "ap_rst", "ap_rst_n", "ap_start", "ap_done", "ap_ready", "ap_idle", "ap_continue")
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_DECLARATION = re.compile(
    r"\b(?P<direction>input|output|inout)\s+(?:(?:wire|reg|logic|signed)\s+)*(?:\[(?P<range>[^\]]*)\])?"
    r"\s*(?P<names>\w+(?:\s*,\s*(?!(?:input|output|inout)\b)\w+)*)"
)
_RANGE = re.compile(r"\s*(\d+)\s*:\s*(\d+)\s*")


@dataclass(frozen=True)
class Port:
    """A port of the top module."""

    name: str
    direction: str
    width: int


@dataclass(frozen=True)
class Bundle:
    """The ports of one input or output of the network.

    Attributes:
        tensor: What they carry.
        ports: One for each element, or a single one for all of them, packed from the least significant bit on.
        valids: For each port the one that says when it is valid; empty if there is none.
    """

    tensor: Tensor
    ports: tuple[str, ...]
    valids: tuple[str, ...]


@dataclass(frozen=True)
class Interface:
    """The ports of a design as the bench needs to know them."""

    reset: str
    reset_active: int
    controls: tuple[str, ...]
    inputs: tuple[Bundle, ...]
    outputs: tuple[Bundle, ...]


def find_interface(
    folder: Path, top: str, inputs: Sequence[Tensor], outputs: Sequence[Tensor], origin: Path | None = None
) -> Interface:
    """Find the ports of a design.

    Args:
        folder: Folder with the Verilog.
        top: Name of the top module, that of the hls4ml project.
        inputs: What goes in, in order.
        outputs: What comes out, in order.
        origin: The folder that the Verilog comes from, for messages; the same one by default.

    Raises:
        L1mlError: If the module is missing, or its ports are not those of the network with ap_ctrl_hs.
    """
    place = origin or folder
    ports, where = read_ports(folder, top, place), f"{top} in {place}"
    for name, direction in HANDSHAKE.items():
        if name not in ports or ports[name].direction != direction:
            raise L1mlError(
                f"{where} has no {direction} {name}; l1ml drives functions with the protocol ap_ctrl_hs, which "
                "hls4ml's Vitis backend uses with io_parallel"
            )
    reset = next((name for name in ("ap_rst", "ap_rst_n") if name in ports), None)
    if reset is None:
        raise L1mlError(f"{where} has neither ap_rst nor ap_rst_n")
    return Interface(
        reset=reset,
        reset_active=int(reset == "ap_rst"),
        controls=tuple(name for name in _CONTROL if name in ports),
        inputs=_bundles(ports, "input", inputs, where),
        outputs=_bundles(ports, "output", outputs, where),
    )


def read_ports(folder: Path, top: str, origin: Path) -> dict[str, Port]:
    """The ports of a module by name, in the order in which they are declared; arguments as for ``find_interface``.

    Raises:
        L1mlError: If no file of the folder has the module, or a width is not a number.
    """
    found: list[str] = []
    for file in sorted(folder.glob("*.v")):
        text = _COMMENT.sub("", file.read_text(errors="replace"))
        found += re.findall(r"\bmodule\s+(\w+)", text)
        match = re.search(rf"\bmodule\s+{re.escape(top)}\b(.*?)\bendmodule\b", text, re.DOTALL)
        if match:
            return _ports_of(match[1], file)
    raise L1mlError(f"{origin} has no module {top}; it has {', '.join(found[:5]) or 'no Verilog'}")


def _ports_of(body: str, file: Path) -> dict[str, Port]:
    ports = {}
    for match in _DECLARATION.finditer(body):
        limits = _RANGE.fullmatch(match["range"] or "0:0")
        if limits is None:
            raise L1mlError(f"{file}: the width [{match['range']}] of {match['names']} is not one of numbers")
        width = int(limits[1]) - int(limits[2]) + 1
        for name in re.split(r"\s*,\s*", match["names"]):
            ports[name] = Port(name, match["direction"], width)
    return ports


def _bundles(ports: dict[str, Port], direction: str, tensors: Sequence[Tensor], where: str) -> tuple[Bundle, ...]:
    """Assign ports to tensors: by name where there is one of that name, by order else."""
    data = [p for p in ports.values() if p.direction == direction and p.name not in _CONTROL]
    data = [p for p in data if not (p.name.endswith(VALID) and p.name.removesuffix(VALID) in ports)]
    groups = _groups(data, {t.name.lower() for t in tensors})
    if direction == "output":  # older hls4ml tells the sizes of its arguments through ports of their own
        groups = {name: group for name, group in groups.items() if not name.startswith("const_size")}
    if len(groups) != len(tensors):
        names = ", ".join(groups) or "none"
        raise L1mlError(f"{where} has {len(groups)} {direction}s ({names}), the network {len(tensors)}")
    cases = {name.lower(): name for name in groups}  # VHDL knows none
    named = {t.name: groups.pop(cases[t.name.lower()]) for t in tensors if t.name.lower() in cases}
    rest = iter(groups.values())
    return tuple(_bundle(named.get(t.name) or next(rest), t, ports, where) for t in tensors)


def _groups(data: list[Port], names: set[str]) -> dict[str, list[Port]]:
    """Ports that differ in a number at their end, 0, 1, 2 ..., in order of that; all others, and those named, alone.

    The names of the groups lack the ``_V`` that Vivado HLS puts behind ports of fixed-point types.
    """
    plain = {port: port.name.removesuffix("_V") for port in data}
    numbered: dict[str, dict[int, Port]] = {}
    for port, name in plain.items():
        if name.lower() not in names and (match := re.fullmatch(r"(.+)_(\d+)", name)):
            numbered.setdefault(match[1], {})[int(match[2])] = port
    groups: dict[str, list[Port]] = {}
    for port, name in plain.items():
        base = name.rpartition("_")[0]
        group = numbered.get(base, {})
        if port in group.values() and set(group) == set(range(len(group))):
            groups[base] = [group[i] for i in range(len(group))]
        else:
            groups[name] = [port]
    return groups


def _bundle(group: list[Port], tensor: Tensor, ports: dict[str, Port], where: str) -> Bundle:
    widths = {p.width for p in group}
    packed = len(group) == 1 and widths == {tensor.bits}
    if not packed and (len(group) != tensor.size or widths != {tensor.type.width}):
        raise L1mlError(
            f"{where}: {group[0].name} is {len(group)} ports of {'/'.join(map(str, sorted(widths)))} bits; "
            f"{tensor.name} has {tensor.size} elements of {tensor.type.width} bits"
        )
    valids = [p.name + VALID for p in group if p.name + VALID in ports]
    if valids and len(valids) != len(group):
        raise L1mlError(f"{where}: only some ports of {tensor.name} have one that ends in {VALID}")
    return Bundle(tensor, tuple(p.name for p in group), tuple(valids))
