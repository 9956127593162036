"""The marks of ``TimeDistributed``: ``read_time_step_2d`` and ``write_time_step_2d`` (``nnet_time_distributed.h``)."""

from __future__ import annotations

from typing import Any

from alkaid.trace import FVArray

from l1ml.errors import L1mlError
from l1ml.layers.parameters import input_type, output_type
from l1ml.reference.tables import Tables


def lower(layer: Any, inputs: list[FVArray], tables: Tables) -> FVArray:
    """Lower a mark: the values as they are; the C++ has one type for input and output.

    Raises:
        L1mlError: If the types differ, which does not compile in C++.
    """
    if input_type(layer) != output_type(layer):
        raise L1mlError(
            f"layer {layer.name!r}: hls4ml's TimeDistributed casts nothing, but {input_type(layer)} comes in and "
            f"{output_type(layer)} leaves; give both one type, or apply the Dense layer to the whole tensor without it"
        )
    return inputs[0]
