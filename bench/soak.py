"""A soak of a finished build: rates, memory of all processes, and the verdict of a run that was killed half-way.

l1ml build jet_tagger && python bench/soak.py build/jet_tagger      # one million events
python bench/soak.py build/jet_tagger --events 50000

Two soaks in copies of the build: one from end to end, one whose process is killed (SIGKILL) when two fifths of the
chunks are done, and which is then started again. Memory is the sum of the resident sets of all processes, sampled
ten times a second; what processes share counts once for each.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.table import Table

from l1ml.console import console

KILLED_AT = 0.4
"""Share of the chunks after which the second soak is killed."""

STAGES = ("dataset", "train", "convert", "rtl")


def main() -> None:
    """Print the measurements; exit code 1 if the verdicts differ or RTL and C++ do."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=Path, nargs="?", default=Path("build/jet_tagger"), help="folder of a build")
    parser.add_argument("--events", type=int, default=1_000_000)
    options = parser.parse_args()
    if not (options.build / "rtl").is_dir():
        console.print(f"skipped: {options.build} is no finished build; make it with l1ml build jet_tagger")
        return
    with tempfile.TemporaryDirectory() as scratch:
        whole, seconds, peak = soak(copy(options.build, Path(scratch, "whole")), options.events)
        folder = copy(options.build, Path(scratch, "killed"))
        _, _, killed_peak = soak(folder, options.events, kill_at=KILLED_AT)
        resumed, _, resumed_peak = soak(folder, options.events)
    assert whole is not None and resumed is not None
    verdict, measured = whole["verdict"], whole["measured"]
    table = Table("soak", "", box=None)
    table.add_row("events × outputs", f"{verdict['events']:,} × {verdict['outputs']}")
    table.add_row("mismatches", f"{verdict['mismatches']:,}")
    table.add_row("latency, II of every event", f"{verdict['latency']}, {verdict['initiation_interval']}")
    table.add_row("seconds, with compilation", f"{seconds:.0f}")
    table.add_row("simulator, events/s of one process", f"{measured['rtl_events_per_second']:,}")
    table.add_row("… by its processor time", f"{measured['rtl_events_per_processor_second']:,}")
    table.add_row("C++, events/s of one process", f"{measured['golden_events_per_second']:,}")
    table.add_row("processes", f"{measured['workers']}")
    table.add_row("peak memory of all, MiB", f"{max(peak, killed_peak, resumed_peak) / 2**20:.0f}")
    same = resumed["verdict"] == verdict
    table.add_row("killed and resumed", f"{'same' if same else 'ANOTHER'} verdict")
    table.add_row("… events that it did not send again", f"{resumed['measured']['reused_events']:,}")
    console.print(table)
    if not same or verdict["mismatches"]:
        sys.exit(1)


def copy(build: Path, to: Path) -> Path:
    """A copy of what a soak needs of a build."""
    to.mkdir()
    for file in ("l1ml.json", "spec.yaml"):
        shutil.copy2(build / file, to)
    for stage in STAGES:
        shutil.copytree(build / stage, to / stage, ignore=shutil.ignore_patterns("sim"))
    return to


def soak(build: Path, events: int, kill_at: float | None = None) -> tuple[dict[str, Any] | None, float, int]:
    """Soak a build in a process of its own, and kill that when a share of its chunks is done.

    Returns:
        What ``soak.json`` says if it was not killed, seconds, and the largest memory of all processes in bytes.
    """
    command = [str(Path(sys.executable).with_name("l1ml")), "verify", str(build), "--events", str(events)]
    started, peak = time.monotonic(), 0
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL if kill_at else None)
    while process.poll() is None:
        family = descendants(process.pid)
        peak = max(peak, sum(map(resident, family)))
        if kill_at is not None and finished(build, events) >= kill_at:
            process.send_signal(signal.SIGKILL)
            process.wait()
            wait_for_the_end(family)
            return None, time.monotonic() - started, peak
        time.sleep(0.1)
    report: dict[str, Any] = json.loads((build / "soak/soak.json").read_text())
    return report, time.monotonic() - started, peak


def finished(build: Path, events: int) -> float:
    """Share of the events in finished chunks."""
    done = (json.loads(file.read_text())["events"] for file in (build / "soak/chunks").glob("rtl-*.json"))
    return sum(done) / events


def wait_for_the_end(processes: list[int]) -> None:
    """Wait until the processes that a kill left behind have ended by themselves."""
    ends = time.monotonic() + 60
    while any(map(resident, processes)):
        if time.monotonic() > ends:
            raise TimeoutError("processes of a killed soak go on")
        time.sleep(0.1)


def descendants(pid: int) -> list[int]:
    """A process and all that it started, itself or through others."""
    found, parents = [pid], {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):  # it has ended meanwhile
            continue
    for parent in found:
        found.extend(child for child, of in parents.items() if of == parent)
    return found


def resident(pid: int) -> int:
    """Resident memory of a process in bytes; 0 if it has ended."""
    try:
        fields = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return sum(1024 * int(line.split()[1]) for line in fields if line.startswith("VmRSS:"))


if __name__ == "__main__":
    main()
