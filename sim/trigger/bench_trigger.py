"""Drives a trigger top cycle by cycle as a table says, and records what it answers and when.

The folder named by the environment variable ``L1ML_JOB`` holds ``stimulus.npz``, arrays with one entry for each clock
cycle: ``rst``, ``in_valid``, ``cfg_we``, ``cfg_addr``, ``cfg_data``, ``cfg_apply``, and ``in_data`` as bytes, least
significant first. ``results.npz`` comes out: ``cycles`` in which ``out_valid`` is high after the clock edge, and
``rows``, the bytes of ``out_data`` then. As in ``bench_core``, all happens at the falling edge of the clock.
"""

from __future__ import annotations

import os
from pathlib import Path

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge

CONTROLS = ("rst", "in_valid", "cfg_we", "cfg_addr", "cfg_data", "cfg_apply")


@cocotb.test()
async def drive(dut: object) -> None:
    """Play the table."""
    folder = Path(os.environ["L1ML_JOB"])
    with np.load(folder / "stimulus.npz") as arrays:
        table = dict(arrays)
    cocotb.start_soon(Clock(dut.clk, 2, unit="ns").start())
    await FallingEdge(dut.clk)
    cycles, rows = [], []
    width = (len(dut.out_data) + 7) // 8
    for cycle, word in enumerate(table["in_data"]):
        for name in CONTROLS:
            getattr(dut, name).value = int(table[name][cycle])
        dut.in_data.value = int.from_bytes(word.tobytes(), "little")
        await FallingEdge(dut.clk)
        if int(dut.out_valid.value):
            cycles.append(cycle)
            rows.append(dut.out_data.value.to_unsigned().to_bytes(width, "little"))
    np.savez(folder / "results.npz", cycles=cycles, rows=np.frombuffer(b"".join(rows), np.uint8).reshape(-1, width))
