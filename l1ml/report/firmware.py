"""The firmware part of the page: what someone needs to know who places the core in an FPGA."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from l1ml.compiler.design import Design
from l1ml.report import formats, waves
from l1ml.report.capacity import FloorPlan, floor_plan
from l1ml.report.hierarchy import Node, hierarchy
from l1ml.report.inputs import BuildData
from l1ml.report.vendor_numbers import Comparison, comparison
from l1ml.report.waves import Waves


@dataclass(frozen=True)
class Link:
    """A file or folder of the build, from the page."""

    target: str
    label: str
    note: str


@dataclass(frozen=True)
class PortRow:
    """A row of the table of ports; `part` for the elements of one port."""

    name: str
    direction: str
    bits: str
    meaning: str
    part: bool = False


@dataclass(frozen=True)
class FirmwarePart:
    """What the template shows; `cores` is how many in turn take every bunch crossing."""

    timing: list[dict[str, str]]
    cores: int
    links: list[Link]
    ports: list[PortRow]
    vendor: Comparison | None
    waves: Waves
    plan: FloorPlan | None
    hierarchy: list[Node]

    @property
    def geometry(self) -> dict[str, int]:
        """Sizes of the timing diagram in px."""
        return {"left": waves.LEFT, "width": waves.WIDTH, "height": waves.HEIGHT, "row": waves.ROW}


def firmware_part(report: dict[str, Any], data: BuildData, build: Path) -> FirmwarePart:
    """Gather the firmware part.

    Args:
        report: What report.json has.
        data: The rest of the build.
        build: Folder of the build; links lead there from a folder in it.
    """
    interval = data.design.initiation_interval * data.design.clock_ns
    return FirmwarePart(
        timing=_timing(report),
        cores=math.ceil(interval / formats.BUNCH_CROSSING_NS - 1e-9),
        links=_links(build, data.design),
        ports=port_rows(data.design),
        vendor=comparison(report),
        waves=waves.waves(data.design),
        plan=floor_plan(report["part"], data.resources.total),
        hierarchy=hierarchy(data),
    )


def crossings(nanoseconds: float) -> str:
    """A time in bunch crossings."""
    return f"{nanoseconds / formats.BUNCH_CROSSING_NS:.2f}"


def _timing(report: dict[str, Any]) -> list[dict[str, str]]:
    rows = (("Latency", "latency_cycles"), ("Initiation interval", "initiation_interval"))
    found = []
    for label, key in rows:
        number = report["rtl"][key]
        time = number * report["clock_ns"]
        text = f"{formats.quantity(time)} ns"
        found.append({"label": label, "cycles": str(number), "time": text, "crossings": crossings(time)})
    return found


def port_rows(design: Design) -> list[PortRow]:
    """The ports of a core, and where the elements lie in the wide ones."""
    rows = [
        PortRow("clk", "in", "1", f"clock, period {formats.quantity(design.clock_ns)} ns"),
        PortRow("rst", "in", "1", "synchronous reset, active high; clears events in flight"),
        PortRow("in_valid", "in", "1", "in_data holds an event"),
    ]
    for name, tensors in (("in_data", design.inputs), ("out_data", design.outputs)):
        direction = name.partition("_")[0]
        if direction == "out":
            rows.append(PortRow("out_valid", "out", "1", "out_data holds a result"))
        rows.append(PortRow(name, direction, str(sum(t.bits for t in tensors)), "the elements of:"))
        low = 0
        for tensor in tensors:
            place, times = f"[{low + tensor.bits - 1}:{low}]", f"{tensor.size} × " if tensor.size > 1 else ""
            rows.append(PortRow(place, "", str(tensor.bits), f"{tensor.name}: {times}{tensor.type}", part=True))
            low += tensor.bits
    return rows


def _links(build: Path, design: Design) -> list[Link]:
    """Those files and folders that are there, from a folder of the build."""
    wanted = [
        ("rtl/verilog", "Verilog", "SystemVerilog of the core, files.f in order of compilation"),
        (f"rtl/verilog/{design.name}.sv", f"{design.name}.sv", "top of the core"),
        (f"rtl/verilog/{design.name}_trigger.sv", f"{design.name}_trigger.sv", "the core with thresholds in registers"),
        ("convert/hls", "HLS C++", "hls4ml's project"),
        ("firmware/README.md", "Firmware folder", "Vivado and Vitis projects and their commands (l1ml firmware)"),
        ("firmware/ip", "IP", "packaging, and component.xml once Vivado has run"),
        ("firmware/wrappers", "Wrappers", "AXI and links around the core"),
        ("verify/vectors.npz", "Vectors", "events and answers as integers"),
    ]
    wanted += [(file.name, "Golden pack", "vectors and integers, frozen") for file in sorted(build.glob("*.golden"))]
    return [Link(f"../{place}", label, note) for place, label, note in wanted if (build / place).exists()]
