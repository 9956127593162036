"""Types wider than an int64, constants wider than a float32, sums wider than a double: the Verilog against the C++."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import compile_graph, convert

from l1ml.frontends.hls4ml.backend import rtl_folder
from l1ml.verification.compare import load
from l1ml.verification.vectors import make_vectors

SOURCES = {"x": "fixed<32,16>", "y": "fixed<60,28>", "z": "fixed<16,6>"}

WIDE = {"weight": "fixed<32,16>", "bias": "fixed<32,16>", "accum": "auto", "result": "auto"}
"""Weights of 32 bits, summed and given with all bits."""

DENSE: dict[str, tuple[str, dict[str, str], str, int]] = {
    "exact": ("x", WIDE, "Latency", 1),
    "saturates": ("x", {**WIDE, "result": "fixed<32,16,RND,SAT>"}, "Latency", 1),
    "symmetric": ("x", {**WIDE, "result": "fixed<61,28,RND_ZERO,SAT_SYM>"}, "Latency", 1),
    "long": ("y", {**WIDE, "result": "fixed<40,20,RND_CONV,SAT>"}, "Latency", 1),
    "truncated": ("y", {**WIDE, "accum": "fixed<70,44,TRN_ZERO>", "result": "fixed<62,40>"}, "Latency", 1),
    "ordered": ("x", {**WIDE, "accum": "fixed<46,16,RND,SAT>", "result": "fixed<46,16>"}, "Latency", 1),
    "digits": ("y", {**WIDE, "result": "fixed<50,30,RND,SAT>"}, "distributed_arithmetic", 3),
    "fabric": ("x", {**WIDE, "result": "fixed<60,28,RND_CONV>"}, "Latency", 4),
    "constants": ("z", {**WIDE, "weight": "fixed<46,3>", "result": "fixed<60,16,RND>"}, "Latency", 2),
    "kernel": ("z", {**WIDE, "weight": "fixed<46,3>", "result": "fixed<60,16,RND>"}, "distributed_arithmetic", 4),
    "summed": ("y", {**WIDE, "accum": "fixed<64,40>", "result": "fixed<62,38>"}, "Latency", 2),
}
"""Input, types, strategy and reuse factor."""


def wide(keras: Any, folder: Path) -> Any:
    """Layers side by side, and three of hls4ml's default types one behind the other."""
    layers, rng, outputs = keras.layers, np.random.default_rng(7), []
    options: dict[str, Any] = {name: {"precision": {"result": kind}} for name, kind in SOURCES.items()}
    inputs = {name: keras.Input((4,), name=name) for name in SOURCES}
    for name, (source, types, strategy, reuse_factor) in DENSE.items():
        outputs.append(layers.Dense(2, name=name)(inputs[source]))
        options[name] = {"precision": types, "Strategy": strategy, "ReuseFactor": reuse_factor}
        options[f"{name}_linear"] = {"precision": {"result": types["result"]}}
    values = inputs["z"]
    for index in range(3):
        values = layers.Dense(4, name=f"default{index}")(values)
    outputs.append(values)
    norm = layers.BatchNormalization(name="norm")
    outputs.append(norm(inputs["x"]))
    options["norm"] = {
        "precision": {"scale": "fixed<32,8>", "bias": "fixed<40,16>", "result": "fixed<62,24,RND_INF,SAT>"}
    }
    results = {"Add": "fixed<62,30>", "Multiply": "fixed<62,40,RND,SAT>", "Maximum": "fixed<61,29>"}
    for kind, result in results.items():
        outputs.append(getattr(layers, kind)(name=kind.lower())([inputs["x"], inputs["y"]]))
        options[kind.lower()] = {"precision": {"result": result}}
    for name, layer in {"leaky": layers.LeakyReLU(0.3), "relu": layers.ReLU()}.items():
        layer._name = name
        outputs.append(layer(inputs["y"]))
        options[name] = {"precision": {"result": "fixed<58,27,RND,SAT>"}}
    model = keras.Model(list(inputs.values()), outputs)
    for layer in model.layers:
        if isinstance(layer, layers.Dense):
            layer.set_weights([rng.normal(0, 0.4, (4, w)) for w in [layer.units]] + [rng.normal(0, 9, layer.units)])
    norm.set_weights([rng.uniform(0.2, 2, 4), rng.normal(0, 1, 4), rng.normal(0, 1, 4), rng.uniform(0.2, 2, 4)])
    return convert(model, folder, options, write_rtl=True)


@pytest.fixture(scope="module")
def graph(keras: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The model, compiled."""
    made = wide(keras, tmp_path_factory.mktemp("wide"))
    compile_graph(made)
    return made


def test_values_of_more_bits_than_doubles_and_declared_types_of_more_than_an_int64_are_exact(graph: Any) -> None:
    simulator, emulator = load(rtl_folder(graph), Path(graph.config.get_output_dir()))
    assert max(t.type.width for t in simulator.design.outputs) > 64
    inputs = make_vectors(simulator.design, 300, seed=3).inputs
    golden = emulator.run(inputs)
    assert np.abs(golden).max() > 2**60
    found = simulator.run(inputs)
    differs = (found.integers != golden).sum(axis=0)
    names = [t.name for t in simulator.design.outputs for _ in range(t.size)]
    assert {name: int(n) for name, n in zip(names, differs, strict=True) if n} == {}
