"""alkaid's own way to Verilog, for comparison: the same graph, traced with alkaid's operations and printed by it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from alkaid.codegen import RTLModel
from alkaid.trace import FVArray, trace

from l1ml.fixed import FixedType


def write(graph: Any, folder: Path, *, latency_cutoff: float, name: str = "alkaid_core") -> Any:
    """Write alkaid's Verilog of a dense ReLU network, all layers in one pipeline.

    Args:
        graph: hls4ml ``ModelGraph`` of Dense and ReLU layers.
        folder: Where to write.
        latency_cutoff: Longest logic between two registers, in alkaid's unit.
        name: Name of the top module.

    Returns:
        alkaid's ``RTLModel``.
    """
    layers = list(graph.get_layers())
    first = FixedType.from_hls4ml(layers[0].get_output_variable().type.precision)
    size = layers[0].get_output_variable().size()
    kif = [np.full(size, n) for n in (first.signed, first.integer - first.signed, first.fraction)]
    values = inputs = FVArray.from_kif(*kif)
    for layer in layers[1:]:
        target = FixedType.from_hls4ml(layer.get_output_variable().type.precision)
        if layer.class_name == "Dense":
            values = _dense(values, layer)
        elif layer.get_attr("activation") == "relu":
            values = values.relu()
        values = _quantize(values, target)
    model = RTLModel(trace(inputs, values), folder, name, latency_cutoff=latency_cutoff, print_latency=False)
    model.write()
    return model


def _dense(values: FVArray, layer: Any) -> FVArray:
    accum = FixedType.from_hls4ml(layer.get_attr("accum_t").precision)
    weights = np.asarray(layer.weights["weight"].data, dtype=np.float64)
    bias = np.asarray(layer.weights["bias"].data, dtype=np.float64)
    weight_fraction = FixedType.from_hls4ml(layer.weights["weight"].type.precision).fraction
    finest = max(int(v.kif[2]) for v in np.asarray(values)) + weight_fraction
    if finest <= accum.fraction:
        return _quantize(values @ weights + bias, accum)
    # hls4ml truncates every product to the accumulator's type before it is added.
    sums = []
    for column, offset in zip(weights.T, bias, strict=True):
        terms = [v * w for v, w in zip(np.asarray(values), column, strict=True) if w]
        if not terms:
            sums.append(np.asarray(values)[0] * 0.0 + float(offset))
            continue
        sums.append(np.sum(_quantize(FVArray(np.array(terms), hwconf=values.hwconf), accum)) + float(offset))
    return _quantize(FVArray(np.array(sums), hwconf=values.hwconf), accum)


def _quantize(values: FVArray, target: FixedType) -> FVArray:
    sign = int(target.signed)
    return values.quantize(sign, target.integer - sign, target.fraction, target.saturation, target.rounding)


def files(folder: Path) -> list[Path]:
    """The Verilog that ``write`` wrote, without the wrapper for simulation."""
    return [f for f in sorted(folder.glob("src/**/*.v")) if not f.stem.endswith("_wrapper")]
