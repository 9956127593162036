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

    def remark(self, layer: Any, inputs: Any, output: Any) -> str:
        """Whether negative inputs miss their entries.

        hls4ml may find that an input needs fewer bits than its quantizer has, for which the table was made.
        """
        source, entries = layer.get_input_variable().type.precision, layer.weights["table"].data.size
        if not source.signed or entries <= 1 << source.width or all((values >= 0).all() for values in inputs):
            return ""
        return (
            f"its table has {entries} entries, but its input {source} addresses {1 << source.width}, so that the "
            "C++ takes negative inputs for positive ones: give the quantizer before it fewer integer bits"
        )


FAMILY = _UnaryTables(__name__, ("UnaryLUT",))
