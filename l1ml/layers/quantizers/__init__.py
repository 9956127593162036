"""Casts with a type for each element, as HGQ and HGQ2 train them."""

from __future__ import annotations

from typing import Any

from l1ml.layers.family import Family


class _Quantizers(Family):
    """A cast of each element to a type of its own."""

    def describe(self, layer: Any) -> str:
        """What it does; the name of the class is long."""
        return "casts"

    def uniform(self, layer: Any) -> bool:
        """If all elements have one type."""
        return all((mask == mask.flat[0]).all() for mask in layer.mask_kbi)


FAMILY = _Quantizers(__name__, ("FixedPointQuantizer",))
