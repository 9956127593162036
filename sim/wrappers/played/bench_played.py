"""Plays a table of inputs, clock cycle by clock cycle, and records outputs.

The folder named by the environment variable ``L1ML_JOB`` holds ``job.json`` and ``<port>.npy`` for each port that it
names: ``clock``; ``inputs``, arrays with an entry for each clock cycle, integers or rows of bytes, least significant
first; ``watch``, outputs to record in every clock cycle, as integers; and ``read``, for each of some one of those, the
outputs to record when it is not 0, as bytes. ``results.npz`` gets ``<port>`` of those that are watched and
``<port>/rows`` of the others. All happens at the falling edge of the clock, half a cycle away from the registers: what
is recorded is what the registers say in that clock cycle, and what is set belongs to the same.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge


def integers(array: np.ndarray) -> list[int]:
    """Entries of an array, one for each clock cycle."""
    if array.ndim == 1:
        return array.tolist()
    return [int.from_bytes(row.tobytes(), "little") for row in array]


@cocotb.test()
async def drive(dut: object) -> None:
    """Play the table."""
    folder = Path(os.environ["L1ML_JOB"])
    job = json.loads((folder / "job.json").read_text())
    played = [(getattr(dut, name), integers(np.load(folder / f"{name}.npy"))) for name in job["inputs"]]
    watched = [(name, getattr(dut, name), []) for name in job["watch"]]
    read = {
        at: [(name, getattr(dut, name), (len(getattr(dut, name)) + 7) // 8, []) for name in names]
        for at, names in job["read"].items()
    }
    clock = getattr(dut, job["clock"])
    cocotb.start_soon(Clock(clock, 2, unit="ns").start())
    before = [None] * len(played)
    falling = FallingEdge(clock)
    for cycle in range(len(played[0][1])):
        await falling
        for name, handle, values in watched if cycle else ():
            value = int(handle.value)
            values.append(value)
            for _, other, width, rows in read.get(name, ()) if value else ():
                rows.append(other.value.to_unsigned().to_bytes(width, "little"))
        for number, (handle, values) in enumerate(played):
            if values[cycle] != before[number]:
                handle.value = before[number] = values[cycle]
    results = {name: np.array([0, *values]) for name, _, values in watched}
    for columns in read.values():
        for name, _, width, rows in columns:
            results[f"{name}/rows"] = np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), width)
    np.savez(folder / "results.npz", **results)
