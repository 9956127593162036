"""What the bench plays to a core, clock cycle by clock cycle, and what a right core answers.

The patterns are those of ``sim/core/bench_core.py``, with its random gaps. There, a core is right if every event of
the log gives one result, the right one, after the right time; here, the same is said of each clock cycle.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.compiler.design import Design
from l1ml.verification.packing import pack

RESET, OFFERED, CHECKED, VALID = 1, 2, 4, 8
"""Flags of a clock cycle, as the driver has them."""


@dataclass
class Cycles:
    """A sequence of clock cycles.

    Attributes:
        flags: Flags of each, shape (cycles,).
        inputs: Packed input bus, shape (cycles, bytes).
        outputs: Packed output bus that is expected where it is valid, shape (cycles, bytes).
        patterns: Name of each pattern with the cycle after its last.
        sent: For each pattern, the cycle of each event, counted from the start as the bench does.
    """

    flags: NDArray[np.uint8]
    inputs: NDArray[np.uint8]
    outputs: NDArray[np.uint8]
    patterns: dict[str, int]
    sent: dict[str, list[int]]

    def pattern_of(self, cycle: int) -> str:
        """Name of the pattern of a cycle."""
        return next(name for name, end in self.patterns.items() if cycle < end)

    def write(self, file: Path) -> None:
        """Write them for the driver."""
        np.concatenate([self.flags[:, None], self.inputs, self.outputs], axis=1).tofile(file)


def make_cycles(design: Design, inputs: NDArray[np.int64], golden: NDArray[np.int64], job: dict[str, Any]) -> Cycles:
    """The clock cycles in which events are verified.

    Args:
        design: The core.
        inputs: Integers in LSB, shape (events, elements of all inputs in order).
        golden: What it should give, integers in LSB, shape (events, elements of all outputs).
        job: What the bench is told: ``bench_job``.
    """
    rows, results = pack(inputs, design.inputs), pack(golden, design.outputs)
    plan = _Plan(design, rows.reshape(len(inputs), design.in_beats, -1), job["seed"])
    return plan.run(job).finish(results.reshape(len(golden), design.out_beats, -1))


@dataclass
class _Plan:
    design: Design
    rows: NDArray[np.uint8]
    seed: int
    flags: list[int] = field(default_factory=list)
    words: list[bytes] = field(default_factory=list)
    sent: list[tuple[int, int]] = field(default_factory=list)
    results: list[tuple[int, int]] = field(default_factory=list)
    ends: dict[str, int] = field(default_factory=dict)
    log: dict[str, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.bits = sum(t.bits for t in self.design.inputs)
        self.bytes = self.rows.shape[2]

    def tick(self, word: bytes | None = None, *, reset: bool = False) -> None:
        self.flags.append(CHECKED | RESET * reset | OFFERED * (word is not None))
        self.words.append(word or self.random.getrandbits(self.bits).to_bytes(self.bytes, "little"))

    def idle(self, cycles: int) -> None:
        for _ in range(cycles):
            self.tick()

    def send(self, event: int, pause: Callable[[], int] = lambda: 0) -> None:
        for number, word in enumerate(self.rows[event]):
            self.idle(pause() if number else 0)
            self.tick(word.tobytes())
        self.sent.append((len(self.flags) - 1, event))

    def keep(self, name: str, *, until: int | None = None) -> None:
        """End a pattern: its events give results, those that leave before ``until`` if that is given."""
        ready = [(cycle + self.design.latency - 1, event) for cycle, event in self.sent]
        self.results += [r for r in ready if until is None or r[0] < until]
        self.log[name] = [cycle for cycle, _ in self.sent]
        self.ends[name] = len(self.flags)
        self.sent = []

    def uncheck(self, start: int) -> None:
        """What comes out from a cycle on is not looked at."""
        self.flags[start:] = [flags & ~CHECKED for flags in self.flags[start:]]

    def run(self, job: dict[str, Any]) -> _Plan:
        interval = job["initiation_interval"]
        drain = job["latency"] + job["output_beats"] + 2 * interval + 4
        rest, total = interval - self.design.in_beats, len(self.rows)
        for _ in range(4):
            self.tick(reset=True)
        self.idle(drain)
        self.keep("after_reset")

        def every(events: int) -> Iterator[int]:
            yield from range(min(events, total))

        def pause() -> int:
            return self.random.choice((0, 0, 1, 2, 3, 7))

        for event in every(total):
            self.send(event)
            self.idle(rest)
        self.idle(drain)
        self.keep("back_to_back")
        for event in every(job["gap_events"]):
            self.send(event, pause)
            self.idle(rest + pause())
        self.idle(drain)
        self.keep("gaps")
        start = len(self.flags)
        for event in every(job["reset_events"]):
            self.send(event)
            self.idle(rest)
        self.uncheck(start)
        self.sent = []
        self.tick(reset=True)
        self.idle(drain)
        self.keep("during_reset")
        for event in every(job["reset_events"]):
            self.send(event)
            self.idle(rest)
        self.idle(drain)
        self.keep("reset")
        for event in every(job["crowded_events"]):
            self.send(event)
        self.idle(drain)
        self.sent = self.sent[:: -(-interval // self.design.in_beats)]
        self.keep("crowded")
        self._restart(job, interval, drain)
        return self

    def _restart(self, job: dict[str, Any], interval: int, drain: int) -> None:
        rest = interval - self.design.in_beats
        for number in range(min(job["restart_events"], len(self.rows))):
            start, other = len(self.flags), len(self.rows) - 1 - number
            cycles = 1 + number // 2 % interval if number % 2 else self.random.randrange(1, 1 + interval)
            for _ in range(number % 2 * (1 + job["latency"] // interval)):
                self.send(other)
                self.idle(rest)
            for word in self.rows[other][:cycles]:
                self.tick(word.tobytes())
            self.idle(cycles - self.design.in_beats)
            self.tick(reset=True)
            self.uncheck(start)
            self.sent = self.sent[:number]
            self.send(number)
            self.idle(drain)
        self.keep("restart")

    def finish(self, results: NDArray[np.uint8]) -> Cycles:
        flags = np.array(self.flags, dtype=np.uint8)
        _, beats, size = results.shape
        outputs = np.zeros((len(flags), size), dtype=np.uint8)
        for cycle, event in self.results:
            flags[cycle : cycle + beats] |= VALID
            outputs[cycle : cycle + beats] = results[event]
        inputs = np.frombuffer(b"".join(self.words), dtype=np.uint8).reshape(len(flags), self.bytes)
        return Cycles(flags, inputs, outputs, self.ends, self.log)
