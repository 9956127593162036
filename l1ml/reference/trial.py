"""A first run of compiled C++ in a process of its own: AMD's types stop the whole program where they cannot go on."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

import numpy as np

from l1ml.errors import L1mlError
from l1ml.fixed import INT64_BITS, FixedType

EVENTS, SECONDS = 16, 120
"""How many events are tried, and how long that may take."""

_PROGRAM = """
import ctypes, sys
library, function, events, words = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
call = getattr(ctypes.CDLL(library), function)
call.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_longlong]
call(sys.stdin.buffer.read(), ctypes.create_string_buffer(8 * events * words), events)
"""
"""Imports nothing that takes time."""


def try_out(library: str, name: str, inputs: Sequence[tuple[FixedType, int]], outputs: int) -> None:
    """Run the C++ of a network on corner values and random ones.

    Args:
        library: The shared library.
        name: Of the network.
        inputs: Type and number of elements of each input.
        outputs: Number of elements of all outputs.

    Raises:
        L1mlError: If it stops, crashes or hangs.
    """
    rng, columns = np.random.default_rng(1), []
    for kind, size in inputs:
        low, high = (min(max(end, -1 << INT64_BITS), (1 << INT64_BITS) - 1) for end in (kind.minimum, kind.maximum))
        column = rng.integers(low, high, (EVENTS, size), endpoint=True)
        column[:3] = [[low], [high], [0]]
        columns.append(column)
    given = np.concatenate(columns, axis=1).astype("<i8").tobytes()
    command = [sys.executable, "-S", "-c", _PROGRAM, library, f"{name}_integers", str(EVENTS), str(outputs)]
    try:
        done = subprocess.run(command, input=given, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise L1mlError(f"the C++ of {name} does not end: {EVENTS} events take more than {SECONDS} s") from None
    if done.returncode:
        raise L1mlError(f"the C++ of {name} {_why(done.stderr.decode(errors='replace').strip(), done.returncode)}")


def _why(said: str, code: int) -> str:
    if "bit beyond MSB" in said:  # ap_fixed_base.h looks at the bit below the lowest that is kept
        return (
            "stops: it rounds to steps of more than twice the largest value that is rounded, which AMD's ap_fixed does "
            "not do; give results and quantizers behind small values more fractional bits, or TRN"
        )
    last = said.splitlines()[-1] if said else f"signal {-code}"
    return f"stops: {last}"
