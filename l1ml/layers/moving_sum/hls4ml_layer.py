"""hls4ml's side of MovingSum, whose arithmetic is ``l1ml.layers.moving_sum.arithmetic``."""

from __future__ import annotations

from typing import Any

from hls4ml.model.attributes import Attribute
from hls4ml.model.layers import Layer

from l1ml.fixed import FixedType
from l1ml.layers.cpp import ap_type, exact_result
from l1ml.layers.hls4ml import register
from l1ml.layers.moving_sum.arithmetic import MovingSumArithmetic, exact_sum


class MovingSum(Layer):
    """The layer in hls4ml's graph. Its type is ``result``, by default one that loses nothing."""

    _expected_attributes = [Attribute("n_positions"), Attribute("n_channels"), Attribute("window")]  # noqa: RUF012

    def initialize(self) -> None:
        """Add the output.

        Raises:
            L1mlError: If its type is ``auto`` and that of the inputs is not known.
        """
        shape = [self.get_attr("n_positions"), self.get_attr("n_channels")]
        self.add_output_variable(shape, precision=exact_result(self, self._exact))

    def _exact(self, source: FixedType) -> FixedType:
        return exact_sum(int(self.get_attr("window")), source)


def read(keras: dict[str, Any], shapes: list[list[int]]) -> tuple[dict[str, Any], list[int]]:
    """Attributes and the shape of the output, of a Keras layer."""
    _, positions, channels = shapes[0]
    return {"n_positions": positions, "n_channels": channels, "window": keras["window"]}, shapes[0]


def config(node: Any) -> dict[str, int | str]:
    """What the C++ is configured with."""
    numbers = MovingSumArithmetic.of(node)
    sizes = {"n_positions": numbers.positions, "n_channels": numbers.channels, "window": numbers.window}
    return {**sizes, "sum_t": ap_type(exact_sum(numbers.window, numbers.source))}


register(MovingSum, read, config)
