"""Running a simulator to its end, and no longer than it may take."""

from __future__ import annotations

import logging
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path

from l1ml.errors import L1mlError

_said = logging.getLogger(__name__)

PATIENCE = 300.0
"""Seconds that any simulation has, however short it is."""

SECONDS_PER_CYCLE = 0.01
"""Seconds that it has on top for each clock cycle; the jet tagger takes less than a hundredth of that."""

_running: set[subprocess.Popen[bytes]] = set()


def time_limit(cycles: int, asked: float | None = None) -> float:
    """Seconds after which a simulation is taken to hang.

    Args:
        cycles: Clock cycles that it is to simulate.
        asked: What the user allows instead.

    Raises:
        L1mlError: If the user allows nothing.
    """
    if asked is None:
        return PATIENCE + SECONDS_PER_CYCLE * cycles
    if asked <= 0:
        raise L1mlError(f"a time limit of {asked:g} s leaves a simulation no time; give seconds above 0")
    return asked


def run_to_end(
    command: Sequence[str | Path],
    *,
    what: str,
    log: Path,
    limit: float,
    folder: Path,
    env: Mapping[str, str] | None = None,
    output: Path | None = None,
) -> None:
    """Run a program that must end by itself, in time, and with exit code 0.

    Args:
        command: The program and its arguments.
        what: What it is, for messages: "the simulation of net".
        log: File for all that it prints.
        limit: Seconds that it may take.
        folder: Where it runs.
        env: Its environment; that of this process by default.
        output: File for its standard output, if that is not to go to the log.

    Raises:
        L1mlError: If it crashes, is killed, takes too long or reports an error; it says so, and names the log.
    """
    _said.info("%s: %s", what, shlex.join(map(str, command)))
    with log.open("wb") as sink, output.open("wb") if output else nullcontext(sink) as out:
        try:
            process = subprocess.Popen(
                list(map(str, command)),
                cwd=folder,
                env=env,
                stdout=out,
                stderr=sink,
                stdin=subprocess.DEVNULL,
            )
        except OSError as error:
            raise L1mlError(f"{what} cannot be started: {error.strerror or error} ({error.filename})") from None
        _running.add(process)
        try:
            code = process.wait(timeout=limit)
        except subprocess.TimeoutExpired:
            raise L1mlError(
                f"{what} did not end within {limit:g} s and was stopped; allow it more with a time limit, or see {log}"
            ) from None
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            _running.discard(process)
    if code:
        raise L1mlError(f"{what} {_manner(code)}{_complaint(log)}; see {log}")


def with_log_kept(error: L1mlError, log: Path) -> L1mlError:
    """The error of a program, naming a copy of its log, which stays when the folder of work goes."""
    kept = Path(tempfile.mkdtemp(prefix="l1ml-log-")) / log.name
    shutil.copyfile(log, kept)
    return L1mlError(str(error).replace(str(log), str(kept)))


def kill_running() -> None:
    """Kill the programs that this process waits for."""
    for process in list(_running):
        process.kill()


def _manner(code: int) -> str:
    """How a program ended."""
    if code > 0:
        return f"ended with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"was killed by {name}" + (" (is there enough memory?)" if name == "SIGKILL" else "")


def _complaint(log: Path) -> str:
    """What the simulator or compiler itself says went wrong, if it says so."""
    for line in log.read_text(errors="replace").splitlines():
        for mark in ("%Error", "%Fatal", " error: "):
            if mark in line:
                return f" ({line[line.index(mark) :].strip()})"
    return ""
