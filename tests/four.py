"""Four processes that do something at the same moment."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest

from l1ml.errors import L1mlError

FOUR = 4
TIMES = [1, pytest.param(100, marks=pytest.mark.slow)]
"""How often: once, and in the long form of the tests a hundred times."""

_barrier: Any = None


def _begin(barrier: Any) -> None:
    global _barrier
    _barrier = barrier


def _at_once(work: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """Do something when all processes are ready for it. Returns what comes of it, or the message of the error."""
    _barrier.wait()
    try:
        return work(*arguments)
    except L1mlError as error:
        return str(error)


class Four:
    """Four processes that begin at the same moment."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        barrier = context.Barrier(FOUR)
        self._pool = ProcessPoolExecutor(FOUR, mp_context=context, initializer=_begin, initargs=(barrier,))

    def __call__(self, work: Callable[..., Any], *arguments: tuple[Any, ...]) -> list[Any]:
        """What comes of a function in each of them: all with the same arguments, or each with its own."""
        each = arguments * FOUR if len(arguments) == 1 else arguments
        return [future.result() for future in [self._pool.submit(_at_once, work, given) for given in each]]

    def end(self) -> None:
        self._pool.shutdown()
