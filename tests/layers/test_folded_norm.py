"""Norm1 at reuse factors above 1: a few lanes take the inputs in turn and give what the C++ gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from networks import compile_graph, convert

import l1ml
from l1ml.compiler.design import Design
from l1ml.frontends.hls4ml.backend import rtl_folder

# Number of inputs, types of input and result, reuse factor: slices that come out even, that do not, more than inputs.
LAYERS = {
    "even": (12, "fixed<9,6>", "fixed<8,1,RND,SAT>", 4),
    "odd": (10, "fixed<12,8>", "fixed<7,2,RND_CONV,SAT_SYM>", 3),
    "one_lane": (5, "ufixed<7,4>", "ufixed<8,0,RND,SAT>", 5),
    "idle_slices": (7, "fixed<6,6>", "fixed<6,3,RND_ZERO,SAT_ZERO>", 6),
    "more_than_inputs": (3, "fixed<8,2>", "fixed<9,1,RND_INF,SAT>", 11),
    "pipelined": (4, "fixed<8,2>", "fixed<9,1>", 1),
}


def test_every_reuse_factor_gives_what_the_cpp_gives(keras: Any, tmp_path: Path) -> None:
    from l1ml.layers.keras import Norm1

    inputs, outputs, options = [], [], {}
    for name, (size, source, result, reuse) in LAYERS.items():
        x = keras.Input((size,), name=f"x_{name}")
        outputs.append(Norm1(0.5, name=name)(x))
        inputs.append(x)
        options |= {x.name: {"precision": {"result": source}}}
        options |= {name: {"precision": {"result": result}, "ReuseFactor": reuse}}
    graph = convert(keras.Model(inputs, outputs), tmp_path, options, write_rtl=True)
    compile_graph(graph)
    result = l1ml.verify(graph, events=1200)
    assert (result.mismatches, result.first_mismatch) == (0, None)
    assert result.simulation.initiation_interval == 11


def test_a_folded_norm_feeds_a_folded_layer(keras: Any, tmp_path: Path) -> None:
    from l1ml.layers.keras import Norm1

    x = keras.Input((10,), name="x")
    model = keras.Model(x, keras.layers.Dense(4, name="fc")(Norm1(0.5, name="norm")(keras.layers.ReLU(name="r")(x))))
    rng = np.random.default_rng(3)
    model.set_weights([rng.integers(-8, 8, (10, 4)) / 8, np.zeros(4)])
    options: dict[str, Any] = {
        "x": {"precision": {"result": "fixed<9,6>"}},
        "r": {"precision": {"result": "ufixed<8,5,RND,SAT>"}},
        "norm": {"precision": {"result": "fixed<8,1,RND,SAT>"}, "ReuseFactor": 4},
        "fc": {"precision": {"weight": "fixed<5,2>"}, "Strategy": "distributed_arithmetic", "ReuseFactor": 4},
    }
    graph = convert(model, tmp_path, options, write_rtl=True)
    compile_graph(graph)
    result = l1ml.verify(graph, events=600)
    assert (result.mismatches, result.simulation.initiation_interval) == (0, 4)
    modules = {m.segment: m for m in Design.load(rtl_folder(graph)).modules}
    assert (modules["norm"].strategy, modules["fc"].strategy) == ("lanes", "distributed_arithmetic")
