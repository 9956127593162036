"""What ``l1ml verify --vitis`` does and prints."""

from __future__ import annotations

from pathlib import Path

EVENTS = 10_000
"""Events unless others are asked for."""


def verify_project(
    project: Path, rtl: Path | None, events: int | None, seed: int | None, time_limit: float | None
) -> None:
    """Hold RTL of Vitis HLS against the C++ of its project and print the verdict.

    Raises:
        L1mlError: If they differ, or either cannot be run.
    """
    import l1ml
    from l1ml.api import require_verified
    from l1ml.console import console

    done = l1ml.verify(
        project, rtl=rtl, events=events or EVENTS, seed=1 if seed is None else seed, time_limit=time_limit
    )
    require_verified({"verification": done.as_dict()})
    console.print(
        f"bit-exact: {done.events:,} events × {done.outputs} outputs, 0 mismatches; {done.simulation.timing}",
        soft_wrap=True,
    )
