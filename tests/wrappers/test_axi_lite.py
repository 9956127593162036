"""Registers on AXI4-Lite: thresholds that change exactly between two events, and counters that miss nothing."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from running import compile_wrapper, run_bench
from small_cores import EVENTS, LEVELS, SmallCore

from l1ml.verification.packing import pack, unpack
from l1ml.wrappers import write_wrappers
from l1ml.wrappers.registers import register_map

RESETS = (1800, 3700)
"""Numbers of events shortly after which there is a reset."""

RESET_CYCLES = 2


@dataclass
class Played:
    core: SmallCore
    results: dict[str, NDArray[np.int64]]

    def alive(self) -> NDArray[np.bool_]:
        """Which events have left before the next reset."""
        sent, resets = self.results["sent"], [*self.results["resets"][1:], np.inf]
        ends = np.array(resets)[np.searchsorted(resets, sent, side="right")]
        return sent + self.core.design.latency <= ends

    def in_force(self, cycles: NDArray[np.int64]) -> NDArray[np.int64]:
        """Number of the set of thresholds that decides events of each clock cycle."""
        applied = [*self.results["applied"].tolist(), *([reset, 0] for reset in self.results["resets"].tolist())]
        applied.sort()
        starts, numbers = np.array(applied).T
        return numbers[np.searchsorted(starts, cycles, side="right") - 1]


@pytest.fixture(scope="module")
def played(trigger: SmallCore, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Events, and all the while other thresholds."""
    core, folder = trigger, tmp_path_factory.mktemp("axil")
    verilog = Path(shutil.copytree(core.folder, folder / "rtl", ignore=shutil.ignore_patterns("sim")))
    (wrapper,) = write_wrappers(core.design, verilog, core.options(wrappers=("axi_lite",)))
    compile_wrapper(verilog, wrapper, folder / "build")
    (values,) = (tensor for tensor in core.design.inputs if tensor.name == "thresholds")
    known = register_map(core.design, verilog, values)
    job = {
        "seed": 3,
        "interval": core.design.initiation_interval,
        "registers": {register.name: register.address for register in known.registers},
        "ID": 0x4C314D4C,
        "VERSION": 0x000100,
        "BUILD_ID": known.build_id,
        "sets": core.sets.tolist(),
        "width": values.type.width,
        "fires": LEVELS,
        "resets": RESETS,
    }
    inputs = pack(core.events, core.design.inputs[:1])
    return Played(core, run_bench("axi_lite", wrapper.top, folder / "build", folder / "job", job, inputs=inputs))


def test_every_event_is_decided_with_the_thresholds_of_its_clock_cycle(played: Played) -> None:
    results, alive = played.results, played.alive()
    sent, numbers = results["sent"][alive], played.in_force(results["sent"][alive])
    np.testing.assert_array_equal(results["received"], sent + played.core.design.latency)
    outputs = unpack(results["rows"].astype(np.uint8), played.core.design.outputs)
    np.testing.assert_array_equal(outputs, played.core.golden[numbers, np.flatnonzero(alive)])
    assert EVENTS > len(sent) > EVENTS - 60


def test_a_change_one_event_too_early_or_too_late_would_be_seen(played: Played) -> None:
    results, alive = played.results, np.flatnonzero(played.alive())
    numbers = played.in_force(results["sent"][alive])
    assert set(numbers.tolist()) == set(range(len(played.core.sets)))
    changes = np.flatnonzero(np.diff(numbers)) + 1
    assert len(changes) > 200
    golden = played.core.golden
    early = (golden[numbers[changes], alive[changes - 1]] != golden[numbers[changes - 1], alive[changes - 1]]).any(
        axis=1
    )
    late = (golden[numbers[changes - 1], alive[changes]] != golden[numbers[changes], alive[changes]]).any(axis=1)
    assert early.sum() > 50
    assert late.sum() > 50
    interval = played.core.design.initiation_interval
    gaps = results["sent"][alive[changes]] - results["sent"][alive[changes - 1]]
    assert (gaps == interval).sum() > 20  # from one event to the very next
    assert np.isin(results["applied"][:, 0], results["sent"]).any()  # together with an event: decided with the new ones
    assert np.isin(results["applied"][:, 0] - 1, results["sent"]).any()  # just before: with the old ones


def test_counters_count_everything_once(played: Played) -> None:
    results, interval = played.results, played.core.design.initiation_interval
    outputs = unpack(results["rows"].astype(np.uint8), played.core.design.outputs)
    bits = outputs[:, -LEVELS:]
    assert len(results["counted"]) > 60
    assert interval > 1
    starts = [reset + RESET_CYCLES for reset in results["resets"].tolist()]
    start = 0
    for cycle, *counts in results["counted"].tolist():
        start = max([start, *(at for at in starts if at < cycle)])
        first, end = start, cycle - 1  # what comes in the clock cycle of the write counts for the next time
        received = (results["received"] >= first) & (results["received"] < end)
        others = [((results[name] >= first) & (results[name] < end)).sum() for name in ("early", "dropped")]
        assert counts == [received.sum(), *others, *bits[received].sum(axis=0)]
        start = end
    totals = results["counted"][:, 1:].sum(axis=0)
    assert (totals > 50).all()


def test_registers_say_what_was_written_and_others_are_an_error(played: Played) -> None:
    assert int(played.results["wrong"]) == 0
