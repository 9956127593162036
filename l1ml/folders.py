"""Folders and files of results: held by one process, owned by one project or conversion, and never half-written."""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import IO

from l1ml.errors import L1mlError

MARKER = "l1ml.json"
"""File that tells whose output a folder is."""

LOCK = ".l1ml.lock"
"""In a folder that is no build, such as that of an hls4ml model; held by who changes what is there."""

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
    if target.exists() and _exchange(target, scratch):
        shutil.rmtree(scratch)
    elif target.exists():  # for a moment there is neither
        old = target.with_name(f".{target.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        target.rename(old)
        scratch.rename(target)
        shutil.rmtree(old)
    else:
        scratch.rename(target)


def _exchange(one: Path, other: Path) -> bool:
    """Let two folders change their names at once; False where the system or the file system cannot."""
    here, swap = -100, 2  # AT_FDCWD, RENAME_EXCHANGE of Linux
    with suppress(AttributeError, OSError):
        return not ctypes.CDLL(None).renameat2(here, os.fsencode(one), here, os.fsencode(other), swap)
    return False


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
            if not _lock(handle, marker, fcntl.LOCK_EX | fcntl.LOCK_NB):
                raise L1mlError(f"another l1ml is at work in {root}; wait for it or choose another --out")
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
def locked(file: Path, *, shared: bool = False) -> Iterator[None]:
    """Wait until nobody else holds a lock, and hold it.

    Args:
        file: The lock; made if it is not there, and left there.
        shared: Whether others may hold it, too, who share it.
    """
    while True:
        with file.open("r" if shared and file.is_file() else "a") as handle:
            if _lock(handle, file, fcntl.LOCK_SH if shared else fcntl.LOCK_EX):
                yield
                return


@contextmanager
def alone(target: Path) -> Iterator[None]:
    """Wait until nobody else fills a folder, and be the only one; what a killed run left of it goes."""
    lock = target.with_name(f".{target.name}.lock")
    with locked(lock):
        shutil.rmtree(target.with_name(f".{target.name}.partial"), ignore_errors=True)
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)  # who waits for it will see that it is gone, and make another


@contextmanager
def only_if_free(file: Path) -> Iterator[bool]:
    """Hold a lock if nobody else does; tell whether."""
    with file.open("a") as handle:
        yield _lock(handle, file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _lock(handle: IO[str], file: Path, how: int) -> bool:
    """Lock an open file; False if another holds it and it is not to be waited for, or it was removed meanwhile."""
    try:
        fcntl.flock(handle, how)
        return os.path.samestat(os.fstat(handle.fileno()), file.stat())
    except (BlockingIOError, FileNotFoundError):
        return False


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Be the only one who changes a build, or the folder of an hls4ml model, for which this waits.

    Raises:
        L1mlError: If the build is in use.
    """
    marker = folder / MARKER
    if marker.is_file():
        with claimed(folder, str(_owner(marker.read_text(), folder))):
            yield
    else:
        with _model_locked(folder):
            yield


@contextmanager
def unchanged(folder: Path) -> Iterator[None]:
    """Keep others from changing a build or the folder of an hls4ml model; they may read it at the same time.

    Raises:
        L1mlError: If the build is being changed.
    """
    marker = folder / MARKER
    if marker.is_file():
        with marker.open() as handle:
            if not _lock(handle, marker, fcntl.LOCK_SH | fcntl.LOCK_NB):
                raise L1mlError(f"another l1ml is at work in {folder}; wait for it")
            yield
    else:
        with _model_locked(folder, shared=True):
            yield


def _model_locked(folder: Path, *, shared: bool = False) -> AbstractContextManager[None]:
    """The lock of a folder that is no build, which only hls4ml models have."""
    return locked(folder / LOCK, shared=shared) if (folder / LOCK).is_file() else nullcontext()


def _owner(marker: str, root: Path) -> str | None:
    """Project that a marker names, None if it is empty."""
    try:
        return str(json.loads(marker)["project"]) if marker else None
    except (ValueError, TypeError, KeyError):
        raise L1mlError(f"{root / MARKER} is damaged; remove {root}, or choose another folder with --out") from None


@contextmanager
def written_whole(file: Path) -> Iterator[Path]:
    """A name beside a file, of this writer alone; what is written there takes the place of the file at once.

    The folder of the file is made if need be.

    Raises:
        OSError: If it cannot; then the file is what it was.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = aside(file)
    try:
        yield partial
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)


def write_whole(file: Path, content: str | bytes) -> None:
    """Write a file whole or not at all."""
    with written_whole(file) as partial:
        partial.write_bytes(content.encode() if isinstance(content, str) else content)


def aside(target: Path) -> Path:
    """A name beside a file or folder that no other process or thread takes, hidden, and told by its end."""
    return target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")


def project_stamp(project: Path) -> str | None:
    """The stamp of the conversion that wrote an hls4ml project, as its `build_lib.sh` tells it."""
    script = project / "build_lib.sh"
    found = re.search(r"^LIB_STAMP=(\w+)$", script.read_text(), re.MULTILINE) if script.is_file() else None
    return found[1] if found else None


def model_digest(project: Path) -> str:
    """SHA-256 of the C++ of an hls4ml project with its weights: which model it is, wherever that lies."""
    firmware = project / "firmware"
    return digest_of((*firmware.glob("*.cpp"), *firmware.glob("*.h"), *firmware.glob("weights/*.h")))


def digest_of(files: Iterable[Path]) -> str:
    """SHA-256 of names and contents of files."""
    digest = hashlib.sha256()
    for file in sorted(files):
        content = file.read_bytes()
        digest.update(f"{file.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()
