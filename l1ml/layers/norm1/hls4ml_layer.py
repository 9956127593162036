"""hls4ml's side of Norm1, whose arithmetic is ``l1ml.layers.norm1.arithmetic``."""

from __future__ import annotations

from typing import Any

import numpy as np
from hls4ml.model.attributes import Attribute, ConfigurableAttribute
from hls4ml.model.layers import Layer
from hls4ml.model.types import FixedPrecisionType, RoundingMode, SaturationMode, UnspecifiedPrecisionType

from l1ml.layers.cpp import ap_type
from l1ml.layers.hls4ml import register
from l1ml.layers.norm1.arithmetic import GUARD_BITS, RECIPROCAL_BITS, TABLE_BITS, Norm1Arithmetic, reciprocal_table


class Norm1(Layer):
    """The layer in hls4ml's graph."""

    _expected_attributes = [  # noqa: RUF012  (hls4ml's own form)
        Attribute("n_in"),
        Attribute("smallest", value_type=float),
        ConfigurableAttribute("table_bits", default=TABLE_BITS),
        ConfigurableAttribute("reciprocal_bits", default=RECIPROCAL_BITS),
        ConfigurableAttribute("guard_bits", default=GUARD_BITS),
    ]

    def initialize(self) -> None:
        """Add the output and the table; a result type of ``auto`` is ``fixed<8,1,RND,SAT>``."""
        precision, _ = self.model.config.get_precision(self, "result")
        if isinstance(precision, UnspecifiedPrecisionType):
            precision = FixedPrecisionType(8, 1, True, RoundingMode.RND, SaturationMode.SAT)
        self.add_output_variable([self.get_attr("n_in")], precision=precision)
        bits = int(self.get_attr("reciprocal_bits", RECIPROCAL_BITS))
        table = reciprocal_table(int(self.get_attr("table_bits", TABLE_BITS)), bits)
        self.add_weights_variable(
            "reciprocal", data=np.ldexp(table.astype(float), -bits), precision=FixedPrecisionType(bits, 0, signed=False)
        )


def read(keras: dict[str, Any], shapes: list[list[int]]) -> tuple[dict[str, Any], list[int]]:
    """Attributes and the shape of the output, of a Keras layer."""
    return {"n_in": int(shapes[0][-1]), "smallest": float(keras["smallest"])}, list(shapes[0])


def config(node: Any) -> dict[str, int | str]:
    """What the C++ is configured with."""
    numbers = Norm1Arithmetic.of(node)
    return {
        "n_in": int(node.get_attr("n_in")),
        "smallest": numbers.smallest,
        "top": numbers.top,
        "table_bits": numbers.table_bits,
        "fraction": numbers.fraction,
        "element_t": f"ap_{'' if numbers.source.signed else 'u'}int<{numbers.source.width}>",
        "sum_t": f"ap_int<{numbers.top + 2}>",
        "mantissa_t": f"ap_fixed<{numbers.mantissa_bits + 1}, {numbers.mantissa_bits + 1 - numbers.fraction}>",
        "reciprocal_t": node.get_attr("reciprocal_t").name,
        "clipped_t": ap_type(numbers.clipped),
        "lowest": numbers.clipped.lowest,
        "highest": numbers.clipped.maximum,
    }


register(Norm1, read, config, ["reciprocal"])
