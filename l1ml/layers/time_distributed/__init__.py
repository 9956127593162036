"""TimeDistributed: the layers between two of its marks, once for each step of time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from l1ml.layers.family import Family


class _TimeDistributed(Family):
    """The mark at the end of the layers, which changes nothing; they become layers on the tensors of all steps."""

    def unrolled(self, layers: Sequence[Any]) -> Sequence[Any]:
        """With the layers between two marks put in place, and without the first of these."""
        from l1ml.layers.time_distributed.steps import all_steps

        return list(all_steps(layers)) if any(layer.class_name in self.classes for layer in layers) else layers


FAMILY = _TimeDistributed(__name__, ("TimeDistributed",))
