"""Folders of results: held by one process, owned by one project or conversion, and never half-written."""

from __future__ import annotations

import fcntl
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from l1ml.errors import L1mlError

MARKER = "l1ml.json"
"""File that tells whose output a folder is."""

FULL = 64 * 1024
"""Bytes left on a disk that is as good as full."""


@contextmanager
def in_place(target: Path, title: str = "") -> Iterator[Path]:
    """A temporary folder that takes the place of a stage's if it is filled without an error.

    Args:
        target: Folder of the stage, of its name.
        title: What is written, for messages; the stage by default.

    Raises:
        L1mlError: If the stage fails with one, or with an error of the file system; it names the stage.
    """
    scratch, root = target.with_name(f".{target.name}.partial"), target.parent
    title = title or f"stage {target.name}"
    try:
        scratch.mkdir()
        yield scratch
        _replace(target, scratch)
    except Exception as error:
        if shutil.disk_usage(root).free < FULL:
            raise L1mlError(f"{title}: the disk of {root} is full; free some space") from error
        if isinstance(error, OSError):
            where = error.filename or root
            raise L1mlError(f"{title}: {error.strerror or error} ({where})") from error
        if isinstance(error, L1mlError):
            logs = _keep_logs(scratch, root / "logs" / target.name)
            raise L1mlError(f"{title}: {str(error).replace(str(scratch), str(logs))}") from error
        raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _keep_logs(scratch: Path, kept: Path) -> Path:
    """Save the logs of a stage that failed, to which its error may point. Returns the folder that holds them."""
    shutil.rmtree(kept, ignore_errors=True)
    for log in scratch.rglob("*.log"):
        target = kept / log.relative_to(scratch)
        target.parent.mkdir(parents=True, exist_ok=True)
        log.rename(target)
    return kept


def _replace(target: Path, scratch: Path) -> None:
    """Put a finished folder in the place of an old one; at no time is there half of either."""
    if target.exists():
        old = target.with_name(f".{target.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        target.rename(old)
        scratch.rename(target)
        shutil.rmtree(old)
    else:
        scratch.rename(target)


@contextmanager
def claimed(root: Path, project: str) -> Iterator[None]:
    """Hold a folder of results for this process alone.

    Args:
        root: The folder; made if it is not there.
        project: Whose results it holds.

    Raises:
        L1mlError: If it holds something else, belongs to another project or is in use.
    """
    marker = root / MARKER
    try:
        if root.is_dir() and any(root.iterdir()) and not marker.exists():
            raise L1mlError(f"{root} holds something else than a build of l1ml; choose another folder with --out")
        root.mkdir(parents=True, exist_ok=True)
        with marker.open("a+") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise L1mlError(f"another l1ml is building in {root}; wait for it or choose another --out") from None
            handle.seek(0)
            owner = _owner(handle.read(), root)
            if owner is None:  # a new folder, or one whose making was interrupted here
                handle.write(json.dumps({"project": project}))
                handle.flush()
            elif owner != project:
                raise L1mlError(f"{root} is the output of project {owner!r}; choose another folder with --out")
            for leftover in (*root.glob(".*.partial"), *root.glob(".*.old")):  # of a killed run
                shutil.rmtree(leftover, ignore_errors=True)
            yield
    except OSError as error:
        raise L1mlError(f"{root} cannot be used: {error.strerror or error}") from error


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Wait until nobody else holds a lock, and hold it.

    Args:
        file: The lock; made if it is not there, and left there.
    """
    with file.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep others from changing a build in the meantime; a folder that is no build is nobody's.

    Raises:
        L1mlError: If the build is in use.
    """
    marker = folder / MARKER
    with claimed(folder, str(_owner(marker.read_text(), folder))) if marker.is_file() else nullcontext():
        yield


def _owner(marker: str, root: Path) -> str | None:
    """Project that a marker names, None if it is empty."""
    try:
        return str(json.loads(marker)["project"]) if marker else None
    except (ValueError, TypeError, KeyError):
        raise L1mlError(f"{root / MARKER} is damaged; remove {root}, or choose another folder with --out") from None


def write_whole(file: Path, content: str | bytes) -> None:
    """Write a file whole or not at all."""
    partial = file.with_name(f".{file.name}.partial")
    try:
        partial.write_bytes(content.encode() if isinstance(content, str) else content)
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)


def project_stamp(project: Path) -> str | None:
    """The stamp of the conversion that wrote an hls4ml project, as its `build_lib.sh` tells it."""
    script = project / "build_lib.sh"
    found = re.search(r"^LIB_STAMP=(\w+)$", script.read_text(), re.MULTILINE) if script.is_file() else None
    return found[1] if found else None
