"""Simplifying a traced segment keeps its meaning, also where alkaid's own passes do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from alkaid.trace import FVArray

from l1ml.compiler.network import Segment, Step, Tensor
from l1ml.compiler.programs.cast import cast
from l1ml.compiler.programs.trace import trace_segment
from l1ml.fixed import FixedType
from l1ml.layers import family


@dataclass(frozen=True)
class ScaleAndCast:
    """A layer of its own: times a factor, cast to a type."""

    factor: float
    target: FixedType
    name: str = "layer"
    inputs: tuple[str, ...] = ("x",)
    outputs: tuple[str, ...] = ("y",)


class Family(family.Family):
    """The family of the layer."""

    def lower(self, layer: ScaleAndCast, inputs: list[FVArray], tables: Any) -> FVArray:
        """Multiply and cast."""
        return FVArray(np.array([cast(v * layer.factor, layer.target) for v in np.asarray(inputs[0])]))


@pytest.mark.parametrize(
    ("low", "high", "fraction", "factor", "target"),
    [
        (17, 201, 4, 1.0, FixedType(6, 3, False, "RND", "SAT")),
        (-37, 90, 4, 1.0, FixedType(6, 3, True, "RND", "SAT")),
        (0, 3, 2, 2.0, FixedType(1, 0, False)),
        (-8, 7, 2, 2.0, FixedType(4, 2, True, "TRN", "SAT")),
    ],
    ids=["interval that the rounding fills", "signed interval", "one bit of a doubled value", "saturation by one bit"],
)
def test_a_segment_gives_what_its_layer_means(
    low: int, high: int, fraction: int, factor: float, target: FixedType
) -> None:
    step = 2.0**-fraction
    tensors = Tensor("x", 1, FixedType(9, 9 - fraction)), Tensor("y", 1, target)
    segment = Segment("s", [Step(ScaleAndCast(factor, target), Family(__name__, ()))], [tensors[0]], [tensors[1]])
    traced = trace_segment(segment, {"x": [(low * step, high * step, step)]}, lambda layer: None)  # type: ignore[arg-type, return-value]
    integers = np.arange(low, high + 1)
    results = traced.logic.predict((integers * step)[:, None])[:, 0]
    expected = target.to_float(target.cast((integers * factor).astype(np.int64), fraction))
    np.testing.assert_array_equal(results, expected)
    ((lowest, highest, _),) = traced.intervals["y"]
    assert lowest <= expected.min() and expected.max() <= highest
