"""Names of layers: any that hls4ml takes, whatever ours are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from networks import compile_graph, convert

import l1ml

NAMES = (
    *("pkg", "words", "event", "trigger", "axis", "axi", "axil", "bx", "emp"),  # ends of our own modules' names
    *("in", "out", "clk", "rst", "in_valid", "out_data", "valid", "u_words", "done", "phase"),
    *("wire", "module", "logic", "LATENCY", "II", "IN_BITS", "net", "layer2", "x_data"),
)


def test_a_layer_may_have_any_name(keras: Any, tmp_path: Path) -> None:
    x = keras.Input((3,), name="in_data")
    outputs: list[Any] = []
    for k, name in enumerate(NAMES):
        source = x if k % 3 == 0 else outputs[-1]
        outputs.append(keras.layers.Dense(3, name=name)(source))
    model, rng = keras.Model(x, outputs), np.random.default_rng(1)
    model.set_weights([rng.integers(-8, 8, w.shape) / 8 for w in model.get_weights()])
    types = {"weight": "fixed<4,1>", "bias": "fixed<4,1>", "result": "fixed<8,4>"}
    options: dict[str, Any] = {name: {"precision": types} for name in NAMES}
    options |= {f"{name}_linear": {"precision": {"result": "fixed<8,4>"}} for name in NAMES}
    graph = convert(model, tmp_path, {"in_data": {"precision": {"result": "fixed<8,4>"}}, **options}, write_rtl=True)
    compile_graph(graph)
    assert l1ml.verify(graph, events=200).mismatches == 0
