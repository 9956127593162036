"""A soak of a build: many events, those of its data set first, through the Verilog and the C++ of its folder."""

from __future__ import annotations

from pathlib import Path

from l1ml.compiler.design import Design
from l1ml.datasets.parts import Prepared
from l1ml.errors import L1mlError
from l1ml.flow import Build
from l1ml.folders import MARKER, claimed
from l1ml.interrupts import heard
from l1ml.spec import load_spec
from l1ml.triggers import load_settings
from l1ml.verification.emulator import quantize_inputs
from l1ml.verification.soak import Soak, SoakJob, soak

FOLDER = "soak"
"""Folder of a build for the chunks and the verdict of a soak."""

PARTS = ("test", "validation", "train")
"""Parts of the data set in the order in which they are sent."""


def build_of(folder: Path) -> Build:
    """The build in a folder of results, as it lies there.

    Raises:
        L1mlError: If the folder is none, or its build is not finished up to the Verilog.
    """
    if not (folder / MARKER).is_file() or not (folder / "spec.yaml").is_file():
        raise L1mlError(f"{folder} is no folder of a build: {MARKER} and spec.yaml are missing there")
    for stage in ("dataset", "train", "convert", "rtl"):
        if not (folder / stage / "manifest.json").is_file():
            raise L1mlError(f"the build in {folder} has no finished stage {stage}; finish it with l1ml build")
    return Build(load_spec(folder / "spec.yaml"), folder.resolve())


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
    spec = build.spec.verification
    verilog, settings = build.folder("rtl") / "verilog", load_settings(build.folder("train"))
    design = Design.load(verilog)
    job = SoakJob(
        verilog=verilog,
        project=build.folder("convert") / "hls",
        folder=build.root / FOLDER,
        events=events,
        seed=spec.seed if seed is None else seed,
        settings=tuple(settings),
        time_limit=spec.time_limit if time_limit is None else time_limit,
    )
    with heard(), claimed(build.root, build.spec.project):
        parts = Prepared.load(build.folder("dataset")).parts
        all_events = parts[PARTS[0]]
        for part in PARTS[1:]:
            all_events = all_events.join(parts[part])
        all_events = all_events.with_settings(settings)
        data = quantize_inputs([all_events.inputs[t.name] for t in design.inputs], design)
        return soak(job, data)
