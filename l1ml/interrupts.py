"""An interrupt from the keyboard that is not lost: where libraries swallow it, or make another error of it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_pending = False
"""Whether an interrupt came that has not ended the work yet."""


@contextmanager
def heard() -> Iterator[None]:
    """Let an interrupt end the work inside as ``KeyboardInterrupt``, whatever the code it hits makes of it.

    Importing TensorFlow turns some into other exceptions, and one in a callback of the garbage collector is dropped by
    Python; ``check`` finds those. To be used in the main thread.
    """
    global _pending
    _pending = False
    handler, hook = signal.getsignal(signal.SIGINT), sys.unraisablehook
    if handler is signal.default_int_handler:
        signal.signal(signal.SIGINT, _note)
        sys.unraisablehook = lambda dropped: None if isinstance(dropped.exc_value, KeyboardInterrupt) else hook(dropped)
    try:
        yield
    except Exception as error:
        if _pending:
            raise KeyboardInterrupt from error
        raise
    finally:
        signal.signal(signal.SIGINT, handler)
        sys.unraisablehook = hook


def check() -> None:
    """End the work here if an interrupt was swallowed before. Long work calls this now and then."""
    if _pending:
        raise KeyboardInterrupt


def _note(_signal: int, _frame: FrameType | None) -> None:
    global _pending
    _pending = True
    raise KeyboardInterrupt
