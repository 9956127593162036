"""Weights that are powers of two, written by hls4ml 1.3.0 with NumPy 2, which has no ``np.product`` any more."""

from __future__ import annotations

from typing import Any

from hls4ml.model import types
from hls4ml.model.optimizer import GlobalOptimizerPass


class ExponentWeightVariable(types.ExponentWeightVariable):
    """hls4ml's own, which can be iterated over. Its writer goes by the name of the class."""

    def __iter__(self) -> ExponentWeightVariable:
        """The weights as text, each as sign and exponent: ``{1.0, -3}``."""
        self._iterator = iter(self._format().reshape(-1, 2))
        return self


class MendPowersOfTwo(GlobalOptimizerPass):
    """Make weights that are powers of two such that they can be written; to be run before types become those of C++."""

    def transform(self, model: Any, node: Any) -> bool:
        """Change the class of such weights."""
        for weights in node.weights.values():
            if type(weights) is types.ExponentWeightVariable:
                weights.__class__ = ExponentWeightVariable
        return False
