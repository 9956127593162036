"""hls4ml's side of Thresholds, whose arithmetic is ``l1ml.layers.thresholds.arithmetic``."""

from __future__ import annotations

from typing import Any

from hls4ml.model.attributes import Attribute
from hls4ml.model.layers import Layer
from hls4ml.model.types import IntegerPrecisionType

from l1ml.errors import L1mlError
from l1ml.layers.hls4ml import register
from l1ml.layers.thresholds.arithmetic import BIT


class Thresholds(Layer):
    """The layer in hls4ml's graph, with two inputs; its outputs are bits, whatever type is asked for."""

    _expected_attributes = [Attribute("n_out")]  # noqa: RUF012  (hls4ml's own form)

    def initialize(self) -> None:
        """Add the output."""
        self.add_output_variable([self.get_attr("n_out")], precision=IntegerPrecisionType(BIT.width, signed=BIT.signed))


def read(keras: dict[str, Any], shapes: list[list[int]]) -> tuple[dict[str, Any], list[int]]:
    """Attributes and the shape of the output, of a Keras layer.

    Raises:
        L1mlError: If the first input is not one score.
    """
    score, thresholds = (list(shape[1:]) for shape in shapes)
    if score != [1] or len(thresholds) != 1:
        raise L1mlError(f"layer {keras['name']!r}: inputs of shape {score} and {thresholds}; give one score and a list")
    return {"n_out": int(thresholds[0])}, list(shapes[1])


def config(node: Any) -> dict[str, int | str]:
    """What the C++ is configured with."""
    return {"n_out": int(node.get_attr("n_out"))}


register(Thresholds, read, config)
