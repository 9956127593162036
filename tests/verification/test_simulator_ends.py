"""A simulator that crashes, hangs or ends early is an error that says so; it is never taken for a verdict."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from handmade import CRASH, FATAL, FINISH, HANG, odd_events, write_core
from numpy.typing import NDArray

from l1ml.errors import L1mlError
from l1ml.verification.process import run_to_end, time_limit
from l1ml.verification.simulation import CoreSimulator


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The core by hand, compiled once for all tests."""
    verilog = write_core(tmp_path_factory.mktemp("core"))
    result = CoreSimulator(verilog).run(events(1, 2, 3))
    np.testing.assert_array_equal(result.integers, [[8, 5], [9, 5], [10, 5]])
    return verilog


def events(*first: int) -> NDArray[np.int64]:
    """Events with these first elements."""
    return np.array([[x, 7, 2] for x in first])


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            FATAL,
            r"ended with exit code 1 \(%Fatal: adder\.sv:\d+: Assertion failed in adder: x0 is 50\); see .*run.log",
        ),
        (CRASH, r"was killed by SIGSEGV; see .*run.log"),
        (FINISH, r"ended without results; see .*run.log"),
    ],
    ids=["$fatal", "crash", "$finish"],
)
def test_a_simulator_that_ends_otherwise_than_it_should_is_an_error(core: Path, code: int, message: str) -> None:
    simulator = CoreSimulator(core)
    with pytest.raises(L1mlError, match=f"^the simulation of adder {message}") as error:
        simulator.run(odd_events(code))
    (log,) = re.findall(r"see (.*run\.log)", str(error.value))
    assert Path(log).is_file(), "the log that the message names is there"
    np.testing.assert_array_equal(simulator.run(events(9)).integers, [[16, 5]])


def test_a_simulation_that_never_ends_is_stopped_when_its_time_is_over(core: Path) -> None:
    simulator = CoreSimulator(core, time_limit=3)
    with pytest.raises(L1mlError, match=r"did not end within 3 s and was stopped; .* see .*run\.log"):
        simulator.run(odd_events(HANG))


def test_the_time_limit_grows_with_the_clock_cycles_unless_it_is_given() -> None:
    assert time_limit(0) >= 60
    assert time_limit(1_000_000) > 1000 + time_limit(0)
    assert time_limit(1_000_000, 5) == 5
    with pytest.raises(L1mlError, match="give seconds above 0"):
        time_limit(1, 0)


def test_an_exit_code_is_an_error_that_quotes_the_simulator(tmp_path: Path) -> None:
    command = ["sh", "-c", "echo '[0] %Error: net.sv:1: no such file'; exit 3"]
    with pytest.raises(L1mlError, match=r"it ended with exit code 3 \(%Error: net.sv:1: no such file\); see .*/log"):
        run_to_end(command, what="it", log=tmp_path / "log", limit=60, folder=tmp_path)
