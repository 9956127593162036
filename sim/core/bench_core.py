"""Drives a trigger core and records what it answers and when.

The job is a folder named by the environment variable ``L1ML_JOB``: ``job.json`` and ``inputs.npy`` (uint8,
events × words × bytes, each row the packed input bus, least significant byte first) go in, ``results.npz`` comes out.
Most cores take an event in one word and give its result in one. The clock cycle of an event is that of its last word.
Inputs change and outputs are read at the falling edge of the clock, half a cycle away from the registers, so
nothing depends on the order in which a simulator evaluates a rising edge.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge

Event = list[int]
"""The words of an event."""


class Core:
    """The ports of a core, and a log of what went in and out with the clock cycle of each."""

    def __init__(self, dut: object, output_bytes: int) -> None:
        self.dut = dut
        self.output_bytes = output_bytes
        self.cycle = 0
        self.sent: list[int] = []
        self.received: list[int] = []
        self.rows: list[bytes] = []

    async def tick(self, word: int | None = None, *, reset: bool = False) -> None:
        """One clock cycle, in which ``word`` is offered."""
        dut = self.dut
        dut.rst.value = int(reset)
        dut.in_valid.value = int(word is not None)
        if word is not None:
            dut.in_data.value = word
        else:
            # What lies on the bus between words must not matter.
            dut.in_data.value = random.getrandbits(len(dut.in_data))
        await FallingEdge(dut.clk)
        self.cycle += 1
        if int(dut.out_valid.value):
            self.received.append(self.cycle)
            self.rows.append(dut.out_data.value.to_unsigned().to_bytes(self.output_bytes, "little"))

    async def idle(self, cycles: int) -> None:
        """Cycles without words."""
        for _ in range(cycles):
            await self.tick()

    async def send(self, event: Event, pause: Callable[[], int] = lambda: 0) -> None:
        """An event, with pauses between its words."""
        for number, word in enumerate(event):
            await self.idle(pause() if number else 0)
            await self.tick(word)
        self.sent.append(self.cycle - 1)

    async def interrupted(self, events: list[Event], rest: int, cycles: int) -> None:
        """Some events and the first cycles of the last, then a reset. What comes of them until then is not kept."""
        results, sent = len(self.received), len(self.sent)
        for event in events[:-1]:
            await self.send(event)
            await self.idle(rest)
        await self.send(events[-1][:cycles])
        await self.idle(cycles - len(events[-1]))
        await self.tick(reset=True)
        del self.sent[sent:], self.received[results:], self.rows[results:]

    def take_log(self) -> dict[str, np.ndarray]:
        """The log since the last call."""
        rows = np.frombuffer(b"".join(self.rows), dtype=np.uint8).reshape(len(self.rows), self.output_bytes)
        log = {"sent": np.array(self.sent), "received": np.array(self.received), "rows": rows}
        self.sent, self.received, self.rows = [], [], []
        return log


def events_of(inputs: np.ndarray) -> Iterator[Event]:
    """Rows of packed bytes as integers."""
    return ([int.from_bytes(row.tobytes(), "little") for row in rows] for rows in inputs)


async def probe(core: Core, event: Event, probes: dict[str, tuple[str, int, int]]) -> dict[str, np.ndarray]:
    """Send one event and read each internal signal in the cycles in which it holds that event's words.

    Each probe is a signal, the cycle of its first word counted from that of the event's last, and how many words follow
    each other.
    """
    found: dict[str, list[np.ndarray]] = {name: [] for name in probes}
    for cycle in range(1 - len(event), max(first + beats for _, first, beats in probes.values())):
        await core.tick(event[cycle + len(event) - 1] if cycle <= 0 else None)
        for name, (signal, first, beats) in probes.items():
            if first <= cycle + 1 < first + beats:
                value = getattr(core.dut, signal).value
                row = value.to_unsigned().to_bytes((len(value) + 7) // 8, "little")
                found[name].append(np.frombuffer(row, dtype=np.uint8))
    return {f"probe/{name}": np.stack(rows) for name, rows in found.items()}


@cocotb.test()
async def drive(dut: object) -> None:
    """Send the events of the job in each of its patterns."""
    folder = Path(os.environ["L1ML_JOB"])
    job = json.loads((folder / "job.json").read_text())
    inputs = np.load(folder / "inputs.npy", mmap_mode="r")
    interval = job["initiation_interval"]
    drain = job["latency"] + job["output_beats"] + 2 * interval + 4
    rest = interval - inputs.shape[1]  # cycles of an interval without a word
    random.seed(job["seed"])
    cocotb.start_soon(Clock(dut.clk, 2, unit="ns").start())
    core = Core(dut, job["output_bytes"])
    await FallingEdge(dut.clk)
    for _ in range(4):
        await core.tick(reset=True)
    await core.idle(drain)
    results: dict[str, np.ndarray] = {}

    def pause() -> int:
        return random.choice((0, 0, 1, 2, 3, 7))

    def keep(pattern: str) -> None:
        results.update({f"{pattern}/{key}": value for key, value in core.take_log().items()})

    keep("after_reset")

    if job["probes"]:
        results.update(await probe(core, next(events_of(inputs)), job["probes"]))
        np.savez(folder / "results.npz", **results)
        return

    for event in events_of(inputs):
        await core.send(event)
        await core.idle(rest)
    await core.idle(drain)
    keep("back_to_back")

    for event in events_of(inputs[: job["gap_events"]]):
        await core.send(event, pause)
        await core.idle(rest + pause())
    await core.idle(drain)
    keep("gaps")

    # A reset in mid-stream: what was under way is lost, nothing of it may come out, the next event counts.
    for event in events_of(inputs[: job["reset_events"]]):
        await core.send(event)
        await core.idle(rest)
    core.take_log()
    await core.tick(reset=True)
    await core.idle(drain)
    keep("during_reset")
    for event in events_of(inputs[: job["reset_events"]]):
        await core.send(event)
        await core.idle(rest)
    await core.idle(drain)
    keep("reset")

    # Events that come faster than allowed: the core takes each one that is due and the others do not disturb it.
    for event in events_of(inputs[: job["crowded_events"]]):
        await core.send(event)
    await core.idle(drain)
    core.sent = core.sent[:: -(-interval // inputs.shape[1])]
    keep("crowded")

    # A reset in the middle of an event, every second time in each cycle of an interval in turn, with as many events on
    # their way as there can be, and at once another event, which finds nothing of those before.
    for number, event in enumerate(events_of(inputs[: job["restart_events"]])):
        others = list(events_of(inputs[[-1 - number] * (1 + number % 2 * (1 + job["latency"] // interval))]))
        cycles = 1 + number // 2 % interval if number % 2 else random.randrange(1, 1 + interval)
        await core.interrupted(others, rest, cycles)
        await core.send(event)
        await core.idle(drain)
    keep("restart")

    np.savez(folder / "results.npz", **results)
