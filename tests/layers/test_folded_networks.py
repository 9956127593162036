"""Random networks with reuse factors above 1: what the C++ gives, in every bit, at the interval that was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from graphs import hold_real_inputs
from networks import columns, compile_graph, convert
from random_networks import Generator, Layer, Limits, Source, keras_model

import l1ml
from l1ml.fixed import FixedType
from l1ml.frontends.hls4ml.network import network_of
from l1ml.verification.simulation import PATTERNS

EVENTS = 600

FEW = {
    21: {"fixed<9,3>": 12, "fixed<1,1>": 9, "ufixed<18,10>": 5, "fixed<32,16>": 4},
    22: {"ufixed<6,2>": 20, "fixed<18,5>": 6, "ufixed<1,1>": 11},
}
"""Models of every run of the tests: number of networks, type and number of the elements of each input."""

MANY, NETWORKS = 24, 14
"""Models of the long run, and networks in each."""


def check(keras: Any, folder: Path, networks: list[list[Layer]], sources: Sequence[Source]) -> None:
    """Hold the Verilog of some networks against their C++."""
    print(*(layer for network in networks for layer in network), sep="\n")
    model, options = keras_model(keras, networks, sources)
    graph = convert(model, folder, options, write_rtl=True)
    compile_graph(graph)
    result = l1ml.verify(graph, events=EVENTS)
    if result.first_mismatch is not None:
        name, *_ = columns(network_of(graph))[result.first_mismatch.output].split("_")
        wrong = next(network for network in networks if any(layer.name == name for layer in network))
        lines = [f"{result.mismatches} mismatches, the first at {result.first_mismatch}; output of {name} in"]
        pytest.fail("\n".join([*lines, *map(str, wrong)]), pytrace=False)
    layers = [layer for network in networks for layer in network]
    assert (result.events, result.mismatches) == (EVENTS, 0)
    assert result.outputs == sum(layer.weights.shape[1] for layer in layers if layer.given)
    assert result.simulation.initiation_interval == max(layer.reuse_factor for layer in layers)
    assert set(PATTERNS) <= set(result.simulation.patterns)
    hold_real_inputs(graph)


@pytest.mark.parametrize("count", FEW)
def test_random_networks_give_what_the_cpp_gives(keras: Any, tmp_path: Path, count: int) -> None:
    sources = [(n_in, FixedType.parse(kind)) for kind, n_in in FEW[count].items()]
    networks = Generator(count, Limits(reuse_factor=48, weights=24)).networks(count, sources)
    check(keras, tmp_path, networks, sources)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(MANY))
def test_many_random_networks_give_what_the_cpp_gives(keras: Any, tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    sources: list[Source] = []
    for _ in range(int(rng.integers(1, 4))):
        width = int(rng.integers(1, 19)) if rng.random() < 0.85 else int(rng.integers(19, 41))
        kind = FixedType(width, int(rng.integers(-1, width + 2)), bool(rng.integers(2)))
        sources.append((int(rng.integers(1, 41)), kind))
    networks = Generator(1000 + seed, Limits(reuse_factor=200, weights=300)).networks(NETWORKS, sources)
    check(keras, tmp_path, networks, sources)
