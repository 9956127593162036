"""What is compiled once and kept for all processes: built aside, put in place by one rename, held while in use."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from l1ml.errors import L1mlError
from l1ml.folders import aside, locked, only_if_free


@contextmanager
def compiled(
    folder: Path, name: Callable[[], str], program: str, build: Callable[[Path], None]
) -> Iterator[tuple[Path, bool]]:
    """Hold what was compiled, and compile it unless it is there. Others may use it, none removes it meanwhile.

    Args:
        folder: Where it is kept. If several need the same at the same time, one compiles it, and the others wait.
        name: What it is called there, by a hash of its sources as they are when this is asked.
        program: Name of the program in it, without which it is not finished.
        build: Fills a folder of another name, which takes the place.

    Yields:
        The folder of that name, and whether it was filled here.

    Raises:
        L1mlError: If it does not compile, with the place to which its log was saved, or the sources change meanwhile.
    """
    target, fresh = folder / name(), False
    folder.mkdir(parents=True, exist_ok=True)
    while True:
        with locked(_lock_of(target), shared=True):
            if is_compiled(target, program):
                yield target, fresh
                return
        with locked(_lock_of(target)):
            if not is_compiled(target, program):
                _fill(target, name, build)
                fresh = True


def is_compiled(target: Path, program: str) -> bool:
    """Whether a folder holds its program."""
    return (target / program).is_file()


def remove_others(target: Path) -> None:
    """Remove what was compiled before and is of no more use, but for what others are using.

    Args:
        target: What stays of its folder.
    """
    for old in target.parent.iterdir():
        if old != target and old.is_dir() and not old.name.startswith("."):
            with only_if_free(_lock_of(old)) as free:
                if free:
                    shutil.rmtree(old, ignore_errors=True)
                    _lock_of(old).unlink(missing_ok=True)


def _lock_of(target: Path) -> Path:
    return target.with_name(f".{target.name}.lock")


def _fill(target: Path, name: Callable[[], str], build: Callable[[Path], None]) -> None:
    for leftover in target.parent.glob(f".{target.name}.*.partial"):  # of a killed run: nobody else has the lock
        shutil.rmtree(leftover, ignore_errors=True)
    shutil.rmtree(target, ignore_errors=True)
    scratch = aside(target)
    try:
        build(scratch)
        if name() != target.name:
            raise L1mlError(f"the sources of {target} were changed while they were compiled; try again")
        scratch.rename(target)
    except L1mlError as error:
        message = str(error)
        for log in scratch.glob("*.log"):
            kept = target.with_name(f"{target.name}.{log.name}")
            with suppress(OSError):
                log.replace(kept)
            message = message.replace(str(log), str(kept))
        raise L1mlError(message) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
