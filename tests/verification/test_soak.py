"""A soak sends what it says, sees what differs, and gives the same verdict however often it is interrupted."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from handmade import CRASH, FATAL, FINISH, HANG, LOST, WRONG, odd_events, write_core, write_project
from numpy.typing import NDArray

from l1ml.compiler.design import Design
from l1ml.compiler.network import Tensor
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.verification.soak import Soak, SoakJob, soak
from l1ml.verification.soak.chunks import Chunks
from l1ml.verification.soak.native import NativeSimulator
from l1ml.verification.soak.stream import NUDGE, Stream

EVENTS, CHUNK = 1300, 100
HARMLESS = np.array([[1, 2, 3], [-4, 5, 100], [7, -128, 127]])


def stream(events: int, data: NDArray[np.int64], seed: int = 1, settings: tuple[str, ...] = ()) -> Stream:
    inputs = (Tensor("a", 3, FixedType(9, 5)), Tensor("t", 1, FixedType(12, 12, signed=False)))
    rest = {"outputs": (), "modules": (), "files": (), "latency": 1, "initiation_interval": 1}
    design = Design(name="net", part="", clock_ns=1, inputs=inputs, **rest)
    return Stream(design, events, seed, data, settings, largest_chunk=170)


def whole(made: Stream) -> NDArray[np.int64]:
    return np.concatenate([made.chunk(i) for i in range(made.chunks)])


def test_a_stream_is_data_then_corners_then_random_and_changed_events() -> None:
    rng = np.random.default_rng(3)
    data = np.concatenate([rng.integers(-256, 256, (700, 3)), rng.integers(0, 4096, (700, 1))], axis=1)
    made = stream(2500, data)
    events, families = whole(made), made.families
    assert len(events) == 2500 == sum(families.values())
    assert families["data"] == 700 and families["corner"] > 40
    np.testing.assert_array_equal(events[:700], data)
    assert {(-256, -256, -256, 0), (255, 255, 255, 4095)} <= {tuple(row) for row in events[700:900]}
    low, high = [-256, -256, -256, 0], [255, 255, 255, 4095]
    assert np.all(events >= low) and np.all(events <= high)
    rest = events[700 + families["corner"] :]
    distance = np.abs(rest[:, None, :] - data[None]).max(axis=2).min(axis=1)
    assert np.mean(distance[1::2] <= NUDGE) > 0.4, "half of the changed events are nudged"
    assert np.mean(distance[0::2] <= NUDGE) < 0.1


def test_the_data_take_at_most_half_of_a_stream() -> None:
    made = stream(600, np.zeros((1000, 4), dtype=np.int64))
    assert made.families["data"] == 300
    assert len(whole(made)) == 600


@pytest.mark.parametrize("events", [1, 99, 170, 171, 1000])
def test_without_data_there_are_as_many_events_as_asked_for(events: int) -> None:
    made = stream(events, np.zeros((0, 4), dtype=np.int64))
    assert len(whole(made)) == events
    assert made.families["changed"] == made.families["data"] == 0


def test_chunks_can_be_made_alone_and_depend_on_the_seed() -> None:
    data = np.full((200, 4), 7)
    first, same, other = stream(3000, data), stream(3000, data), stream(3000, data, seed=2)
    for index in (7, 3):
        np.testing.assert_array_equal(first.chunk(index), same.chunk(index))
        assert not np.array_equal(first.chunk(index), other.chunk(index))
    assert not np.array_equal(first.chunk(8), first.chunk(9))


def test_every_second_event_of_the_data_has_random_settings() -> None:
    events = stream(1200, np.full((400, 4), 7), settings=("t",)).chunk(0)
    assert np.all(events[:, :3] == 7) and np.all(events[::2, 3] == 7)
    assert len(np.unique(events[1::2, 3])) > 20


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> SoakJob:
    """A soak of the core by hand; its simulation is compiled once."""
    folder = tmp_path_factory.mktemp("soak")
    return SoakJob(write_core(folder), write_project(folder), folder / "soak", EVENTS, largest_chunk=CHUNK)


def soaked(job: SoakJob, data: NDArray[np.int64] = HARMLESS, workers: int = 1) -> Soak:
    return soak(job, data, workers)


def test_a_soak_without_a_difference_is_not_done_twice(job: SoakJob) -> None:
    first = soaked(job, workers=2)
    assert (first.events, first.outputs, first.mismatches, first.first_mismatch) == (EVENTS, 2, 0, None)
    assert (first.latency, first.initiation_interval, first.families["data"]) == (2, 1, 3)
    again = soaked(job, workers=1)
    assert (first.reused, again.reused) == (0, EVENTS)
    assert again.verdict() == first.verdict() == json.loads((job.folder / "soak.json").read_text())["verdict"]


def test_chunks_that_are_lost_damaged_or_of_something_else_are_made_again(job: SoakJob) -> None:
    clean = soaked(job)
    golden, verdicts = (sorted(job.chunk_folder.glob(pattern)) for pattern in ("golden-*", "rtl-*"))
    verdicts[0].unlink()
    golden[1].write_bytes(golden[1].read_bytes()[:-30])
    verdicts[2].write_text(verdicts[2].read_text()[:50])
    verdicts[3].write_text(verdicts[4].read_text())
    flipped = bytearray(golden[5].read_bytes())
    flipped[len(flipped) // 3] ^= 1
    golden[5].write_bytes(flipped)
    (job.chunk_folder / ".golden-000000.npz.77.partial").write_bytes(b"half")
    mended = soaked(job)
    assert mended.reused == EVENTS - 5 * CHUNK
    assert mended.verdict() == clean.verdict()
    assert not list(job.chunk_folder.glob(".*"))
    assert soaked(dataclasses.replace(job, seed=2)).reused == 0
    assert soaked(job, HARMLESS + 1).reused == 0


def test_other_verilog_or_other_cpp_is_another_soak(job: SoakJob, tmp_path: Path) -> None:
    verilog = write_core(tmp_path)
    same = NativeSimulator(verilog, tmp_path).digest
    assert same == NativeSimulator(job.verilog, tmp_path).digest
    file = verilog / "adder_sums.sv"
    file.write_text(file.read_text().replace("x1 - x2", "x1 + x2"))
    assert NativeSimulator(verilog, tmp_path).digest != same
    soaked(job)
    other = write_project(tmp_path)
    library = other / "firmware" / "adder-byhand.so"
    library.write_bytes(library.read_bytes() + b"\0")
    changed = soaked(dataclasses.replace(job, project=other))
    assert changed.reused == 0 and changed.mismatches == 0


def test_one_wrong_bit_is_found_at_its_event_and_output_and_layer(job: SoakJob) -> None:
    result = soaked(job, np.concatenate([np.tile(HARMLESS, (100, 1)), odd_events(WRONG)]))
    chunks = Chunks(job)
    sent = np.concatenate([chunks.events_of(i) for i in range(chunks.stream.chunks)])
    assert result.mismatches == np.count_nonzero((sent == (WRONG, -77, 55)).all(axis=1)) >= 1
    first = result.first_mismatch
    assert first is not None
    assert (first.event, first.output, first.golden, first.rtl) == (301, 0, 13, 12)
    assert first.layer == "sums (by hand)"
    assert first.name.endswith("[0]") and f"({first.name}: {13 * first.lsb:g}, {12 * first.lsb:g})" in str(first)
    written = json.loads((job.folder / "soak.json").read_text())["verdict"]
    assert (written["mismatches"], written["first_mismatch"]["event"]) == (result.mismatches, 301)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (LOST, r"adder breaks its protocol in \d+ clock cycles: .* first at event \d+ of 100; see .*run\.log"),
        (FATAL, r"the simulation of adder ended with exit code 1 \(%Fatal: .*x0 is 50\); see .*run\.log"),
        (CRASH, r"the simulation of adder was killed by SIGSEGV; see .*run\.log"),
        (FINISH, r"the simulation of adder ended without results; see .*run\.log"),
        (HANG, r"the simulation of adder did not end within 2 s and was stopped; .*run\.log"),
    ],
    ids=["lost", "$fatal", "crash", "$finish", "hang"],
)
def test_a_core_or_a_simulator_that_breaks_down_is_an_error_and_no_verdict(
    job: SoakJob, code: int, message: str
) -> None:
    verdict = job.folder / "soak.json"
    verdict.unlink(missing_ok=True)
    with pytest.raises(L1mlError, match=f"^{message}$"):
        soaked(dataclasses.replace(job, time_limit=2 if code == HANG else None), odd_events(code))
    assert not verdict.exists()
    assert (job.folder / "native/run.log").is_file()
