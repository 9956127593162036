"""Circuits on disk, beside the text that is printed of them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from l1ml.compiler import circuit
from l1ml.compiler.circuit import Module
from l1ml.compiler.circuit.checks import check_instances
from l1ml.errors import L1mlError

FILE_NAME = "circuits.json.gz"
"""Written beside the Verilog."""

VERSION = 1
"""Of the form of the file."""


def save_circuits(modules: Sequence[Module], folder: Path) -> None:
    """Write modules into the folder of their Verilog: the same bytes for the same modules.

    Raises:
        ValueError: If an instance of one in another is connected wrongly.
    """
    check_instances(modules)
    text = json.dumps({"version": VERSION, "modules": [_encode(m) for m in modules]}, separators=(",", ":"))
    (folder / FILE_NAME).write_bytes(gzip.compress(text.encode(), compresslevel=6, mtime=0))


def load_circuits(folder: Path) -> dict[str, Module]:
    """Read the modules of a folder of Verilog, by name.

    Raises:
        L1mlError: If they are missing or not what ``save_circuits`` of this version writes.
    """
    file = folder / FILE_NAME
    try:
        found = json.loads(gzip.decompress(file.read_bytes()))
        if found["version"] != VERSION:
            raise ValueError(f"version {found['version']}")
        modules = [_decode(entry) for entry in found["modules"]]
    except FileNotFoundError:
        raise L1mlError(f"{file} is missing: write the Verilog again, with hls_model.write() or l1ml rtl") from None
    except (ValueError, KeyError, TypeError, IndexError, EOFError, OSError) as error:
        raise L1mlError(f"{file} does not hold circuits of this version of l1ml ({error}); write it again") from None
    return {module.name: module for module in modules}


def _encode(value: Any) -> Any:
    """Objects as lists that begin with the name of their class, tuples as lists that begin with nothing."""
    if isinstance(value, tuple):
        return [None, *map(_encode, value)]
    if isinstance(value, Mapping):
        return {key: _encode(item) for key, item in value.items()}
    if value is None or isinstance(value, (int, str)):
        return value
    return [type(value).__name__, *(_encode(getattr(value, field.name)) for field in fields(value))]


def _decode(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _decode(item) for key, item in value.items()}
    if not isinstance(value, list):
        return value
    kind, *rest = value
    items = map(_decode, rest)
    return tuple(items) if kind is None else getattr(circuit, kind)(*items)
