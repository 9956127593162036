"""Which activations are tables, and how hls4ml's C++ tells what is in them."""

from __future__ import annotations

from typing import Any

from l1ml.errors import L1mlError
from l1ml.layers.parameters import input_type
from l1ml.templates import render

MAX_INPUT_BITS = 20
"""Widest input of an element-wise table: about a million calls of the C++ function."""

TABLE_ACTIVATIONS = frozenset({"sigmoid", "tanh", "softplus", "softsign", "elu", "selu", "hard_sigmoid", "hard_tanh"})
"""hls4ml activation functions that are lowered as tables."""


def uses_table(layer: Any) -> bool:
    """Whether a layer is lowered as an element-wise table."""
    return (layer.get_attr("activation") or "").lower() in TABLE_ACTIVATIONS


def dump(layer: Any) -> str:
    """C++ that prints the outputs of a layer for all inputs.

    Raises:
        L1mlError: If the input is too wide for a table.
    """
    source, target, fixed = layer.get_input_variable(), layer.get_output_variable(), input_type(layer)
    if fixed.width > MAX_INPUT_BITS:
        raise L1mlError(
            f"layer {layer.name!r}: its input {fixed} is too wide for a table; give it at most {MAX_INPUT_BITS} bits"
        )
    return render(
        "activations/tables.cpp.j2",
        layer=layer.name,
        first=fixed.minimum,
        count=1 << fixed.width,
        size=int(source.size()),
        input=source.name,
        output=target.name,
        input_type=source.type.name,
        output_type=target.type.name,
        call=layer.get_attr("function_cpp"),
    )
