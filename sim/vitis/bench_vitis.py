"""Drives RTL of Vitis HLS with the protocol ap_ctrl_hs and records what it answers and when.

The job is a folder named by the environment variable ``L1ML_JOB``: ``job.json`` with the names of ports, and
``inputs.npz`` with an array for each input port (events × bytes, least significant first) go in, ``results.npz`` comes
out. Inputs change at the falling edge of the clock. A quarter of a cycle later, before the rising edge, everything is
read as a register at the ports would see it: also what depends on inputs of the same cycle.
"""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, Timer

HALF = 2
"""Half a clock cycle, in ns."""


class Function:
    """The ports of a function that Vitis HLS made, and a log of what went in and out, and when."""

    def __init__(self, dut: object, job: dict) -> None:
        self.dut, self.job, self.cycle = dut, job, 0
        self.inputs = [(getattr(dut, name), getattr(dut, valid) if valid else None) for name, valid in job["inputs"]]
        self.outputs = [
            (name, getattr(dut, name), getattr(dut, valid or "ap_done"), (len(getattr(dut, name)) + 7) // 8)
            for name, valid in job["outputs"]
        ]
        self.clear()

    def clear(self) -> None:
        """Forget what went in and out."""
        self.offered: list[int] = []
        self.taken: list[int] = []
        self.done: list[int] = []
        self.rows: dict[str, list[bytes]] = {name: [] for name, *_ in self.outputs}

    async def tick(self, event: list[int] | None) -> bool:
        """One clock cycle in which an event is offered, or none. Returns whether the function is ready for the next."""
        dut = self.dut
        dut.ap_start.value = int(event is not None)
        for number, (port, valid) in enumerate(self.inputs):
            # What lies on the ports between events must not matter.
            port.value = random.getrandbits(len(port)) if event is None else event[number]
            if valid is not None:
                valid.value = int(event is not None)
        await Timer(HALF / 2, unit="ns")
        ready = event is not None and int(dut.ap_ready.value) == 1
        if int(dut.ap_done.value):
            self.done.append(self.cycle)
        for name, port, valid, width in self.outputs:
            if int(valid.value):
                self.rows[name].append(port.value.to_unsigned().to_bytes(width, "little"))
        await FallingEdge(dut.ap_clk)
        self.cycle += 1
        return ready

    async def send(self, event: list[int]) -> None:
        """Offer an event until the function has taken it."""
        self.offered.append(self.cycle)
        for _ in range(self.job["patience"]):
            if await self.tick(event):
                self.taken.append(self.cycle - 1)
                return
        raise TimeoutError("ap_ready stays low")

    async def finish(self) -> None:
        """Wait for results that are still under way, and a while longer for any that should not come."""
        for _ in range(self.job["patience"]):
            if len(self.done) >= len(self.offered):
                break
            await self.tick(None)
        for _ in range(self.job["drain"]):
            await self.tick(None)

    def log(self, pattern: str) -> dict[str, np.ndarray]:
        """What went in and out since the last time."""
        log = {f"{pattern}/{key}": np.array(getattr(self, key)) for key in ("offered", "taken", "done")}
        for name, _, _, width in self.outputs:
            rows = self.rows[name]
            log[f"{pattern}/rows/{name}"] = np.frombuffer(b"".join(rows), dtype=np.uint8).reshape(len(rows), width)
        self.clear()
        return log


@cocotb.test()
async def drive(dut: object) -> None:
    """Send the events one after the other, then some of them with pauses, then some after a reset."""
    folder = Path(os.environ["L1ML_JOB"])
    job = json.loads((folder / "job.json").read_text())
    with np.load(folder / "inputs.npz") as arrays:
        columns = [arrays[name] for name, _ in job["inputs"]]
    events = [[int.from_bytes(row.tobytes(), "little") for row in rows] for rows in zip(*columns, strict=True)]
    random.seed(job["seed"])
    reset = getattr(dut, job["reset"])
    reset.value = job["reset_active"]
    if job["continue"]:
        dut.ap_continue.value = 1
    cocotb.start_soon(Clock(dut.ap_clk, 2 * HALF, unit="ns").start())
    function = Function(dut, job)
    await FallingEdge(dut.ap_clk)

    async def restart() -> None:
        reset.value = job["reset_active"]
        for _ in range(5):
            await function.tick(None)
        reset.value = 1 - job["reset_active"]
        function.clear()
        for _ in range(job["drain"]):
            await function.tick(None)

    await restart()
    results = function.log("after_reset")

    try:
        for event in events:
            await function.send(event)
        await function.finish()
        results |= function.log("back_to_back")

        for event in events[: job["some"]]:
            await function.send(event)
            for _ in range(random.choice((0, 1, 1, 2, 3, 7))):
                await function.tick(None)
        await function.finish()
        results |= function.log("gaps")

        for event in events[: job["some"]]:
            await function.send(event)
        await restart()
        results |= function.log("during_reset")
        for event in events[: job["some"]]:
            await function.send(event)
        await function.finish()
        results |= function.log("reset")
    except TimeoutError:
        results["stuck"] = np.array(len(function.taken))
    np.savez(folder / "results.npz", **results)
