"""Softmax over one axis of a tensor of several, as hls4ml reads it of Keras 3: slices of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from networks import compile_graph, convert, golden, lowered

from l1ml.frontends.hls4ml.network import network_of
from l1ml.verification.vectors import make_vectors

AXES = {"first": (1, 6), "middle": (2, 2), "last": (6, 1)}
"""Slices before and behind the axis, of a tensor of shape (2, 3, 2)."""

IMPLEMENTATIONS = ("stable", "latency", "argmax")


def test_slices_give_what_the_cpp_gives(keras: Any, tmp_path: Path) -> None:
    x = keras.Input((2, 3, 2), name="x")
    names = [f"{axis}_{how}" for axis in AXES for how in IMPLEMENTATIONS]
    model = keras.Model(x, [keras.layers.Softmax(name=name)(x) for name in names])
    types = {"types": {"result": "ufixed<8,1,RND,SAT>", "exp_table": "ufixed<10,1>", "inv_table": "ufixed<10,2>"}}
    options: dict[str, Any] = {name: {**types, "Implementation": name.split("_")[1], "TableSize": 64} for name in names}
    graph = convert(model, tmp_path, {"x": {"precision": {"result": "fixed<6,3>"}}, **options})
    for layer in graph.get_layers():
        axis, _, how = layer.name.partition("_")
        if how:  # the converter of Keras 2 reads no axis
            layer.set_attr("n_outer", AXES[axis][0])
            layer.set_attr("n_inner", AXES[axis][1])
    graph.apply_flow("vivado:apply_templates", reapply="single")
    compile_graph(graph)
    call = (tmp_path / "firmware/net.cpp").read_text()
    assert call.count("nnet::softmax_multidim<") == len(names)
    events = make_vectors(network_of(graph), 400).inputs
    expected = golden(graph, events)
    np.testing.assert_array_equal(lowered(graph, events), expected)
    assert len(np.unique(expected[:, : expected.shape[1] // 3])) > 2
