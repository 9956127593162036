"""hls4ml's side of Divergence, whose arithmetic is ``l1ml.layers.divergence.arithmetic``."""

from __future__ import annotations

from typing import Any

import numpy as np
from hls4ml.model.attributes import Attribute, TypeAttribute
from hls4ml.model.layers import Layer

from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.layers.cpp import ap_type, exact_result, known_type, precision_of
from l1ml.layers.divergence.arithmetic import DivergenceArithmetic, exact_divergence, term_table, term_type
from l1ml.layers.hls4ml import register


class Divergence(Layer):
    """The layer in hls4ml's graph, with two inputs: means and logarithms of variances.

    Its types are ``term`` and ``result``, by default those of ``l1ml.layers.divergence.arithmetic``.
    """

    _expected_attributes = [  # noqa: RUF012  (hls4ml's own form)
        Attribute("n_in"),
        TypeAttribute("term"),
    ]

    def initialize(self) -> None:
        """Add the output and the table.

        Raises:
            L1mlError: If an input has no type yet, or one that is too wide.
        """
        log_variance = known_type(self, self.inputs[1])
        term = FixedType.from_hls4ml(exact_result(self, self._term, "term"))
        table = term_table(log_variance, term)
        # In the order of the bits that address it: from 0 on, then the negative ones.
        by_address = term.to_float(np.roll(table, log_variance.minimum))
        self.add_weights_variable("term", data=by_address, precision=precision_of(term))
        size = int(self.get_attr("n_in"))
        result = exact_result(self, lambda mean, _: exact_divergence(size, mean, term, table))
        self.add_output_variable([1], precision=result)

    def _term(self, mean: FixedType, log_variance: FixedType) -> FixedType:
        try:
            return term_type(mean, log_variance)
        except L1mlError as error:
            raise L1mlError(f"layer {self.name!r}: {error}") from None


def read(keras: dict[str, Any], shapes: list[list[int]]) -> tuple[dict[str, Any], list[int]]:
    """Attributes and the shape of the output, of a Keras layer.

    Raises:
        L1mlError: If the two inputs are not lists of the same length.
    """
    means, log_variances = (list(shape[1:]) for shape in shapes)
    if means != log_variances or len(means) != 1:
        raise L1mlError(
            f"layer {keras['name']!r}: inputs of shape {means} and {log_variances}; give a mean and the logarithm of "
            "a variance for each dimension"
        )
    return {"n_in": int(means[0])}, [shapes[0][0], 1]


def config(node: Any) -> dict[str, int | str]:
    """What the C++ is configured with."""
    numbers = DivergenceArithmetic.of(node)
    half = exact_divergence(numbers.size, numbers.mean, numbers.term, numbers.table)
    return {
        "n_in": numbers.size,
        "address_bits": numbers.log_variance.width,
        "term_t": node.get_attr("term_t").name,
        "sum_t": ap_type(FixedType(half.width + 1, half.integer + 1, signed=False)),
    }


register(Divergence, read, config, ["term"])
