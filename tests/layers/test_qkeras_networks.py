"""Random networks of QKeras layers: what the C++ gives, in every bit, with reuse factors of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from graphs import hold_real_inputs
from networks import columns, compile_graph, convert
from random_qkeras import random_networks

import l1ml
from l1ml.frontends.hls4ml.network import network_of

EVENTS = 600

MANY, NETWORKS = 16, 14
"""Models of the long run, and networks in each."""


def check(keras: Any, folder: Path, seed: int, count: int, most: int) -> None:
    """Hold the Verilog of some networks against their C++."""
    found = random_networks(keras, seed, count, most)
    print(*found.about.values(), sep="\n")
    graph = convert(found.model, folder, found.options, write_rtl=True)
    compile_graph(graph)
    result = l1ml.verify(graph, events=EVENTS)
    if result.first_mismatch is not None:
        wrong = columns(network_of(graph))[result.first_mismatch.output]
        name = next(name for name in found.about if f"{name}d" in wrong)
        pytest.fail(f"{result.mismatches} mismatches, {result.first_mismatch}; in\n{found.about[name]}", pytrace=False)
    assert (result.events, result.mismatches) == (EVENTS, 0)
    assert result.simulation.initiation_interval == max(found.reuse_factors)
    hold_real_inputs(graph)


def test_random_networks_of_qkeras_give_what_the_cpp_gives(keras: Any, tmp_path: Path) -> None:
    check(keras, tmp_path, seed=31, count=14, most=12)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(MANY))
def test_many_random_networks_of_qkeras_give_what_the_cpp_gives(keras: Any, tmp_path: Path, seed: int) -> None:
    check(keras, tmp_path, 2000 + seed, NETWORKS, most=40)
