"""A disk without room ends a build in one line, and nothing half-written stays."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from command_line import L1ML, SmallBuild, error_of, l1ml, left_in, manifests

from l1ml.builds.flow import STAGES

NAMES = [stage.name for stage in STAGES]

SLOW = ("train", "convert")
"""Stages that import TensorFlow."""


class SmallDisk:
    """A file system of its own, in memory, whose size can be changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)]
        if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode:
            pytest.skip("mounting a file system needs the rights of root")

    def leave(self, room: int) -> None:
        usage = shutil.disk_usage(self.folder)
        size = usage.used + room
        subprocess.run(["mount", "-o", f"remount,size={size}", str(self.folder)], check=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    disk = SmallDisk(tmp_path / "disk")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk.folder)], check=True)


@pytest.mark.parametrize(
    "stage", [pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in NAMES]
)
def test_a_full_disk_in_any_stage_is_one_line_and_leaves_no_half_stage(
    stage: str, small_disk: SmallDisk, small_build: SmallBuild, copy_build: Callable[..., Path]
) -> None:
    before = NAMES[: NAMES.index(stage)]
    folder = copy_build(before, to=small_disk.folder / "out")
    finished = manifests(folder)
    small_disk.leave(room=20_000)
    message = error_of(l1ml("build", small_build.spec, "--out", folder))
    assert message.startswith(f"stage {stage}: ")
    assert "is full" in message or "No space left" in message
    assert manifests(folder) == finished
    assert {path for path in left_in(folder) if path != "logs"} == set(before)
    if stage in ("dataset", "report"):  # the others carry on in the same way, and take longer
        small_disk.leave(room=32_000_000)
        command = ["data", "prepare"] if stage == "dataset" else ["build"]
        assert l1ml(*command, small_build.spec, "--out", folder).returncode == 0
        assert manifests(folder).keys() == {*before, stage}


def test_a_disk_too_full_to_begin_is_one_line_and_the_next_run_begins(
    small_disk: SmallDisk, small_build: SmallBuild
) -> None:
    folder = small_disk.folder / "out"
    small_disk.leave(room=4096)
    (small_disk.folder / "filler").write_bytes(b"x" * 4096)
    assert "No space left" in error_of(l1ml("data", "prepare", small_build.spec, "--out", folder))
    small_disk.leave(room=8_000_000)
    assert l1ml("data", "prepare", small_build.spec, "--out", folder).returncode == 0
    other = l1ml("data", "prepare", small_build.spec, "--set", "project=other", "--out", folder)
    assert "is the output of project 'small_tagger'" in error_of(other)


def test_a_limit_on_the_size_of_files_is_one_line_and_leaves_no_half_stage(
    small_build: SmallBuild, tmp_path: Path
) -> None:
    """Stands in for a full disk where no file system can be mounted."""
    folder = tmp_path / "out"
    limit = 50_000
    done = subprocess.run(
        [L1ML, "data", "prepare", small_build.spec, "--out", folder],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert error_of(done).startswith("stage dataset: File too large")
    assert left_in(folder) == set()
