"""Layers that put elements into another order: they compute nothing, but that a result may have a type of its own."""

from __future__ import annotations

from typing import Any

from l1ml.compiler.network import Place
from l1ml.layers.family import Clip, Family


class _Wiring(Family):
    """Layers of which the compiler makes wires."""

    def places(self, layer: Any) -> list[Place]:
        """Where each element of the output comes from.

        Raises:
            L1mlError: If hls4ml has no C++ for the layer as it is set up.
        """
        return list(self.part("places").places_of(layer))

    def uniform(self, layer: Any) -> bool:
        """Only what leaves the elements in their order."""
        return keeps_order(layer)

    def bounds(self, layer: Any) -> Clip | None:
        """Known where the elements stay in their order."""
        return Clip(relu=False) if keeps_order(layer) else None


def keeps_order(layer: Any) -> bool:
    """Whether a layer gives its elements on in their order, so that it may be asked of some of them alone."""
    return any(kind.__name__ == "Reshape" for kind in type(layer).__mro__)


FAMILY = _Wiring(
    __name__,
    (
        "Reshape",
        "Transpose",
        "Concatenate",
        "Resize",
        "ZeroPadding1D",
        "ZeroPadding2D",
        "Cropping1D",
        "Cropping2D",
    ),
)
