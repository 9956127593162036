"""A soak of a build: many events, those of its data set first, through the Verilog and the C++ of its folder."""

from __future__ import annotations

from l1ml.builds.build import Build
from l1ml.folders import claimed
from l1ml.interrupts import heard
from l1ml.verification.soak import Soak, SoakJob, soak

FOLDER = "soak"
"""Folder of a build for the chunks and the verdict of a soak."""

PARTS = ("test", "validation", "train")
"""Parts of the data set in the order in which they are sent."""


def soak_build(build: Build, events: int, *, seed: int | None = None, time_limit: float | None = None) -> Soak:
    """Send many events through the Verilog and the C++ of a build; nothing of it is made again.

    Args:
        build: A build that is finished up to the Verilog.
        events: Number of events.
        seed: Of the random ones; that of the spec by default.
        time_limit: Seconds for the simulation of one chunk of events.

    Raises:
        L1mlError: If the folder is in use, a simulation fails, or the core breaks its protocol.
    """
    spec, design = build.spec.verification, build.design()
    job = SoakJob(
        verilog=build.verilog,
        project=build.cpp,
        folder=build.root / FOLDER,
        events=events,
        seed=spec.seed if seed is None else seed,
        settings=tuple(build.settings()),
        time_limit=spec.time_limit if time_limit is None else time_limit,
    )
    with heard(), claimed(build.root, build.spec.project):
        return soak(job, build.events(design, *PARTS))
