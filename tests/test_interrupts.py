"""An interrupt from the keyboard ends the work, whatever the code it hits makes of it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import suppress

import pytest

from l1ml.interrupts import check, heard


@pytest.fixture(autouse=True)
def listening() -> Iterator[None]:
    """A shell that runs the tests in the background lets them ignore the keyboard."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupt() -> None:
    signal.raise_signal(signal.SIGINT)


def test_another_error_that_is_made_of_it_is_still_an_interrupt() -> None:
    with pytest.raises(KeyboardInterrupt), heard():
        try:
            interrupt()
        except KeyboardInterrupt:
            raise ImportError("half a library") from None


def test_one_that_was_swallowed_ends_the_work_at_the_next_check() -> None:
    with pytest.raises(KeyboardInterrupt), heard():
        with suppress(KeyboardInterrupt):
            interrupt()
        check()


def test_one_in_a_callback_of_the_garbage_collector_says_nothing_and_ends_the_work(
    capfd: pytest.CaptureFixture[str],
) -> None:
    class Collected:
        def __del__(self) -> None:
            interrupt()

    with pytest.raises(KeyboardInterrupt), heard():
        thing = Collected()
        del thing
        check()
    assert capfd.readouterr().err == ""


def test_errors_of_their_own_and_a_new_start_are_left_alone() -> None:
    hook = sys.unraisablehook
    with pytest.raises(ImportError), heard():
        raise ImportError("no such library")
    with suppress(KeyboardInterrupt), heard():
        interrupt()
    with heard():
        check()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert sys.unraisablehook is hook
