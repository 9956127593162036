"""Vivado and Vitis HLS, where they are: started on a firmware folder, their reports read."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from l1ml.errors import L1mlError
from l1ml.vendor import vendor_summary

VIVADO = "vivado"
VITIS = ("vitis-run", "vitis_hls")
"""Since 2024.2, and before."""


@dataclass(frozen=True)
class Job:
    """A run of a vendor's tool.

    Attributes:
        title: What is done, for the terminal.
        programs: Programs that can do it, any of them.
        folder: Where it is started.
        log: Name of its log in that folder.
    """

    title: str
    programs: tuple[str, ...]
    arguments: dict[str, tuple[str, ...]]
    folder: Path
    log: str

    @property
    def program(self) -> str | None:
        """The program that is on PATH, if any."""
        return next((program for program in self.programs if shutil.which(program)), None)

    def command(self, program: str) -> list[str]:
        """What one would type in the folder."""
        return [program, *self.arguments[program]]

    def run(self) -> None:
        """Start the tool and wait for it.

        Raises:
            L1mlError: If it ends with an error; with the first one of its log.
        """
        program = self.program
        assert program is not None
        log = self.folder / self.log
        with log.open("w") as output:
            command = self.command(program)
            done = subprocess.run(command, cwd=self.folder, stdout=output, stderr=subprocess.STDOUT)
        if done.returncode:
            lines = log.read_text(errors="replace").splitlines()
            faults = [line for line in lines if re.match(r"(ERROR|couldn't|invalid|wrong)", line.strip())]
            reason = (faults or [line for line in lines if line.strip()] or ["no reason given"])[0].strip()
            raise L1mlError(f"{self.title}: {program} failed: {reason}; its log is {log}")


def jobs(folder: Path, top: str, route: bool) -> list[Job]:
    """The runs that a firmware folder is made for, in their order.

    Args:
        folder: The firmware folder.
        top: Module to build.
        route: Whether to place and route it, too.
    """
    goal = "route" if route else "synth"
    project = ("-mode", "batch", "-nojournal", "-source", "project.tcl", "-tclargs", top, goal)
    package = ("-mode", "batch", "-nojournal", "-source", "package.tcl", "-tclargs", top)
    tcl = {"vitis-run": ("--mode", "hls", "--tcl", "run.tcl"), "vitis_hls": ("-f", "run.tcl")}
    return [
        Job(f"Vivado project of {top}", (VIVADO,), {VIVADO: project}, folder / "vivado", f"{top}.log"),
        Job(f"IP of {top}", (VIVADO,), {VIVADO: package}, folder / "ip", f"{top}.log"),
        Job("Vitis HLS", VITIS, tcl, folder / "vitis", "vitis.log"),
    ]


def findings(folder: Path, top: str) -> list[str]:
    """What the reports in a firmware folder say, a line for each.

    Args:
        folder: The firmware folder.
        top: Module whose reports of Vivado count.

    Raises:
        L1mlError: If none of a tool's reports can be read.
    """
    lines = []
    if any((folder / "vivado/results" / top).glob("*.rpt")):
        found = vendor_summary(folder / "vivado/results" / top)
        if (cells := found["utilization"]) is not None:
            lines.append(f"Vivado {cells['version']}, {cells['state'].lower()}: {_cells(cells['used'])}")
        if (timing := found["timing"]) is not None:
            lines.append(f"Vivado {timing['version']}: WNS {timing['wns_ns']} ns, WHS {timing['whs_ns']} ns")
        lines += _left_out(found)
    if any((folder / "vitis/project").rglob("*csynth.*")):
        found = vendor_summary(folder / "vitis/project")
        if (hls := found["synthesis"]) is not None:
            cycles = f"{hls['latency_max']} cycles, interval {hls['interval_max']}"
            lines.append(f"{hls['tool']} {hls['version']}: {_cells(hls['used'])}; {cycles}")
        lines += _left_out(found)
    return lines


def _cells(used: dict[str, Any]) -> str:
    return f"{used['lut']} LUT, {used['ff']} FF, {used['dsp']} DSP, {used['bram_18k'] / 2:g} BRAM"


def _left_out(summary: dict[str, Any]) -> list[str]:
    return [f"Left out: {line}" for line in summary["left_out"]]
