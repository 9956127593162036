"""Events through a core with registers on AXI4-Lite, while cocotbext-axi writes and reads them.

The folder named by the environment variable ``L1ML_JOB`` holds ``job.json`` and ``inputs.npy`` (uint8, events × bytes).
The job has ``seed``; ``interval``, the clock cycles between two events; ``registers``, addresses by name; ``ID``,
``VERSION`` and ``BUILD_ID``, what those say; ``sets``, values for the registers SHADOW0, SHADOW1, ..., a row for each
time, the first those after a reset; ``width``, their bits; ``fires``, how many FIRES there are; and ``resets``, numbers
of the events a few after which there is a reset. ``results.npz`` gets

- ``sent``: the clock cycle of each event that was sent in time; ``early``: of each that came too early;
- ``received`` and ``rows``: clock cycle and bytes of each result;
- ``applied``: clock cycle in which the answer to APPLY came, and the number in ``sets`` of what it was about;
- ``counted``: each time that the counters were sampled and cleared: clock cycle in which the answer came, then what
  was counted: events, overflows, dropped, fires;
- ``dropped``: clock cycles in which in_dropped was set; ``resets``: those in which a reset of two cycles began;
- ``wrong``: how many reads gave something else than what was written, or no error where there is no register.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, FallingEdge
from cocotbext.axi import AxiLiteBus, AxiLiteMaster, AxiResp

APPLY, SAMPLE, CLEAR = 1, 2, 4

UNSET = 6
"""Events between the last of the registers and a reset."""


def stops() -> Iterator[bool]:
    """Whether a channel stops, for each clock cycle."""
    while True:
        stop = random.random() < 0.3
        for _ in range(random.choice((1, 2, 4))):
            yield stop


class Bench:
    """The ports of events, and the master."""

    def __init__(self, dut: Any, job: dict[str, Any]) -> None:
        self.dut, self.job, self.at = dut, job, job["registers"]
        bus = AxiLiteBus.from_prefix(dut, "s_axil")
        self.master = AxiLiteMaster(bus, dut.aclk, dut.aresetn, reset_active_level=False)
        for side, channels in ((self.master.write_if, ("aw", "w", "b")), (self.master.read_if, ("ar", "r"))):
            for channel in channels:
                getattr(side, f"{channel}_channel").set_pause_generator(stops())
        self.cycle = self.bvalid = self.wrong = self.answered = 0
        self.running, self.pending = True, False
        self.log: dict[str, list[Any]] = {
            name: [] for name in ("sent", "early", "received", "rows", "applied", "counted", "dropped", "resets")
        }
        self.shadow = self.active = list(job["sets"][0])

    async def tick(self, event: int | None = None) -> None:
        """One clock cycle."""
        dut = self.dut
        await FallingEdge(dut.aclk)
        self.cycle += 1
        if int(dut.out_valid.value):
            self.log["received"].append(self.cycle)
            self.log["rows"].append(dut.out_data.value.to_unsigned().to_bytes((len(dut.out_data) + 7) // 8, "little"))
        bvalid = int(dut.s_axil_bvalid.value)
        if bvalid and not self.bvalid:
            self.answered = self.cycle
        self.bvalid = bvalid
        dut.in_valid.value = int(event is not None)
        dut.in_data.value = random.getrandbits(len(dut.in_data)) if event is None else event
        dropped = int(random.random() < 0.05)
        dut.in_dropped.value = dropped
        if dropped:
            self.log["dropped"].append(self.cycle)

    def start(self) -> None:
        """Let the master begin."""
        self.running, self.pending = True, False
        self.master_task = cocotb.start_soon(self.configure())

    async def finish(self) -> None:
        """Let the master finish."""
        self.running = False
        while not self.master_task.done():
            await self.tick()

    async def reset(self) -> None:
        """A reset of two clock cycles."""
        self.log["resets"].append(self.cycle)
        self.dut.aresetn.value = 0
        await self.tick(random.getrandbits(len(self.dut.in_data)))
        await self.tick()
        self.dut.aresetn.value = 1
        self.shadow = self.active = list(self.job["sets"][0])

    async def send(self, rows: np.ndarray) -> None:
        """Events as fast as allowed or slower; now and then one more that comes too early."""
        interval = self.job["interval"]
        for number, row in enumerate(rows):
            if number in self.job["resets"]:
                await self.finish()
            if number - UNSET in self.job["resets"]:
                await self.reset()  # with events under way
                self.start()
            await self.tick(int.from_bytes(row.tobytes(), "little"))
            self.log["sent"].append(self.cycle)
            early = random.randrange(1, interval) if random.random() < 0.1 else 0
            for wait in range(1, interval + random.choice((0, 0, 0, 1, 5))):
                if wait == early:
                    self.log["early"].append(self.cycle + 1)
                await self.tick(random.getrandbits(len(self.dut.in_data)) if wait == early else None)

    async def write(self, name: str, value: int) -> None:
        """Write all bytes of a register."""
        response = await self.master.write(self.at[name], value.to_bytes(4, "little"))
        self.wrong += response.resp != AxiResp.OKAY

    async def read(self, name: str) -> int:
        """Read a register."""
        response = await self.master.read(self.at[name], 4)
        self.wrong += response.resp != AxiResp.OKAY
        return int.from_bytes(response.data, "little")

    async def set_values(self, values: list[int]) -> None:
        """Write all values, in any order; some byte by byte, and only bytes that change."""
        for number in random.sample(range(len(values)), len(values)):
            old, new = (v.to_bytes(4, "little") for v in (self.shadow[number], values[number]))
            if random.random() < 0.5:
                more = random.getrandbits(32 - self.job["width"]) << self.job["width"]  # bits that are not there
                await self.write(f"SHADOW{number}", values[number] | more)
                self.pending = True
                continue
            for byte in random.sample(range(4), 4):
                if old[byte] != new[byte]:
                    await self.master.write(self.at[f"SHADOW{number}"] + byte, new[byte : byte + 1])
                    self.pending = True
        self.shadow = list(values)

    async def check(self) -> None:
        """Read what was written; and what is not there, which is an error."""
        number = random.randrange(len(self.shadow)) if self.shadow else None
        if number is not None:
            self.wrong += await self.read(f"SHADOW{number}") != self.shadow[number]
            self.wrong += await self.read(f"ACTIVE{number}") != self.active[number]
            self.wrong += await self.read("STATUS") != int(self.pending)
        for name in ("ID", "VERSION", "BUILD_ID"):
            self.wrong += await self.read(name) != self.job[name]
        address = random.choice([a for a in range(0, 4096, 4) if a not in self.at.values()])
        self.wrong += (await self.master.read(address, 4)).resp != AxiResp.SLVERR
        self.wrong += (await self.master.write(address, bytes(4))).resp != AxiResp.SLVERR
        self.wrong += (await self.master.write(self.at["EVENTS"], bytes(4))).resp != AxiResp.SLVERR

    async def count(self) -> None:
        """Sample and clear the counters, and read them."""
        await self.write("CONTROL", SAMPLE | CLEAR)
        at = self.answered
        names = ["EVENTS", "OVERFLOWS", "DROPPED", *(f"FIRES{i}" for i in range(self.job["fires"]))]
        self.log["counted"].append([at, *[await self.read(name) for name in names]])

    async def configure(self) -> None:
        """Change, check and count, over and over, until told to stop; the last is a count."""
        while self.running:
            if self.shadow:
                number = random.randrange(len(self.job["sets"]))
                await self.set_values(self.job["sets"][number])
                if random.random() < 0.2:
                    await self.check()
                await self.write("CONTROL", APPLY)
                self.log["applied"].append([self.answered, number])
                self.active, self.pending = self.shadow, False
            if random.random() < 0.2:
                await self.check()
            if random.random() < 0.2:
                await self.count()
            await ClockCycles(self.dut.aclk, random.choice((1, 10, 50)))
        await self.count()

    async def run(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """All of it."""
        await self.reset()
        del self.log["received"][:], self.log["rows"][:]  # from before
        self.start()
        await self.send(rows)
        for _ in range(100):
            await self.tick()
        await self.finish()
        width = (len(self.dut.out_data) + 7) // 8
        found = {name: np.array(values) for name, values in self.log.items() if name != "rows"}
        found["rows"] = np.frombuffer(b"".join(self.log["rows"]), np.uint8).reshape(-1, width)
        return found | {"wrong": np.array(self.wrong)}


@cocotb.test(timeout_time=1, timeout_unit="ms")  # several times what it takes
async def drive(dut: Any) -> None:
    """Events and registers at once."""
    folder = Path(os.environ["L1ML_JOB"])
    job = json.loads((folder / "job.json").read_text())
    random.seed(job["seed"])
    dut.aresetn.value = 0
    cocotb.start_soon(Clock(dut.aclk, 2, unit="ns").start())
    bench = Bench(dut, job)
    np.savez(folder / "results.npz", **await bench.run(np.load(folder / "inputs.npy")))
