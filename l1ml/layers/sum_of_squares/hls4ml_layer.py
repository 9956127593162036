"""hls4ml's side of SumOfSquares, whose arithmetic is ``l1ml.layers.sum_of_squares.arithmetic``."""

from __future__ import annotations

from typing import Any

from hls4ml.model.attributes import Attribute, TypeAttribute
from hls4ml.model.layers import Layer
from hls4ml.model.types import NamedType

from l1ml.fixed import FixedType
from l1ml.layers.cpp import exact_result
from l1ml.layers.hls4ml import register
from l1ml.layers.sum_of_squares.arithmetic import exact_sum


class SumOfSquares(Layer):
    """The layer in hls4ml's graph. Its types are ``accum`` and ``result``, by default those that lose nothing."""

    _expected_attributes = [  # noqa: RUF012  (hls4ml's own form)
        Attribute("n_in"),
        TypeAttribute("accum"),
    ]

    def initialize(self) -> None:
        """Add the output.

        Raises:
            L1mlError: If a type is ``auto`` and that of the inputs is not known.
        """
        accum, result = (exact_result(self, self._exact, name) for name in ("accum", "result"))
        self.set_attr("accum_t", NamedType(f"{self.name}_accum_t", accum))
        self.add_output_variable([1], precision=result)

    def _exact(self, source: FixedType) -> FixedType:
        return exact_sum(int(self.get_attr("n_in")), source)


def read(keras: dict[str, Any], shapes: list[list[int]]) -> tuple[dict[str, Any], list[int]]:
    """Attributes and the shape of the output, of a Keras layer."""
    return {"n_in": int(shapes[0][-1])}, [*shapes[0][:-1], 1]


def config(node: Any) -> dict[str, int | str]:
    """What the C++ is configured with."""
    return {"n_in": int(node.get_attr("n_in")), "accum_t": node.get_attr("accum_t").name}


register(SumOfSquares, read, config)
