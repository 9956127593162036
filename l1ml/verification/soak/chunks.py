"""One chunk of a soak: golden results, then the RTL, each kept on disk as soon as it is there.

A file is written whole or not at all. It says what it was made from; one that was made from something else, or is
damaged, is made again.
"""

from __future__ import annotations

import hashlib
import io
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.compiler.design import Design
from l1ml.folders import write_whole
from l1ml.verification import packing, vectors
from l1ml.verification.emulator import Emulator
from l1ml.verification.packing import pack, unpack
from l1ml.verification.soak import stream
from l1ml.verification.soak.native import NativeSimulator
from l1ml.verification.soak.stream import LARGEST_CHUNK, Stream


@dataclass(frozen=True)
class SoakJob:
    """What is to be soaked, and where.

    Attributes:
        verilog: Folder of the Verilog.
        project: hls4ml's output directory, with the compiled C++.
        folder: Where chunks, the compiled simulation and the verdict are kept.
        events: Number of events.
        seed: Of all random events.
        settings: Inputs that are the same for all events of the data.
        time_limit: Seconds for the RTL of one chunk; by default some that grow with its clock cycles.
        largest_chunk: Events of a chunk, at most.
    """

    verilog: Path
    project: Path
    folder: Path
    events: int
    seed: int = 1
    settings: tuple[str, ...] = ()
    time_limit: float | None = None
    largest_chunk: int = LARGEST_CHUNK

    @property
    def data_file(self) -> Path:
        """The events of the data set, integers in LSB."""
        return self.folder / "data.npy"

    @property
    def chunk_folder(self) -> Path:
        """Where finished chunks are kept."""
        return self.folder / "chunks"


@dataclass(frozen=True)
class Difference:
    """The first result of a chunk that differs; ``event`` counts from the start of the soak."""

    event: int
    output: int
    golden: int
    rtl: int


@dataclass(frozen=True)
class ChunkResult:
    """What one chunk gave.

    Attributes:
        events: Number of events.
        mismatches: Pairs of event and output that differ.
        first: The first of them.
        golden_seconds: Time that the C++ took.
        rtl_seconds: Time that the simulator took, from the first clock edge to the last.
        rtl_processor_seconds: Of those, what the processor spent on it.
        reused: Whether it was there already.
    """

    events: int
    mismatches: int
    first: Difference | None
    golden_seconds: float
    rtl_seconds: float
    rtl_processor_seconds: float
    reused: bool


class Chunks:
    """Makes the chunks of a job. Each process that takes part has one."""

    def __init__(self, job: SoakJob) -> None:
        """Load the design, the C++ and the events of the data set.

        Raises:
            L1mlError: If the Verilog or the C++ is missing.
        """
        self.job, self.design = job, Design.load(job.verilog)
        data = np.load(job.data_file, mmap_mode="r")
        self.stream = Stream(self.design, job.events, job.seed, data, job.settings, job.largest_chunk)
        self.simulator = NativeSimulator(job.verilog, job.folder / "native", job.time_limit)
        self.emulator = Emulator.of_project(job.project, self.design)
        ports = [str(t) for t in (*self.design.inputs, *self.design.outputs)]
        self.hashes = {
            "rtl_and_harness": self.simulator.digest,
            "cpp": _sha256(self.emulator.library),
            "data": _sha256(job.data_file),
            "generator": _sha256(*(Path(str(module.__file__)) for module in (stream, vectors, packing))),
        }
        golden = {name: value for name, value in self.hashes.items() if name != "rtl_and_harness"}
        self._made_from = {"seed": job.seed, "families": self.stream.families, "ports": ports, **golden}

    def make(self, index: int) -> ChunkResult:
        """The result of one chunk, from disk if it is there.

        Raises:
            L1mlError: If the simulation fails, or the core breaks its protocol.
        """
        identity = json.dumps({"index": index, "events": self.stream.size(index), **self._made_from}, sort_keys=True)
        golden_file = self.job.chunk_folder / f"golden-{index:06d}.npz"
        verdict_file = self.job.chunk_folder / f"rtl-{index:06d}.json"
        golden = _read_golden(golden_file, identity)
        verdict_identity = identity + self.simulator.digest
        verdict = _read_verdict(verdict_file, verdict_identity) if golden else None
        if golden and verdict:
            return _result(verdict, reused=True)
        golden = golden or self._golden(index, golden_file, identity)
        verdict = {"identity": verdict_identity, **self._verdict(index, golden)}
        write_whole(verdict_file, json.dumps(verdict))
        return _result(verdict, reused=False)

    def events_of(self, index: int) -> NDArray[np.int64]:
        """The events of one chunk, integers in LSB."""
        return self.stream.chunk(index)

    def _golden(self, index: int, file: Path, identity: str) -> Mapping[str, NDArray[Any]]:
        inputs = self.stream.chunk(index)
        started = time.monotonic()
        outputs = self.emulator.run(inputs)
        made = {
            "inputs": pack(inputs, self.design.inputs),
            "golden": pack(outputs, self.design.outputs),
            "seconds": np.array(time.monotonic() - started),
            "identity": np.array(identity),
        }
        content = io.BytesIO()
        np.savez(content, allow_pickle=False, **made)
        write_whole(file, content.getvalue())
        return made

    def _verdict(self, index: int, golden: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
        run = self.simulator.run(golden["inputs"], golden["golden"])
        mismatches, first = 0, None
        beats = self.design.out_beats
        for number, rows in sorted(run.rows.items()):
            right = unpack(golden["golden"][number * beats : (number + 1) * beats], self.design.outputs)[0]
            wrong = unpack(rows, self.design.outputs)[0]
            outputs = np.flatnonzero(right != wrong)
            mismatches += len(outputs)
            if first is None:
                output = int(outputs[0])
                event = index * self.stream.chunk_size + number
                first = vars(Difference(event, output, int(right[output]), int(wrong[output])))
        return {
            "events": len(golden["golden"]) // beats,
            "mismatches": mismatches,
            "first": first,
            "golden_seconds": float(golden["seconds"]),
            "rtl_seconds": run.seconds,
            "rtl_processor_seconds": run.processor_seconds,
        }


@lru_cache(maxsize=1)
def chunks_of(job: SoakJob) -> Chunks:
    """The chunks of a job, opened once in a process."""
    return Chunks(job)


def make_chunk(job: SoakJob, index: int) -> tuple[int, ChunkResult]:
    """Number and result of one chunk; for processes of their own."""
    return index, chunks_of(job).make(index)


def _result(verdict: dict[str, Any], *, reused: bool) -> ChunkResult:
    fields = {name: value for name, value in verdict.items() if name != "identity"}
    first = fields.pop("first")
    return ChunkResult(first=None if first is None else Difference(**first), reused=reused, **fields)


def _read_golden(file: Path, identity: str) -> Mapping[str, NDArray[Any]] | None:
    try:
        with np.load(file, allow_pickle=False) as arrays:
            found = dict(arrays)
        return found if str(found["identity"]) == identity else None
    except Exception:  # damaged bytes make zipfile and numpy raise nearly anything
        return None


def _read_verdict(file: Path, identity: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(file.read_text())
        _result(found, reused=True)
        return found if found["identity"] == identity else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _sha256(*files: Path) -> str:
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as handle:
            while block := handle.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
