"""The lowest bit of one weight, changed in the Verilog alone, is seen and its layer named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from networks import compile_graph, convert
from switches import either, switched_on, wrong_operator

import l1ml
from l1ml.compiler.design import Design
from l1ml.frontends.hls4ml.backend import rtl_folder
from l1ml.frontends.hls4ml.writing import write_rtl

DENSE = ["first", "second", "third"]


def tampered(keras: Any, folder: Path) -> Any:
    """A network in which one weight of each layer can be switched to its neighbour, and a softmax that can subtract."""
    layers = keras.layers
    rng = np.random.default_rng(8)
    hidden = x = keras.Input((6,), name="x")
    options: dict[str, Any] = {"x": {"precision": {"result": "fixed<8,4>"}}}
    for name, size in zip(DENSE, (6, 5, 4), strict=True):
        types = {"weight": "fixed<5,2>", "bias": "fixed<5,2>", "result": "fixed<16,8>"}
        options |= {name: {"precision": types}, f"{name}_linear": {"precision": {"result": "fixed<16,8>"}}}
        hidden = layers.Dense(size, name=name)(hidden)
        if name != "third":
            options[f"relu_{name}"] = {"precision": {"result": "ufixed<8,3,RND,SAT>"}}
            hidden = layers.Activation("relu", name=f"relu_{name}")(hidden)
    model = keras.Model(x, layers.Activation("softmax", name="probability")(hidden))
    options["probability"] = {"precision": {"result": "ufixed<16,0,RND,SAT>"}}
    model.set_weights([rng.integers(-12, 13, w.shape) / 8 for w in model.get_weights()])
    graph = convert(model, folder / "project", options, write_rtl=True, stage_delay=100.0)  # one stage for each layer
    compile_graph(graph)
    verilog = rtl_folder(graph)
    modules = {m.segment: m for m in Design.load(verilog).modules}
    for name in DENSE:
        flipped = _flip(graph, name, folder / f"flipped_{name}")
        file = verilog / f"net_{name}.sv"
        assert Design.load(flipped).latency == Design.load(verilog).latency
        file.write_text(either(modules[name], file.read_text(), (flipped / file.name).read_text(), folder / name))
    wrong_operator(verilog / "net_probability.sv", folder / "probability")
    return graph


def _flip(graph: Any, name: str, folder: Path) -> Path:
    """Write the Verilog with the lowest bit of one weight of a layer changed; the graph is left as it was."""
    weights = next(layer for layer in graph.get_layers() if layer.name == name).weights["weight"]
    kept = weights.data.copy()
    weights.data[1, 2] += 2.0**-weights.type.precision.fractional
    try:
        write_rtl(graph, Path(graph.config.get_output_dir()), folder)
    finally:
        weights.data = kept
    return folder


def test_the_smallest_change_of_any_layer_is_found_and_its_layer_named(keras: Any, tmp_path: Path) -> None:
    graph = tampered(keras, tmp_path)
    clean = l1ml.verify(graph, events=1500)
    assert (clean.mismatches, clean.first_mismatch) == (0, None)
    for segment in [*DENSE, "probability"]:
        with switched_on(tmp_path / segment):
            result = l1ml.verify(graph, events=1500)
        assert result.mismatches > 0, segment
        first = result.first_mismatch
        assert first is not None
        assert first.layer.startswith(f"{segment} (")
        assert str(first).startswith(
            f"event {first.event}, output {first.output}: C++ {first.golden}, RTL {first.rtl} ("
        )
