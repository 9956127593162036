"""Packages that only some uses of l1ml need: the extras of its installation, and messages that name them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from l1ml.errors import L1mlError

EXTRAS = {
    "awkward": "generate",
    "fastjet": "generate",
    "h5py": "train",
    "hgq": "hgq2",
    "keras": "keras",
    "matplotlib": "train",
    "mplhep": "train",
    "pythia8mc": "generate",
    "qkeras": "train",
    "qonnx": "qonnx",
    "scipy": "train",
    "sklearn": "train",
    "tensorflow": "keras",
    "tensorflow_model_optimization": "train",
    "tf_keras": "train",
    "torch": "pytorch",
}
"""The extra that installs a package, by the name under which it is imported."""


def how_to_get(package: str) -> str:
    """The command that installs a package of `EXTRAS`."""
    return f"pip install 'l1ml[{EXTRAS[package]}]'"


@contextmanager
def named_extras() -> Iterator[None]:
    """Tell how to get a package of `EXTRAS` that is not installed.

    Raises:
        L1mlError: Instead of Python's own error.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in EXTRAS:
            raise
        raise L1mlError(f"this needs {package}, which is not installed: {how_to_get(package)}") from error
