"""``ap_[u]int`` wherever a type can stand: it rounds toward zero, where ``ap_fixed`` goes down by default."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import columns, compile_graph, convert, golden, lowered

import l1ml
from l1ml.errors import L1mlError
from l1ml.frontends.hls4ml.network import network_of

DENSE = {
    "result": {"weight": "fixed<6,3>", "bias": "fixed<6,3>", "accum": "fixed<18,10>", "result": "int<8>"},
    "unsigned": {"weight": "fixed<6,3>", "bias": "fixed<6,3>", "accum": "fixed<18,10>", "result": "uint<6>"},
    "accum": {"weight": "fixed<6,3>", "bias": "fixed<6,3>", "accum": "int<12>", "result": "int<7>"},
    "narrow": {"weight": "fixed<6,3>", "bias": "fixed<6,3>", "accum": "int<5>", "result": "fixed<8,6>"},
    "weights": {"weight": "int<4>", "bias": "int<5>", "accum": "fixed<18,12>", "result": "fixed<10,6,RND,SAT>"},
    "integers": {"weight": "int<4>", "bias": "int<5>", "accum": "int<9>", "result": "int<6>"},
}
"""Types of dense layers by their names."""

OTHERS = ("relu", "sigmoid", "tanh", "elu", "leaky")


def mixed(keras: Any, folder: Path) -> Any:
    """Layers of many kinds side by side, on an ``ap_fixed`` and an ``ap_int``."""
    layers, rng, outputs = keras.layers, np.random.default_rng(4), []
    sources = {"x": "fixed<8,4>", "n": "int<5>"}
    inputs = {name: keras.Input((4,), name=name) for name in sources}
    options: dict[str, Any] = {name: {"precision": {"result": kind}} for name, kind in sources.items()}
    for source, x in inputs.items():
        for name, types in DENSE.items():
            layer = f"{name}_{source}"
            outputs.append(layers.Dense(3, name=layer)(x))
            options[layer] = {"precision": types}
            options[f"{layer}_linear"] = {"precision": {"result": types["result"]}}
        norm = layers.BatchNormalization(name=f"norm_{source}")
        outputs.append(norm(x))
        types = {"scale": "fixed<7,3>", "bias": "fixed<7,3>", "accum": "fixed<18,9>", "result": "int<6>"}
        options[norm.name] = {"precision": types}
        norm.set_weights([rng.uniform(0.2, 2, 4), rng.normal(0, 1, 4), rng.normal(0, 1, 4), rng.uniform(0.2, 2, 4)])
        for name in OTHERS:
            layer = f"{name}_{source}"
            kind = layers.LeakyReLU(0.3, name=layer) if name == "leaky" else layers.Activation(name, name=layer)
            outputs.append(kind(x))
            options[layer] = {"precision": {"result": "int<4>" if name != "relu" else "uint<3>"}}
    both = [inputs["x"], inputs["n"]]
    for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Concatenate"):
        outputs.append(getattr(layers, name)(name=name.lower())(both))
        options[name.lower()] = {"precision": {"result": "int<6>"}}
    model = keras.Model(list(inputs.values()), outputs)
    for layer in model.layers:
        if isinstance(layer, layers.Dense):
            layer.set_weights([rng.normal(0, 2, (4, 3)), rng.normal(0, 1, 3)])
    return convert(model, folder, options, write_rtl=True)


def test_every_layer_takes_and_gives_integers_as_the_cpp_does(keras: Any, tmp_path: Path) -> None:
    graph = mixed(keras, tmp_path)
    compile_graph(graph)
    rng = np.random.default_rng(1)
    events = np.concatenate([rng.integers(-128, 128, (600, 4)), rng.integers(-16, 16, (600, 4))], axis=1)
    differs = (lowered(graph, events) != golden(graph, events)).sum(axis=0)
    names = columns(network_of(graph))
    assert {name: int(n) for name, n in zip(names, differs, strict=True) if n} == {}


@pytest.mark.parametrize("strategy", ["Latency", "Resource", "distributed_arithmetic"])
def test_folded_layers_round_to_integers_too(keras: Any, tmp_path: Path, strategy: str) -> None:
    x = keras.Input((6,), name="x")
    model = keras.Model(x, keras.layers.Dense(3, name="second")(keras.layers.Dense(4, name="first")(x)))
    rng = np.random.default_rng(2)
    model.set_weights([rng.normal(0, 2, w.shape) for w in model.get_weights()])
    types = {"weight": "fixed<6,3>", "bias": "fixed<6,3>", "accum": "fixed<20,12>"}
    options: dict[str, Any] = {"x": {"precision": {"result": "int<6>"}}}
    for name, result in {"first": "int<8>", "second": "fixed<12,10,RND,SAT>"}.items():
        options[name] = {"precision": {**types, "result": result}, "Strategy": strategy, "ReuseFactor": 2}
        options[f"{name}_linear"] = {"precision": {"result": result}}
    graph = convert(model, tmp_path, options, write_rtl=True)
    compile_graph(graph)
    result = l1ml.verify(graph, events=500)
    assert (result.mismatches, result.first_mismatch) == (0, None)
    assert result.simulation.initiation_interval == 2
    real = rng.normal(0, 4, (200, 6))
    np.testing.assert_array_equal(l1ml.simulate(graph, real).outputs, graph.predict(real))


@pytest.mark.parametrize(
    ("source", "types", "told"),
    [
        ("fixed<8,0>", {"result": "int<4>"}, "layer 'cast': fixed<8,0> has no integer bits and becomes int<4>"),
        ("fixed<8,0>", {"result": "uint<4>"}, "layer 'cast': fixed<8,0> has no integer bits and becomes uint<4>"),
    ],
)
def test_what_the_cpp_rounds_in_two_ways_is_refused(
    keras: Any, tmp_path: Path, source: str, types: dict[str, str], told: str
) -> None:
    x = keras.Input((4,), name="x")
    model = keras.Model(x, keras.layers.ReLU(name="cast")(x))
    graph = convert(model, tmp_path, {"x": {"precision": {"result": source}}, "cast": {"precision": types}})
    with pytest.raises(L1mlError, match=told):
        network_of(graph)


def test_sums_of_products_without_integer_bits_are_not_in_integers(keras: Any, tmp_path: Path) -> None:
    x = keras.Input((4,), name="x")
    options = {
        "x": {"precision": {"result": "ufixed<6,0>"}},
        "dense": {"precision": {"weight": "fixed<6,0>", "accum": "int<8>", "result": "fixed<8,4>"}},
    }
    graph = convert(keras.Model(x, keras.layers.Dense(2, name="dense")(x)), tmp_path, options)
    with pytest.raises(L1mlError, match="layer 'dense': products without integer bits are summed in int<8>; give"):
        network_of(graph)
