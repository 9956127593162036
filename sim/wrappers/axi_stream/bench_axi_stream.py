"""Sends packets through an AXI4-Stream wrapper, with cocotbext-axi on both sides, and keeps what comes out.

The folder named by the environment variable ``L1ML_JOB`` holds ``job.json`` and ``packets.npy`` (uint8, packets ×
bytes). The job has ``seed``, ``low``, the inputs that stay at 0, and ``phases``, each with ``first`` and ``end`` of its
packets; ``stop_in`` and ``stop_out``, the shares of clock cycles in which either side stops; ``broken``, the share of
packets before which one of a wrong length is sent; ``reset``, whether there is a reset after half of the packets, at
whatever moment. ``results.npz`` gets for each phase ``before`` and ``after``, the packets received before and after the
reset (all of them after, without one); ``broken``, how many packets of a wrong length were sent after it; ``dropped``,
how many the wrapper says it dropped; ``cycles``, clock cycles from the first packet received to the last.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from pathlib import Path

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, RisingEdge
from cocotb.utils import get_sim_time
from cocotbext.axi import AxiStreamBus, AxiStreamSink, AxiStreamSource

PERIOD = 2
"""Of the clock, in ns."""

QUIET = 400
"""Clock cycles without a packet after which no more is expected."""


def stops(share: float) -> Iterator[bool]:
    """Whether to stop, for each clock cycle; in runs of any length."""
    while True:
        stop = random.random() < share
        for _ in range(random.choice((1, 1, 2, 3, 8))):
            yield stop


class Bench:
    """The wrapper between a source and a sink."""

    def __init__(self, dut: object, packets: np.ndarray) -> None:
        self.dut, self.packets = dut, packets
        source, sink = (AxiStreamBus.from_prefix(dut, prefix) for prefix in ("s_axis", "m_axis"))
        self.source = AxiStreamSource(source, dut.aclk, dut.aresetn, reset_active_level=False)
        self.sink = AxiStreamSink(sink, dut.aclk, dut.aresetn, reset_active_level=False)
        self.source.queue_occupancy_limit_frames = 2
        self.beat = len(dut.s_axis_tdata) // 8
        self.begun = 0  # whole packets handed to the source, of those that are being sent

    async def reset(self) -> None:
        """Some clock cycles of reset; what was under way is forgotten on both sides."""
        self.dut.aresetn.value = 0
        await ClockCycles(self.dut.aclk, random.randint(1, 5))
        self.source.clear()
        self.sink.clear()
        self.dut.aresetn.value = 1

    def wrong(self, packet: bytes) -> bytes:
        """A packet with too few or too many beats."""
        beats = len(packet) // self.beat
        number = random.choice([n for n in (1, beats - 1, beats + 1, beats + 2, 2 * beats) if 0 < n != beats])
        return random.randbytes(number * self.beat)

    async def send(self, rows: np.ndarray, broken: float) -> int:
        """Send packets; returns how many of a wrong length were among them."""
        number = self.begun = 0
        for row in rows:
            packet = row.tobytes()
            if random.random() < broken:
                number += 1
                await self.source.send(self.wrong(packet))
            self.begun += 1
            await self.source.send(packet)
        return number

    async def receive(self, number: int) -> tuple[np.ndarray, int]:
        """Packets until there are as many, and somewhat longer, or until no more come; and the cycles it took."""
        quiet, seen = 0, -1
        while quiet < QUIET:
            await ClockCycles(self.dut.aclk, 20)
            quiet = quiet + 20 if self.sink.count() == seen else 0
            seen = self.sink.count()
            if seen == number and quiet >= QUIET // 4:
                break
        return self.take()

    def take(self) -> tuple[np.ndarray, int]:
        """What has been received."""
        frames = [self.sink.recv_nowait(compact=False) for _ in range(self.sink.count())]
        width = max((len(frame.tdata) for frame in frames), default=0)
        rows = [np.frombuffer(bytes(frame.tdata).ljust(width, b"?"), np.uint8) for frame in frames]
        ends = [frame.sim_time_end for frame in frames] or [get_sim_time()]
        cycles = round((ends[-1] - ends[0]) / (PERIOD * 1000))
        return np.array(rows, np.uint8).reshape(len(rows), width), cycles

    async def phase(self, what: dict[str, float]) -> dict[str, np.ndarray]:
        """One phase of the job."""
        rows = self.packets[what["first"] : what["end"]]
        self.source.set_pause_generator(stops(what["stop_in"]) if what["stop_in"] else None)
        self.sink.set_pause_generator(stops(what["stop_out"]) if what["stop_out"] else None)
        self.source.pause = self.sink.pause = False
        before = np.zeros((0, 0), np.uint8)
        if what["reset"]:
            await self.send(rows[: len(rows) // 2], what["broken"])
            await ClockCycles(self.dut.aclk, random.randint(0, 20))
            before, _ = self.take()
            await self.reset()
            rows = rows[len(rows) // 2 :]
        start = int(self.dut.dropped_packets.value)
        sender = cocotb.start_soon(self.send(rows, what["broken"]))
        after, cycles = await self.receive(len(rows))
        broken = await sender
        dropped = int(self.dut.dropped_packets.value) - (0 if what["reset"] else start)
        found = {"before": before, "after": after, "broken": broken, "dropped": dropped, "cycles": cycles}
        return {name: np.asarray(value) for name, value in found.items()}


@cocotb.test(timeout_time=1, timeout_unit="ms")  # several times what it takes
async def drive(dut: object) -> None:
    """Go through the phases."""
    folder = Path(os.environ["L1ML_JOB"])
    job = json.loads((folder / "job.json").read_text())
    random.seed(job["seed"])
    for name in job["low"]:
        getattr(dut, name).value = 0
    dut.aresetn.value = 0
    cocotb.start_soon(Clock(dut.aclk, PERIOD, unit="ns").start())
    bench = Bench(dut, np.load(folder / "packets.npy"))
    await ClockCycles(dut.aclk, 4)
    dut.aresetn.value = 1
    await RisingEdge(dut.aclk)
    results = {}
    for number, what in enumerate(job["phases"]):
        results |= {f"{number}/{name}": value for name, value in (await bench.phase(what)).items()}
    np.savez(folder / "results.npz", **results)
