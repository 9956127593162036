"""hls4ml's side of Taper, whose arithmetic is ``l1ml.layers.taper.arithmetic``."""

from __future__ import annotations

from typing import Any

import numpy as np
from hls4ml.model.attributes import Attribute, TypeAttribute
from hls4ml.model.layers import Layer
from hls4ml.model.types import UnspecifiedPrecisionType

from l1ml.fixed import FixedType
from l1ml.layers.cpp import exact_result, precision_of
from l1ml.layers.hls4ml import register
from l1ml.layers.parameters import exact_type


class Taper(Layer):
    """The layer in hls4ml's graph. Its types are ``factor`` and ``result``, by default those that lose nothing."""

    _expected_attributes = [  # noqa: RUF012  (hls4ml's own form)
        Attribute("n_positions"),
        Attribute("n_channels"),
        Attribute("factor_data", value_type=np.ndarray),
        TypeAttribute("factor"),
    ]

    def initialize(self) -> None:
        """Add the output and the factors.

        Raises:
            L1mlError: If a type is ``auto`` and too wide, or that of the inputs is not known.
        """
        factors, (precision, _) = self.get_attr("factor_data"), self.model.config.get_precision(self, "factor")
        if isinstance(precision, UnspecifiedPrecisionType):
            precision = precision_of(exact_type(factors))
        kind = FixedType.from_hls4ml(precision)
        self.add_weights_variable("factor", data=kind.to_float(kind.quantize(factors)), precision=precision)

        def exact(source: FixedType) -> FixedType:
            signed = source.signed or kind.signed
            return FixedType(source.width + kind.width, source.integer + kind.integer, signed)

        shape = [self.get_attr("n_positions"), self.get_attr("n_channels")]
        self.add_output_variable(shape, precision=exact_result(self, exact))


def read(keras: dict[str, Any], shapes: list[list[int]]) -> tuple[dict[str, Any], list[int]]:
    """Attributes and the shape of the output, of a Keras layer."""
    _, positions, channels = shapes[0]
    factors = np.array(keras["factors"])
    return {"n_positions": positions, "n_channels": channels, "factor_data": factors}, shapes[0]


def config(node: Any) -> dict[str, int | str]:
    """What the C++ is configured with."""
    sizes = {name: int(node.get_attr(name)) for name in ("n_positions", "n_channels")}
    return {**sizes, "factor_t": node.get_attr("factor_t").name}


register(Taper, read, config, ["factor"])
