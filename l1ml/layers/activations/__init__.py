"""Element-wise activations: the ReLU family as logic, everything else as tables."""

from __future__ import annotations

from typing import Any

from l1ml.fixed import FixedType
from l1ml.layers.family import Clip, Family

_NAMED = ("Activation", "ParametrizedActivation")
"""Classes of which the function says more than the class."""


class _Activations(Family):
    """Functions of one element each."""

    def describe(self, layer: Any) -> str:
        """The function."""
        named = layer.get_attr("activation") if layer.class_name in _NAMED else None
        return str(named or layer.class_name)

    def uniform(self, layer: Any) -> bool:
        """All that have no slope of its own for each element."""
        return not layer.weights

    def table_dump(self, layer: Any) -> str:
        """The outputs for all inputs, for functions that are no logic."""
        from l1ml.layers.activations.tables import dump, uses_table

        return dump(layer) if uses_table(layer) else ""

    def cast_types(self, layer: Any) -> list[FixedType]:
        """Nothing if the C++ tells what it gives, or the result depends on comparisons alone."""
        from l1ml.layers.activations.tables import uses_table

        signs = layer.get_attr("activation") in ("binary_tanh", "ternary_tanh")
        return [] if signs or uses_table(layer) else super().cast_types(layer)

    def bounds(self, layer: Any) -> Clip | None:
        """Known for what is a cast, and ReLU."""
        name = layer.get_attr("activation")
        return Clip(relu=name == "relu") if name in ("linear", "relu") else None


FAMILY = _Activations(__name__, ("Activation", "ParametrizedActivation", "HardActivation", "TernaryTanh", "PReLU"))
