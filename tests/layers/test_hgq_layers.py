"""Layers of HGQ and HGQ2 in hls4ml's graph: casts with a type for each element, and tables that a model brings along.

The graph is made as hls4ml's converters make it, so that neither package is needed.
"""

from __future__ import annotations

from itertools import chain, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import compile_graph, golden, lowered, quiet

import l1ml
from l1ml.errors import L1mlError
from l1ml.fixed import ROUNDING_MODES, SATURATION_MODES
from l1ml.frontends.hls4ml.network import network_of
from l1ml.layers.registry import family_of

BITS = 9
"""Width of the inputs, whose values are all tried."""

Kind = tuple[int, int, int]
"""Type of an element: whether it is signed, bits, integer bits."""

SIGNED: list[Kind] = [(1, 5, 3), (1, 1, 1), (1, 4, -1), (1, 3, 6), (1, 9, 5), (1, 12, 6)]

KINDS: list[Kind] = [*SIGNED, (0, 5, 3), (0, 3, -2), (0, 4, 5), (0, 0, 0)]
"""Types of elements, the last one without bits."""


def graph_of(layers: list[dict[str, Any]], outputs: list[str], folder: Path, **model: Any) -> Any:
    """A graph of the Verilog backend, from what hls4ml's converters say of layers."""
    import hls4ml

    with quiet():
        config = hls4ml.utils.config.create_config(output_dir=str(folder), project_name="net", backend="Verilog")
        common = {"Precision": "fixed<16,6>", "ReuseFactor": 1, **model.pop("Model", {})}
        config["HLSConfig"] = {"Model": common, **model}
        inputs = [layer["name"] for layer in layers if layer["class_name"] == "InputLayer"]
        graph = hls4ml.model.graph.ModelGraph.from_layer_list(config, layers, inputs, outputs)
        graph.apply_flow(graph.config.backend.get_default_flow())
    return graph


def source(name: str, size: int) -> dict[str, Any]:
    return {"class_name": "InputLayer", "name": name, "input_shape": [size]}


def quantizer(name: str, before: str, kinds: list[Kind], rounding: str, overflow: str) -> dict[str, Any]:
    masks = tuple(np.array([mask], dtype=np.int16) for mask in zip(*kinds, strict=True))
    modes = {"RND": rounding, "SAT": overflow, "mask_kbi": masks, "fusible": None, "overrides": {}}
    return {"class_name": "FixedPointQuantizer", "name": name, "inputs": [before], **modes}


def every_value(size: int) -> np.ndarray:
    values = np.arange(1 << BITS) - (1 << BITS - 1)
    return np.stack([np.roll(values, 37 * i) for i in range(size)], axis=1)


def test_casts_of_elements_to_types_of_their_own_are_those_of_the_cpp(tmp_path: Path) -> None:
    """All modes of rounding and overflow."""
    modes = [f"{rounding}_{overflow}" for rounding, overflow in product(ROUNDING_MODES, SATURATION_MODES)]
    casts = [
        quantizer(f"q_{name}", "x", KINDS, rounding, overflow)
        for name, (rounding, overflow) in zip(modes, product(ROUNDING_MODES, SATURATION_MODES), strict=True)
    ]
    precisions = {"x": {"Precision": "fixed<9,5>"}, **{cast["name"]: {"Precision": "fixed<24,12>"} for cast in casts}}
    graph = graph_of(
        [source("x", len(KINDS)), *casts],
        [cast["name"] for cast in casts],
        tmp_path,
        Model={"BitExact": False},
        LayerName=precisions,
    )
    compile_graph(graph)
    x = every_value(len(KINDS))
    differs = (lowered(graph, x) != golden(graph, x)).reshape(len(x), len(casts), len(KINDS)).any(axis=0)
    assert {(modes[i], KINDS[j]) for i, j in zip(*np.nonzero(differs), strict=True)} == set()
    assert len(network_of(graph).segments) == len(casts)


def dense(name: str, before: str, n_in: int, n_out: int, rng: np.random.Generator) -> dict[str, Any]:
    """A dense layer with weights of up to 5 bits, each with a step of its own, as HGQ trains them."""
    steps = 2.0 ** -rng.integers(0, 5, (n_in, n_out))
    weights = rng.integers(-3, 4, (n_in, n_out)) * steps
    data = {"weight_data": weights, "bias_data": rng.integers(-9, 10, n_out) / 8}
    return {"class_name": "Dense", "name": name, "inputs": [before], "n_in": n_in, "n_out": n_out, **data}


def table(name: str, before: str, words: np.ndarray, n_in: int) -> dict[str, Any]:
    more = {"activation": "unary_lut", "table_data": words, "n_in": n_in}
    return {"class_name": "UnaryLUT", "name": name, "inputs": [before], **more}


def kinds(rng: np.random.Generator, size: int, *, signed: int, widest: int = 6) -> list[Kind]:
    """A type for each element; some have no bits."""
    widths = rng.integers(0, widest + 1, size)
    return [(signed if width else 0, int(width), int(rng.integers(0, 4)) if width else 0) for width in widths]


def network(number: int, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Casts, dense layers, ReLU, and a table in the middle; also one that is the output of two casts."""
    n = f"n{number}"
    n_in, hidden, n_out = (int(size) for size in rng.integers(3, 8, 3))
    first, second = (("WRAP", "SAT", "SAT_SYM")[rng.integers(3)] for _ in range(2))
    rounding = ("TRN", "RND", "RND_CONV")[rng.integers(3)]
    lut_input = [(1, 5, 2)] * hidden
    words = rng.integers(-31, 32, 32) / 16.0 + (2.0**-24 if number else 0)  # also longer than alkaid's constants
    relu = {"class_name": "Activation", "name": f"{n}_relu", "activation": "relu"}
    return [
        source(f"{n}_x", n_in),
        quantizer(f"{n}_q1", f"{n}_x", kinds(rng, n_in, signed=1), "TRN" if first == "WRAP" else "RND", first),
        dense(f"{n}_d1", f"{n}_q1", n_in, hidden, rng),
        {**relu, "inputs": [f"{n}_d1"], "n_in": hidden},
        quantizer(f"{n}_q2", f"{n}_relu", kinds(rng, hidden, signed=0), rounding, second),
        dense(f"{n}_d2", f"{n}_q2", hidden, hidden, rng),
        quantizer(f"{n}_q3", f"{n}_d2", lut_input, "RND_CONV", "SAT"),
        table(f"{n}_lut", f"{n}_q3", words, hidden),
        quantizer(f"{n}_q4", f"{n}_lut", kinds(rng, hidden, signed=1), rounding, "WRAP"),
        dense(f"{n}_d3", f"{n}_q4", hidden, n_out, rng),
    ]


def test_networks_with_types_of_elements_give_what_the_cpp_gives(tmp_path: Path) -> None:
    """Behind hls4ml's flow for such networks, which gives every layer the types that lose nothing; some folded."""
    rng = np.random.default_rng(5)
    networks = [network(number, rng) for number in range(4)]
    layers = sorted(chain(*networks), key=lambda layer: layer["class_name"] != "InputLayer")
    factors = {f"n{number}_d{index}": {"ReuseFactor": 3} for number in (1, 3) for index in (1, 2, 3)}
    outputs = [net[-1]["name"] for net in networks]
    graph = graph_of(layers, outputs, tmp_path, Model={"Precision": "fixed<1,0>"}, LayerName=factors)
    compile_graph(graph)
    classes = [layer.class_name for layer in graph.get_layers()]
    assert classes.count("UnaryLUT") == 4 and classes.count("FixedPointQuantizer") >= 8
    result = l1ml.verify(graph, events=1500)
    assert (result.events, result.mismatches) == (1500, 0), result.first_mismatch
    assert result.simulation.initiation_interval == 3
    inputs = [rng.normal(size=(200, tensor.size)) * 3 for tensor in network_of(graph).inputs]
    for simulated, predicted in zip(l1ml.simulate(graph, inputs).outputs, graph.predict(inputs), strict=True):
        np.testing.assert_array_equal(simulated, predicted)


def test_a_table_that_is_too_short_for_its_input_is_refused(tmp_path: Path) -> None:
    layers = [source("x", 2), table("lut", "x", np.arange(16) / 16, 2)]
    graph = graph_of(layers, ["lut"], tmp_path, LayerName={"x": {"Precision": "fixed<5,3>"}})
    with pytest.raises(L1mlError, match=r"layer 'lut': its table has 16 entries, its input fixed<5,3> has more values"):
        graph.write()


@pytest.mark.parametrize(
    ("source_type", "wrong"), [("fixed<5,3>", True), ("fixed<6,3>", False), ("ufixed<5,3>", False)]
)
def test_a_table_that_the_cpp_reads_in_the_wrong_place_is_remarked_on(
    tmp_path: Path, source_type: str, wrong: bool
) -> None:
    """An input of 5 bits reads the 32 entries for positive numbers of 6 bits."""
    graph = graph_of(
        [source("x", 2), table("lut", "x", np.arange(64) / 64, 2)],
        ["lut"],
        tmp_path,
        LayerName={"x": {"Precision": source_type}},
    )
    layer = graph.graph["lut"]
    assert bool(family_of(layer).remark(layer, [np.array([[-1.0, 1.0]])], np.zeros((1, 2)))) is wrong
    assert family_of(layer).remark(layer, [np.array([[0.0, 1.0]])], np.zeros((1, 2))) == ""
