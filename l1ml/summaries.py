"""Results that tell in a few lines what they hold: in a terminal, and as HTML in a notebook."""

from __future__ import annotations

import html
from collections.abc import Sequence


class Summary:
    """A result whose text is a summary, not the arrays in it."""

    def summary(self) -> list[str]:
        """Lines of text; the first one says the most."""
        raise NotImplementedError

    @property
    def good(self) -> bool | None:
        """Whether the result is as it should be; None if it is no verdict."""
        return None

    def __str__(self) -> str:
        return "\n".join(self.summary())

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.summary()[0]}>"

    def _repr_html_(self) -> str:
        """What Jupyter shows."""
        first, *more = map(html.escape, self.summary())
        colour = {True: "#1a7f37", False: "#cf222e", None: "inherit"}[self.good]
        lines = "".join(f"<br>{line}" for line in more)
        return f'<div><b style="color: {colour}">{first}</b>{lines}</div>'


def in_words(events: int, outputs: int, mismatches: int) -> str:
    """A comparison of two sides."""
    return f"{mismatches:,} mismatches in {events:,} events × {outputs} outputs"


def shapes(arrays: object) -> str:
    """Shape of an array, or of each in a list."""
    found = arrays if isinstance(arrays, Sequence) else [arrays]
    return ", ".join(str(getattr(array, "shape", ())) for array in found)
