"""The register of lowerings."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

from alkaid.trace import FVArray

from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.reference.tables import LayerTables

Tables = Callable[[Any], LayerTables]
"""Gives the tables of a layer as hls4ml's own C++ fills them."""

Lowering = Callable[[Any, list[FVArray], Tables], FVArray]
"""A lowering takes an hls4ml layer, its symbolic inputs (flat) and the tables; it returns its output (flat)."""

_LOWERINGS: dict[str, Lowering] = {}


def lowers(*class_names: str) -> Callable[[Lowering], Lowering]:
    """Register a lowering for hls4ml layer classes, by ``layer.class_name``."""

    def register(function: Lowering) -> Lowering:
        _LOWERINGS.update(dict.fromkeys(class_names, function))
        return function

    return register


LOWERED = (
    "activations", "batchnorm", "binned_thresholds", "dense", "divergence", "input_scaler", "merge", "norm1", "softmax",
    "sum_of_squares", "thresholds",
)  # fmt: skip
"""Families with a lowering."""


@cache
def _load() -> None:
    """Import the lowerings, which register themselves. Not before they are needed: they import hls4ml."""
    for family in LOWERED:
        import_module(f"l1ml.layers.{family}.lowering")


def supported() -> list[str]:
    """The hls4ml layer classes that have a lowering."""
    _load()
    return sorted(_LOWERINGS)


def lower(layer: Any, inputs: list[FVArray], tables: Tables) -> FVArray:
    """Lower one layer.

    Raises:
        L1mlError: If the layer, or the way it is set up, has no lowering.
    """
    _load()
    # hls4ml keeps the name of the Keras class (QDense, ...) in the attributes; the graph class is what counts.
    for cls in type(layer).__mro__:
        name = cls.__name__.removeprefix("Vivado").removeprefix("Vitis").removeprefix("Verilog")
        if name in _LOWERINGS:
            return _LOWERINGS[name](layer, inputs, tables)
    raise L1mlError(
        f"layer {layer.name!r} of class {layer.class_name} has no Verilog lowering; supported: {', '.join(supported())}"
    )


def output_type(layer: Any) -> FixedType:
    """Type of a layer's output."""
    return FixedType.from_hls4ml(layer.get_output_variable().type.precision)


def attribute_type(layer: Any, name: str) -> FixedType:
    """Type kept in a layer's attribute such as ``accum_t``."""
    return FixedType.from_hls4ml(layer.get_attr(name).precision)
