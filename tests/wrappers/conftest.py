"""Small cores to wrap, made once for all workers of pytest-xdist, with what their C++ says."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from small_cores import SmallCore, make_plain, make_trigger, make_words


@pytest.fixture(scope="session")
def trigger(tmp_path_factory: pytest.TempPathFactory) -> SmallCore:
    """A folded trigger with three thresholds in registers: an event every 4 clock cycles."""
    return _shared(tmp_path_factory, "wrapped_trigger", make_trigger)


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> SmallCore:
    """A core without registers and with signed results: an event every clock cycle."""
    return _shared(tmp_path_factory, "wrapped_plain", make_plain)


@pytest.fixture(scope="session")
def words(tmp_path_factory: pytest.TempPathFactory) -> SmallCore:
    """A core whose events and results pass in five words each."""
    return _shared(tmp_path_factory, "wrapped_words", make_words)


def _shared(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> SmallCore:
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():  # tried once, not for every test
            folder.mkdir()
            make(folder)
    if not (folder / SmallCore.FILE).exists():
        pytest.fail(f"{name} could not be made", pytrace=False)
    return SmallCore.load(folder)
