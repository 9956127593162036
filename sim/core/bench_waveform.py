"""Sends a few events through a core, as fast as it takes them, for a waveform. The job is as for the bench."""

from __future__ import annotations

import json
import os
from pathlib import Path

import cocotb
import numpy as np
from bench_core import Core, events_of
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge


@cocotb.test()
async def show(dut: object) -> None:
    """Reset, the events, and the time until their results have left."""
    folder = Path(os.environ["L1ML_JOB"])
    job = json.loads((folder / "job.json").read_text())
    cocotb.start_soon(Clock(dut.clk, 2, unit="ns").start())
    core = Core(dut, job["output_bytes"])
    await FallingEdge(dut.clk)
    for _ in range(4):
        await core.tick(reset=True)
    inputs = np.load(folder / "inputs.npy")
    for event in events_of(inputs):
        await core.send(event)
        await core.idle(job["initiation_interval"] - inputs.shape[1])
    await core.idle(job["latency"] + job["output_beats"] + 2)
    np.savez(folder / "results.npz", **core.take_log())
