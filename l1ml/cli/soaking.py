"""What ``l1ml verify --events`` does and prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from l1ml.builds.flow import Build


def soaked(build: Build, events: int, seed: int | None, time_limit: float | None) -> None:
    """Soak a build and print the verdict.

    Raises:
        L1mlError: If RTL and C++ differ.
    """
    from l1ml.builds.soak import FOLDER, soak_build
    from l1ml.console import console
    from l1ml.errors import L1mlError

    try:
        done = soak_build(build, events, seed=seed, time_limit=time_limit)
    except KeyboardInterrupt:
        console.print("interrupted; the next run carries on from the last finished chunk")
        raise typer.Exit(130) from None
    kinds = ", ".join(f"{count:,} {name}" for name, count in done.families.items())
    console.print(
        f"{done.events:,} events ({kinds}; seed {done.seed}) in {done.seconds:.1f} s, {done.reused:,} of before"
    )
    rate, processor_rate = done.rtl_events_per_second, done.rtl_events_per_processor_second
    console.print(
        f"each of {done.workers} processes: simulator {rate:,.0f} events/s ({processor_rate:,.0f} by processor time), "
        f"C++ {done.golden_events_per_second:,.0f} events/s",
        soft_wrap=True,
    )
    console.print(f"verdict: {build.root / FOLDER / 'soak.json'}", soft_wrap=True, markup=False)
    if done.first_mismatch is not None:
        raise L1mlError(f"RTL and C++ differ in {done.mismatches} outputs; {done.first_mismatch}")
    console.print(
        f"bit-exact: {done.events:,} events × {done.outputs} outputs, 0 mismatches; every result left after "
        f"{done.latency} clock cycles, at II {done.initiation_interval}",
        soft_wrap=True,
    )
