"""Which activations are tables, and how hls4ml's C++ tells what is in them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.compiler.programs.operations import MAX_ADDRESS_BITS
from l1ml.layers.indexing import TableIndex, table_size
from l1ml.layers.parameters import input_type
from l1ml.templates import render

MAX_INPUT_BITS = 20
"""Widest input for which the C++ function is called for every value: about a million calls."""

TABLE_ACTIVATIONS = frozenset({"sigmoid", "tanh", "softplus", "softsign", "elu", "selu", "hard_sigmoid", "hard_tanh"})
"""hls4ml activation functions that are tables where these are small."""

_CENTRED = {"sigmoid": 16, "softplus": 16, "softsign": 16, "tanh": 8}
"""Functions that the C++ reads from a table, and the range of inputs that it covers."""


def uses_table(layer: Any) -> bool:
    """Whether a layer is lowered as an element-wise table."""
    return function(layer) in TABLE_ACTIVATIONS


def function(layer: Any) -> str:
    """The name of the function."""
    return (layer.get_attr("activation") or "").lower()


def index_of(layer: Any) -> TableIndex | None:
    """How the C++ finds an entry of a layer's table, if it has one.

    Raises:
        L1mlError: If the table is too large.
    """
    name = function(layer)
    if name not in (*_CENTRED, "elu", "selu"):
        return None
    size = table_size(layer)
    if name in _CENTRED:
        return TableIndex.centred(size, _CENTRED[name])
    return TableIndex.below_zero(size, 8, unsigned=name == "elu")


def asked(layer: Any) -> dict[str, NDArray[np.int64]]:
    """Inputs for which the C++ is asked for the output, in LSB: all where they are few, and one for each entry.

    Raises:
        L1mlError: If the table of the C++ is too large.
    """
    fixed, index = input_type(layer), index_of(layer)
    inputs = {}
    if fixed.width <= MAX_INPUT_BITS:
        inputs["activation"] = np.arange(fixed.minimum, fixed.maximum + 1)
    if fixed.width > MAX_ADDRESS_BITS and index is not None:
        inputs["entries"] = index.inputs(fixed)
    return inputs


def dump(layer: Any) -> str:
    """C++ that prints what a layer gives for the inputs that it is asked for.

    Raises:
        L1mlError: If the table of the C++ is too large.
    """
    return "\n".join(question(layer, name, inputs) for name, inputs in asked(layer).items())


def question(layer: Any, name: str, inputs: NDArray[np.int64]) -> str:
    """C++ that prints what a layer gives for some inputs, in LSB of their type, as a table of this name."""
    source, target = layer.get_input_variable(), layer.get_output_variable()
    return render(
        "activations/tables.cpp.j2",
        layer=layer.name,
        name=name,
        first=int(inputs[0]),
        inputs=None if np.all(np.diff(inputs) == 1) else inputs.tolist(),
        count=len(inputs),
        size=int(source.size()),
        input=source.name,
        output=target.name,
        input_type=source.type.name,
        output_type=target.type.name,
        call=layer.get_attr("function_cpp"),
    )
