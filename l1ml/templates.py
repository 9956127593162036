"""Filling in the templates of ``firmware_templates/`` and of the layers' folders."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from l1ml.paths import shared


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader([shared("firmware_templates"), Path(__file__).with_name("layers")]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def render(template: str, **values: Any) -> str:
    """Text of ``firmware_templates/<template>``, or ``l1ml/layers/<template>``, with the values filled in.

    Raises:
        jinja2.UndefinedError: If the template uses a value that was not given.
    """
    return _environment().get_template(template).render(**values)
