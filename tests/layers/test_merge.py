"""Branches that meet again: every kind of merge, and branches of different length, held against the C++."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from networks import compile_graph, convert, lowered

import l1ml
from l1ml.frontends.hls4ml.network import network_of
from l1ml.verification.emulator import Emulator

KINDS = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate")
# Types of both inputs and of the result.
TYPES = {
    "exact": ("fixed<6,3>", "fixed<5,4>", "auto"),
    "mixed": ("fixed<6,2>", "ufixed<4,3>", "ufixed<5,3,RND_CONV,SAT>"),
}
# Compared as integers of 32 bits and more, the C++ takes negative ones for larger than unsigned ones, or does not.
COMPARED = {
    "aligned": ("ufixed<32,16>", "fixed<20,4>"),
    "signed": ("fixed<33,17>", "ufixed<32,16>"),
    "finer": ("fixed<20,8>", "ufixed<20,20>"),
    "coarser": ("ufixed<19,19>", "fixed<20,8>"),
    "narrow": ("fixed<20,8>", "ufixed<19,19>"),
    "integers": ("int<32>", "uint<32>"),
    "dead": ("ufixed<2,32>", "fixed<8,4>"),
}


def test_merges_give_what_the_cpp_gives_and_verilog_holds_short_branches_back(keras: Any, tmp_path: Path) -> None:
    inputs, outputs, options = _merges(keras)
    x, ends, more = _branches(keras)
    graph = convert(keras.Model([x, *inputs], [*ends, *outputs]), tmp_path, {**options, **more}, write_rtl=True)
    compile_graph(graph)
    checked = l1ml.verify(graph, events=900)
    assert (checked.mismatches, checked.first_mismatch) == (0, None)
    assert checked.simulation.initiation_interval == 4
    network = network_of(graph)
    low, high = (
        np.concatenate([np.full(t.size, getattr(t.type, end)) for t in network.inputs])
        for end in ("minimum", "maximum")
    )
    events = np.concatenate([[low, high, 0 * low], np.random.default_rng(2).integers(low, high + 1, (300, len(low)))])
    np.testing.assert_array_equal(lowered(graph, events), Emulator.of_project(tmp_path, network).run(events))


def _merges(keras: Any) -> tuple[list[Any], list[Any], dict[str, Any]]:
    """All kinds for all types: inputs, outputs, options."""
    inputs, outputs, options = [], [], {}
    for name, (first, second, *result) in {**TYPES, **COMPARED}.items():
        pair = [keras.Input((2,), name=f"{part}_{name}") for part in ("a", "b")]
        for variable, fixed in zip(pair, (first, second), strict=True):
            options[variable.name] = {"precision": {"result": fixed}}
        for kind in KINDS if result else ("Maximum", "Minimum"):
            merged = f"{kind.lower()}_{name}"
            outputs.append(getattr(keras.layers, kind)(name=merged)(pair))
            options[merged] = {"precision": {"result": result[0] if result else "fixed<40,20>"}}
        inputs += pair
    return inputs, outputs, options


def _branches(keras: Any) -> tuple[Any, list[Any], dict[str, Any]]:
    """An input that meets what a folded and two other layers made of it: the input, outputs, options."""
    layers = keras.layers
    x = keras.Input((6,), name="x")
    short = layers.ReLU(name="short")(x)
    inner = layers.ReLU(name="inner")(layers.Dense(4, name="fc1")(short))
    left, right = layers.Dense(6, name="left")(inner), layers.Dense(6, name="right")(inner)
    beside = layers.Subtract(name="heads")([left, right])
    ends = [layers.Subtract(name="missed")([short, beside]), inner]
    model, rng = keras.Model(x, ends), np.random.default_rng(3)
    model.set_weights([rng.integers(-7, 8, w.shape) / 8 for w in model.get_weights()])
    options: dict[str, Any] = {
        "x": {"precision": {"result": "fixed<7,3>"}},
        **{name: {"precision": {"result": "ufixed<6,3,RND,SAT>"}} for name in ("short", "inner")},
        "missed": {"precision": {"result": "fixed<9,5,RND_CONV,SAT>"}},
    }
    for name, reuse in {"fc1": 4, "left": 1, "right": 4}.items():
        options[name] = {
            "precision": {"weight": "fixed<4,1>", "bias": "fixed<4,1>", "result": "fixed<9,5,RND,SAT>"},
            "ReuseFactor": reuse,
            "Strategy": "distributed_arithmetic",
        }
    return x, ends, options
