"""Links of an EMP payload: elements where the frame map says, broken packets dropped, orbits marked."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from running import compile_wrapper, run_bench
from small_cores import SmallCore

from l1ml.wrappers import EmpOptions, write_wrappers


@dataclass(frozen=True)
class Case:
    """A frame map: link, frame, lowest bit and width of the field of each element."""

    core: str
    options: EmpOptions
    frames: int
    output_frames: int
    inputs: list[tuple[int, int, int, int]]
    outputs: list[tuple[int, int, int, int]]


CASES = {
    "an_element_in_each_word": Case(
        "trigger",
        EmpOptions(frames=4, output_frames=2, field=64),
        frames=4,
        output_frames=2,
        inputs=[(k // 4, k % 4, 0, 64) for k in range(6)],
        outputs=[(k // 2, k % 2, 0, 64) for k in range(4)],
    ),
    "a_map_of_the_user": Case(
        "plain",
        EmpOptions(frames=1, input_map=("1.0.3", "0.0.50", "0.0.0"), output_map=("1.0.53", "0.0.20")),
        frames=1,
        output_frames=1,
        inputs=[(1, 0, 3, 7), (0, 0, 50, 7), (0, 0, 0, 7)],
        outputs=[(1, 0, 53, 11), (0, 0, 20, 11)],
    ),
}
LINKS = 2
FLAGS = ("in_valid", "in_start", "in_last", "in_start_of_orbit", "in_strobe")


def words_of(values: NDArray[np.int64], places: list[tuple[int, int, int, int]], frames: int) -> list[list[list[int]]]:
    """Words of each event: by event, frame and link."""
    found = []
    for event in values.tolist():
        words = [[0] * LINKS for _ in range(frames)]
        for value, (link, frame, bit, width) in zip(event, places, strict=True):
            words[frame][link] |= (value & ((1 << width) - 1)) << bit
        found.append(words)
    return found


class Table:
    """Words on the links, clock cycle by clock cycle, and which of them make an event."""

    def __init__(self, frames: int, seed: int) -> None:
        self.frames, self.rng = frames, np.random.default_rng(seed)
        self.flags: list[list[int]] = []  # rst, then those of FLAGS with a bit for each link
        self.data: list[list[int]] = []
        self.whole: list[tuple[int, bool, int]] = []  # clock cycle of the last word, start of orbit, reset before
        self.dropped = [0]  # since each reset
        self.bursts = 0

    def cycle(self, words: list[int] | None, start: bool = False, last: bool = False, orbit: bool = False) -> None:
        """A clock cycle; without words, whatever else is on the links must not matter."""
        if words is None:
            noise = self.rng.integers(0, 4, 3).tolist()
            valid, strobe = [(0, 3), (3, 0), (0, 0), (1, 2)][self.rng.integers(4)]
            self.flags.append([0, valid, *noise, strobe])
            self.data.append(self.rng.integers(0, 1 << 63, LINKS).tolist())
        else:
            self.flags.append([0, 3, 3 * start, 3 * last, 3 * orbit, 3])
            self.data.append(words)

    def packet(self, words: list[list[int]], gaps: float, fault: str = "") -> None:
        """A packet, whole or with a fault."""
        orbit = bool(self.rng.random() < 0.2)
        words = [list(word) for word in words]
        if fault == "short":
            del words[-1]
        if fault in ("long", "cut"):
            words = words + words[:1] if fault == "long" else words[: max(1, len(words) // 2)]
        for number, word in enumerate(words):
            while self.rng.random() < gaps:
                self.cycle(None)
            last = number == len(words) - 1 and fault != "cut"
            self.cycle(word, start=number == 0, last=last, orbit=orbit and number == 0)
            if fault in ("valid", "start", "last", "orbit") and number == len(words) - 1:
                column = {"valid": 1, "start": 2, "last": 3, "orbit": 4}[fault]
                self.flags[-1][column] ^= 2  # of link 1 alone
        if fault:
            self.dropped[-1] += 1
        else:
            self.whole.append((len(self.flags) - 1, orbit, len(self.dropped)))

    def reset(self) -> None:
        """A reset, at whatever moment, with a word that comes all the same."""
        self.flags.append([1, 3, 3, 3, 3, 3])
        self.data.append([1, 1])
        self.dropped.append(0)


@dataclass
class Played:
    case: Case
    core: SmallCore
    table: Table
    results: dict[str, NDArray[np.int64]]
    resets: list[int]


@pytest.fixture(scope="module", params=CASES)
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Packets back to back, with gaps, broken in all ways, with resets between and within."""
    case = CASES[request.param]
    core: SmallCore = request.getfixturevalue(case.core)
    folder = tmp_path_factory.mktemp("emp")
    verilog = Path(shutil.copytree(core.folder, folder / "rtl", ignore=shutil.ignore_patterns("sim")))
    (wrapper,) = write_wrappers(core.design, verilog, core.options(wrappers=("emp",), emp=case.options))
    compile_wrapper(verilog, wrapper, folder / "build")
    table = _table(case, words_of(core.events, case.inputs, case.frames))
    flags = np.array(table.flags)
    data = np.array(table.data, dtype=np.uint64)
    ports = {"rst": flags[:, 0], **{name: flags[:, 1 + i] for i, name in enumerate(FLAGS)}}
    ports["in_data"] = data.view(np.uint8).reshape(len(data), -1)
    if core.sets.shape[1]:
        ports |= {name: np.zeros(len(flags), np.int64) for name in ("cfg_we", "cfg_addr", "cfg_data", "cfg_apply")}
    watch = ["out_valid", "out_start", "out_last", "out_start_of_orbit", "out_strobe", "dropped_packets"]
    job = {"clock": "clk", "inputs": list(ports), "watch": watch, "read": {"out_valid": ["out_data"]}}
    results = run_bench("played", wrapper.top, folder / "build", folder / "job", job, **ports)
    return Played(case, core, table, results, np.flatnonzero(flags[:, 0]).tolist())


def _table(case: Case, packets: list[list[list[int]]]) -> Table:
    table = Table(case.frames, seed=11)
    table.reset()
    faults = ["valid", "start", "last", "orbit", *(("short", "long", "cut") if case.frames > 1 else ())]
    for number, words in enumerate(packets[:5500]):
        burst = number // 500 % 3  # back to back; with gaps; with gaps and faults
        if burst == 2 and table.rng.random() < 0.3:
            fault = faults[table.rng.integers(len(faults))]
            # A packet that is cut by the next start needs one; link 0 alone says where packets start.
            table.packet(packets[table.rng.integers(len(packets))], 0.3, fault)
            if fault != "cut" and table.rng.random() < 0.5:
                table.cycle(None)
        table.packet(words, 0.3 if burst else 0.0)
        if number % 1100 == 1099:
            if number % 2200 == 1099:  # in the middle of a packet, with events under way
                table.packet(words, 0.0, "cut")
            table.reset()
    for _ in range(80):
        table.cycle(None)
    return table


def expected(played: Played) -> tuple[dict[int, tuple[bool, bool, bool]], dict[int, list[int]]]:
    """Flags and words of each clock cycle in which there are some."""
    case, core = played.case, played.core
    results = words_of(core.golden[0], case.outputs, case.output_frames)
    flags, words = {}, {}
    for number, (last, orbit, _) in enumerate(played.table.whole):
        ends = [reset for reset in played.resets if reset >= last]
        for frame in range(case.output_frames):
            at = last + core.design.latency + 2 + frame
            if at <= min(ends, default=at):
                first = frame == 0
                flags[at] = (first, frame == case.output_frames - 1, orbit and first)
                words[at] = results[number % len(results)][frame]
    return flags, words


def test_results_leave_on_time_with_the_words_of_the_cpp(played: Played) -> None:
    flags, words = expected(played)
    results = {name: column[2:] for name, column in played.results.items() if not name.endswith("/rows")}
    cycles = np.flatnonzero(results["out_valid"]) + 2
    np.testing.assert_array_equal(cycles, sorted(flags))
    assert set(results["out_valid"].tolist()) == {0, 3}
    for name, column in (("out_start", 0), ("out_last", 1), ("out_start_of_orbit", 2)):
        must = np.zeros(len(results[name]), np.int64)
        must[cycles - 2] = [3 * flags[cycle][column] for cycle in cycles.tolist()]
        np.testing.assert_array_equal(results[name], must)
    assert set(results["out_strobe"].tolist()) == {3}
    said = np.ascontiguousarray(played.results["out_data/rows"][-len(cycles) :]).view(np.uint64)
    np.testing.assert_array_equal(said, np.array([words[cycle] for cycle in cycles.tolist()], dtype=np.uint64))
    assert len(cycles) >= 5000 * played.case.output_frames


def test_broken_packets_are_dropped_and_counted(played: Played) -> None:
    assert sum(played.table.dropped) > 300
    counts = [int(played.results["dropped_packets"][reset]) for reset in played.resets[1:]]
    counts.append(int(played.results["dropped_packets"][-1]))
    for said, must in zip(counts, played.table.dropped[1:], strict=True):
        assert must - 2 <= said <= must
    assert counts[-1] == played.table.dropped[-1]
