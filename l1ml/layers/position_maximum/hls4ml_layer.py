"""hls4ml's side of PositionMaximum, whose arithmetic is ``l1ml.layers.position_maximum.arithmetic``."""

from __future__ import annotations

from typing import Any

from hls4ml.model.attributes import Attribute
from hls4ml.model.layers import Layer

from l1ml.layers.cpp import exact_result
from l1ml.layers.hls4ml import register


class PositionMaximum(Layer):
    """The layer in hls4ml's graph. Its type is ``result``, by default that of the inputs."""

    _expected_attributes = [Attribute("n_positions"), Attribute("n_channels")]  # noqa: RUF012  (hls4ml's own form)

    def initialize(self) -> None:
        """Add the output.

        Raises:
            L1mlError: If its type is ``auto`` and that of the inputs is not known.
        """
        precision = exact_result(self, lambda source: source)
        self.add_output_variable([self.get_attr("n_channels")], precision=precision)


def read(keras: dict[str, Any], shapes: list[list[int]]) -> tuple[dict[str, Any], list[int]]:
    """Attributes and the shape of the output, of a Keras layer."""
    batch, positions, channels = shapes[0]
    return {"n_positions": positions, "n_channels": channels}, [batch, channels]


def config(node: Any) -> dict[str, int | str]:
    """What the C++ is configured with."""
    return {name: int(node.get_attr(name)) for name in ("n_positions", "n_channels")}


register(PositionMaximum, read, config)
