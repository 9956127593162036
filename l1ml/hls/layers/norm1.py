"""Norm1: each input divided by the size of their sum, in block floating point.

All inputs share the exponent of the sum, so that a division is one shift and one multiplication by a reciprocal from a
table. With integers x_i (in LSB of the input) and F (``smallest`` in LSB, rounded up, at least 1):

1. S = sum of x_i, exact; a = max(|S|, F). A sum near zero therefore has a defined result.
2. p = floor(log2 a), the place of the leading one. The t bits behind it, floor(a 2^(t-p)) - 2^t, address a table of 2^t
   reciprocals R of b bits: R 2^-b is about 2^p / a, between 1/2 and 1.
3. y_i = floor(x_i 2^(f-p)), where f is the fraction of the result and ``guard_bits`` more.
4. The result is y_i R 2^-(f+b), rounded as its type says and clipped to its range whatever its overflow mode. It is
   clipped too if |y_i| 2^-f is twice the power of two that ends the result's range or more (energies that cancel):
   the quotient is then out of range for sure.

With t = 8, b = 8 and 2 guard bits the result is off the quotient by up to 1.3 LSB of ``fixed<8,1,RND,SAT>`` near the
ends of its range, by half an LSB of rounding and a quarter from step 3 near zero.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil
from typing import Any

import numpy as np
from hls4ml.backends.template import FunctionCallTemplate, LayerConfigTemplate
from hls4ml.model.attributes import Attribute, ConfigurableAttribute
from hls4ml.model.layers import Layer
from hls4ml.model.types import FixedPrecisionType, RoundingMode, SaturationMode, UnspecifiedPrecisionType
from numpy.typing import NDArray

from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.hls.layers.cpp import ap_type

HEADER = "nnet_norm1.h"

TABLE_BITS, RECIPROCAL_BITS, GUARD_BITS = 8, 8, 2
"""Defaults of t, b and the guard bits."""


@dataclass(frozen=True)
class Norm1Arithmetic:
    """The numbers of the algorithm.

    Attributes:
        size: Number of inputs.
        source: Type of the inputs.
        result: Type of the outputs.
        smallest: F, in LSB of the inputs.
        reciprocals: R, integers in units of ``2**-reciprocal_bits``, shape (2**table_bits,).
        reciprocal_bits: b.
        guard_bits: Bits of y below the LSB of the result.
    """

    size: int
    source: FixedType
    result: FixedType
    smallest: int
    reciprocals: NDArray[np.int64]
    reciprocal_bits: int
    guard_bits: int

    @classmethod
    def of(cls, layer: Any) -> Norm1Arithmetic:
        """Read them from an hls4ml layer whose types are known.

        Raises:
            L1mlError: If no sum can be as large as ``smallest``.
        """
        source = FixedType.from_hls4ml(layer.get_input_variable().type.precision)
        size, smallest, bits = (layer.get_attr(name) for name in ("n_in", "smallest", "reciprocal_bits"))
        largest = size * max(-source.minimum, source.maximum) * source.lsb
        if smallest > largest:
            raise L1mlError(
                f"layer {layer.name!r}: smallest {smallest} is more than the largest sum ({largest:g}) of {size} "
                f"inputs of {source}; make it smaller, or the inputs wider"
            )
        return cls(
            size=size,
            source=source,
            result=FixedType.from_hls4ml(layer.get_output_variable().type.precision),
            smallest=max(1, ceil(smallest / source.lsb)),
            reciprocals=np.rint(np.ldexp(layer.weights["reciprocal"].data, bits)).astype(np.int64),
            reciprocal_bits=bits,
            guard_bits=int(layer.get_attr("guard_bits")),
        )

    @property
    def table_bits(self) -> int:
        """t, the bits of the table's address."""
        return len(self.reciprocals).bit_length() - 1

    @cached_property
    def top(self) -> int:
        """The highest place that the leading one of a can have."""
        return (self.size * max(-self.source.minimum, self.source.maximum)).bit_length() - 1

    @property
    def fraction(self) -> int:
        """f, fractional bits of y."""
        return max(self.result.fraction + self.guard_bits, 0)

    @property
    def mantissa_bits(self) -> int:
        """Bits of y that is not clipped, without sign."""
        return self.result.integer - int(self.result.signed) + 1 + self.fraction

    @property
    def clipped(self) -> FixedType:
        """Type of the result, clipping."""
        return replace(self.result, saturation="SAT_SYM" if self.result.saturation == "SAT_SYM" else "SAT")

    def run(self, x: NDArray[np.int64]) -> NDArray[np.int64]:
        """Normalise.

        Args:
            x: Integers in LSB of the inputs, shape (events, size).

        Returns:
            Integers in LSB of the result, same shape.
        """
        a = np.maximum(np.abs(x.sum(axis=1, keepdims=True)), self.smallest)
        place = np.frexp(a)[1] - 1  # exact: a is far below 2^53
        shift = self.top - place
        normal = a << shift  # the leading one at ``top``
        up, down = max(self.table_bits - self.top, 0), max(self.top - self.table_bits, 0)
        reciprocal = self.reciprocals[((normal << up) >> down) - (1 << self.table_bits)]
        y = (x << self.fraction) >> place
        limit = 1 << self.mantissa_bits
        beyond = (y >= limit) | (y < -limit)
        product = np.where(beyond, 0, y) * reciprocal
        clipped = self.clipped
        result = clipped.cast(product, self.fraction + self.reciprocal_bits)
        return np.where(beyond, np.where(x < 0, clipped.lowest, clipped.maximum), result)


def reciprocal_table(table_bits: int, reciprocal_bits: int) -> NDArray[np.int64]:
    """Reciprocals of the numbers from 1 to 2, for the least relative error in each interval.

    Args:
        table_bits: The numbers are in ``2**table_bits`` intervals of equal width.
        reciprocal_bits: Fractional bits of a reciprocal, which stays below 1.
    """
    edges = 1 + np.arange((1 << table_bits) + 1) / (1 << table_bits)
    exact = 2 / (edges[:-1] + edges[1:])
    return np.minimum(np.rint(np.ldexp(exact, reciprocal_bits)), (1 << reciprocal_bits) - 1).astype(np.int64)


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


CLASS = Norm1


def parse(keras_layer: Any, input_names: Any, input_shapes: Any, reader: Any) -> tuple[dict[str, Any], list[int]]:
    """Make a layer of hls4ml of one of Keras."""
    from hls4ml.converters.keras_v2_to_hls import parse_default_keras_layer

    layer = parse_default_keras_layer(keras_layer, input_names)
    layer.update(n_in=int(input_shapes[0][-1]), smallest=float(keras_layer["config"]["smallest"]))
    return layer, list(input_shapes[0])


_CONFIG = """struct config{index} : nnet::norm1_config {{
    static const unsigned n_in = {n_in};
    static const unsigned reuse_factor = {reuse};
    static const unsigned long long smallest = {smallest};
    static const unsigned top = {top};
    static const unsigned table_bits = {table_bits};
    static const unsigned fraction = {fraction};
    typedef {element_t} element_t;
    typedef ap_int<{sum_bits}> sum_t;
    typedef ap_fixed<{mantissa_width}, {mantissa_integer}> mantissa_t;
    typedef {reciprocal_t.name} reciprocal_t;
    typedef {clipped_t} clipped_t;
    static const long long lowest = {lowest};
    static const long long highest = {highest};
}};\n"""


class Norm1Config(LayerConfigTemplate):
    """The layer's ``config<index>`` in ``parameters.h``."""

    def __init__(self) -> None:
        super().__init__(Norm1)

    def format(self, node: Any) -> str:
        """Fill in the template."""
        numbers = Norm1Arithmetic.of(node)
        params = self._default_config_params(node)
        params.update(
            smallest=numbers.smallest,
            top=numbers.top,
            table_bits=numbers.table_bits,
            fraction=numbers.fraction,
            element_t=f"ap_{'' if numbers.source.signed else 'u'}int<{numbers.source.width}>",
            sum_bits=numbers.top + 2,
            mantissa_width=numbers.mantissa_bits + 1,
            mantissa_integer=numbers.mantissa_bits + 1 - numbers.fraction,
            clipped_t=ap_type(numbers.clipped),
            lowest=numbers.clipped.lowest,
            highest=numbers.clipped.maximum,
        )
        return _CONFIG.format(**params)


class Norm1Function(FunctionCallTemplate):
    """The call of the layer's function."""

    def __init__(self) -> None:
        super().__init__(Norm1, include_header=[f"nnet_utils/{HEADER}"])

    def format(self, node: Any) -> str:
        """Fill in the template."""
        params = self._default_function_params(node)
        table = node.get_weights("reciprocal").name
        call = "nnet::norm1<{input_t}, {output_t}, {config}>({input}, {output}, {table});"
        return call.format(**params, table=table)


TEMPLATES = (Norm1Config, Norm1Function)
