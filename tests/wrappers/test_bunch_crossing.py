"""The bunch-crossing wrapper: each result at the right time, with the number of its event's BX, over whole orbits."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from running import compile_wrapper, run_bench
from small_cores import SmallCore

from l1ml.verification.packing import pack, unpack
from l1ml.wrappers import write_wrappers

CASES = {"LHC at 320 MHz": (8, 3564), "9 clocks, short orbits": (9, 120)}
"""Clock cycles in a BX, and BX in an orbit."""


class Table:
    """Inputs, one row for each clock cycle: reset, marker, valid, number of an event or -1."""

    def __init__(self, clocks: int, seed: int) -> None:
        self.clocks = clocks
        self.rng = np.random.default_rng(seed)
        self.rows: list[tuple[int, int, int, int]] = []
        self.events = 0

    def reset(self, cycles: int) -> None:
        """A reset, with events all the same."""
        self.rows += [(1, 0, 1, -1)] * cycles

    def bunches(self, number: int, marker: bool = False, cycles: int | None = None) -> None:
        """Some BX, three of four with an event; what comes in their other clock cycles must not matter."""
        for bunch in range(number):
            valid = int(self.rng.random() < 0.75)
            self.rows.append((0, int(marker and bunch == 0), valid, self.events))
            self.events += valid
            self.rows += [(0, 0, int(self.rng.integers(2)), -1) for _ in range((cycles or self.clocks) - 1)]


@dataclass
class Expected:
    """What must come out, by a model that counts in the plainest way."""

    latency: int
    clocks: int
    orbit: int
    first: list[bool] = field(default_factory=list)
    errors: list[int] = field(default_factory=list)
    out: dict[int, tuple[int, int]] = field(default_factory=dict)

    def follow(self, rows: list[tuple[int, int, int, int]]) -> Expected:
        """Go through the table: BX number and event (-1 for none) of each result, by clock cycle."""
        locked, phase, bx, errors = False, 0, 0, 0
        for cycle, (reset, marker, valid, event) in enumerate(rows):
            due = locked and phase == 0 and bx == 0
            moved = bool(marker) and locked and not due
            self.errors.append(errors)
            errors = 0 if reset else errors + (moved or (due and not marker))
            if marker:
                locked, phase, bx = True, 0, 0
            self.first.append(locked and phase == 0)
            if reset or moved:
                self.out = {at: what for at, what in self.out.items() if at <= cycle}
            elif locked and phase == 0:
                self.out[cycle + self.latency * self.clocks] = (bx, event if valid else -1)
            locked = locked and not reset
            phase = (phase + 1) % self.clocks
            bx = (bx + (phase == 0)) % self.orbit
        self.out = {at: what for at, what in self.out.items() if at < len(rows)}
        return self


@dataclass
class Played:
    """The table, what came of it, and what must."""

    core: SmallCore
    table: Table
    results: dict[str, NDArray[np.int64]]
    expected: Expected


@pytest.fixture(scope="module", params=CASES)
def played(trigger: SmallCore, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Two orbits and parts of others, with markers that are missing or move, and resets."""
    core, folder, (clocks, orbit) = trigger, tmp_path_factory.mktemp("bx"), CASES[request.param]
    verilog = Path(shutil.copytree(core.folder, folder / "rtl", ignore=shutil.ignore_patterns("sim")))
    (wrapper,) = write_wrappers(core.design, verilog, core.options(wrappers=("bunch_crossing",), clocks_per_bx=clocks))
    compile_wrapper(verilog, wrapper, folder / "build", {"ORBIT": orbit})
    table = Table(clocks, seed=8)
    table.reset(4)
    table.bunches(30)  # before the first marker, nothing counts
    table.bunches(orbit, marker=True)
    table.bunches(orbit)  # goes on without one
    table.bunches(200, marker=True)
    table.bunches(1, cycles=3)
    table.bunches(300, marker=True)  # moved within a BX, sooner than the core could take another event
    table.bunches(40, marker=True)  # moved by whole BX
    table.reset(1)
    table.bunches(20)
    table.bunches(150, marker=True)
    table.bunches(1, cycles=clocks - 1)
    table.bunches(100, marker=True)
    rows = np.array(table.rows)
    numbers = rows[:, 3] % len(core.events)
    noise = np.random.default_rng(1).integers(-256, 256, (len(rows), core.events.shape[1]))
    objects = np.where(rows[:, 3:] >= 0, core.events[numbers], noise)
    ports = {"rst": rows[:, 0], "bc0": rows[:, 1], "in_valid": rows[:, 2]}
    ports |= {"in_data": pack(objects, core.design.inputs[:1])}
    ports |= {name: np.zeros(len(rows), np.int64) for name in ("cfg_we", "cfg_addr", "cfg_data", "cfg_apply")}
    watch = ["out_first", "out_valid", "out_bx", "out_bc0", "in_first", "sync_errors"]
    job = {"clock": "clk", "inputs": list(ports), "watch": watch, "read": {"out_first": ["out_data"]}}
    results = run_bench("played", wrapper.top, folder / "build", folder / "job", job, **ports)
    latency = -(-(core.design.latency + 1) // clocks)
    return Played(core, table, results, Expected(latency, clocks, orbit).follow(table.rows))


def test_results_leave_whole_bunch_crossings_later_with_the_number_of_their_own(played: Played) -> None:
    results, out = played.results, played.expected.out
    np.testing.assert_array_equal(np.flatnonzero(results["out_first"][4:]) + 4, list(out))
    cycles = np.array(list(out))
    bx, events = np.array(list(out.values())).T
    np.testing.assert_array_equal(results["out_bx"][cycles], bx)
    np.testing.assert_array_equal(results["out_bc0"][cycles], bx == 0)
    assert results["out_bc0"][4:].sum() == (bx == 0).sum() >= 4
    np.testing.assert_array_equal(results["out_valid"][cycles], events >= 0)


def test_decisions_are_those_of_the_cpp(played: Played) -> None:
    first = np.flatnonzero(played.results["out_first"])
    rows = unpack(played.results["out_data/rows"], played.core.design.outputs)
    at = dict(zip(first.tolist(), rows, strict=True))
    filled = {cycle: event for cycle, (_, event) in played.expected.out.items() if event >= 0}
    expected = played.core.golden[0][np.array(list(filled.values())) % len(played.core.events)]
    np.testing.assert_array_equal([at[cycle] for cycle in filled], expected)
    assert len(filled) >= (5000 if played.expected.orbit == 3564 else 700)
    assert len(set(filled.values())) == len(filled)  # nothing twice
    lost = played.table.events - len(filled)
    most = 30 + 20 + 4 * (played.expected.latency + 1)  # before a marker; on the way at each move, reset or end
    assert 0 < lost <= most


def test_a_result_stays_for_its_bunch_crossing(played: Played) -> None:
    valid, first = played.results["out_valid"], np.array(list(played.expected.out))
    quiet = first[(first > 1000) & (first < 2 * played.expected.orbit * played.expected.clocks)]
    for offset in range(1, played.expected.clocks):
        np.testing.assert_array_equal(valid[quiet + offset], valid[quiet])


def test_markers_that_move_or_are_missing_are_counted(played: Played) -> None:
    np.testing.assert_array_equal(played.results["sync_errors"][4:], played.expected.errors[4:])
    assert max(played.expected.errors) >= 3
    rows = np.array(played.table.rows)[:, :2].any(axis=1)
    quiet = np.flatnonzero(~rows[1:] & ~rows[:-1]) + 1  # in_first follows the marker at once
    quiet = quiet[quiet > 4]
    np.testing.assert_array_equal(played.results["in_first"][quiet], np.array(played.expected.first)[quiet])
