"""Functions of one element that come as a table, as HGQ and HGQ2 train them."""

from __future__ import annotations

from typing import Any

from l1ml.layers.family import Family


class _UnaryTables(Family):
    """A table for all elements."""

    def describe(self, layer: Any) -> str:
        """That it is a table."""
        return "table"

    def uniform(self, layer: Any) -> bool:
        """All elements have one table."""
        return True


FAMILY = _UnaryTables(__name__, ("UnaryLUT",))
