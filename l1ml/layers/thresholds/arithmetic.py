"""Thresholds: bit k fires if the score is no less than threshold k.

The thresholds are inputs, not constants, so that they may change from event to event. Real values are compared, so
score and thresholds may be of different types; with the same type, thresholds are integers in LSB of the score.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.fixed import FixedType

BIT = FixedType(1, 1, signed=False)
"""Type of the trigger bits."""


@dataclass(frozen=True)
class ThresholdsArithmetic:
    """The numbers of the algorithm.

    Attributes:
        size: Number of thresholds.
        score: Type of the score.
        threshold: Type of the thresholds.
    """

    size: int
    score: FixedType
    threshold: FixedType

    @classmethod
    def of(cls, layer: Any) -> ThresholdsArithmetic:
        """Read them from an hls4ml layer whose types are known."""
        score, threshold = (layer.get_input_variable(name) for name in layer.inputs)
        return cls(
            size=int(threshold.shape[0]),
            score=FixedType.from_hls4ml(score.type.precision),
            threshold=FixedType.from_hls4ml(threshold.type.precision),
        )

    def run(self, score: NDArray[np.int64], thresholds: NDArray[np.int64]) -> NDArray[np.int64]:
        """Decide.

        Args:
            score: Integers in LSB of the score, shape (events, 1).
            thresholds: Integers in LSB of the thresholds, shape (events, size) or (1, size).

        Returns:
            0 or 1, shape (events, size).
        """
        finer = max(self.score.fraction, self.threshold.fraction)
        score, thresholds = score << (finer - self.score.fraction), thresholds << (finer - self.threshold.fraction)
        return (score >= thresholds).astype(np.int64)
