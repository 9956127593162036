"""Where a file comes from: the first line of all Verilog and VHDL that is written.

It is the same whenever the same model is written by the same version: no time of writing is in it.
"""

from __future__ import annotations

import re
from importlib.metadata import version

from l1ml.compiler.design import Design

MODEL_DIGITS = 12
"""Digits of a model's hash that files have; ``design.json`` has all of them."""

_LINE = re.compile(rb"\A(//|--) L1ML \S+, .*\n")


def origin_of(design: Design, date: str = "") -> str:
    """Which version of l1ml wrote a file, for which core, of which model.

    Args:
        design: The core.
        date: Of what the model was made of, where that is known.
    """
    of = f" of {date}" if date else ""
    model = f", model {design.model[:MODEL_DIGITS]}" if design.model else ""
    return f"{_writer()}, {design.name}{of}{model}"


def cell_with_origin(text: str) -> str:
    """A file of fixed text as it is written: it may serve several cores at the same time, so it names none."""
    return f"// {_writer()}, the same for every core\n{text}"


def without_origin(content: bytes) -> bytes:
    """What a file is but for that line."""
    return _LINE.sub(b"", content, count=1)


def _writer() -> str:
    return f"L1ML {version('l1ml')}"
