"""Random graphs of wires, merges and small layers: what the C++ gives, in every bit, and no module for a wire."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from networks import columns, compile_graph, convert
from random_structures import Structures

import l1ml
from l1ml.compiler.design import Design
from l1ml.frontends.hls4ml.backend import rtl_folder
from l1ml.frontends.hls4ml.network import network_of
from l1ml.verification.simulation import PATTERNS

EVENTS = 400

GRAPHS, STEPS, MANY = 4, 9, 30
"""Graphs in a model, layers in each but for those before the outputs, and models of the long run."""


def check(keras: Any, folder: Path, seed: int) -> Design:
    """Hold the Verilog of some graphs against their C++."""
    drawn = Structures(keras, seed)
    model = drawn.model(GRAPHS, STEPS)
    print(*drawn.story, sep="\n")
    graph = convert(model, folder, drawn.options, write_rtl=True)
    compile_graph(graph)
    result = l1ml.verify(graph, events=EVENTS)
    if result.first_mismatch is not None:
        name, *_ = columns(network_of(graph))[result.first_mismatch.output].split("_")
        lines = [f"{result.mismatches} mismatches, the first at {result.first_mismatch}; in"]
        pytest.fail("\n".join([*lines, *(line for line in drawn.story if line.startswith(name))]), pytrace=False)
    assert (result.events, result.mismatches) == (EVENTS, 0)
    assert result.outputs == sum(int(t.shape[1:].num_elements()) for t in drawn.outputs)
    assert set(PATTERNS) <= set(result.simulation.patterns)
    return Design.load(rtl_folder(graph))


@pytest.mark.parametrize("seed", [1, 2])
def test_random_structures_give_what_the_cpp_gives(keras: Any, tmp_path: Path, seed: int) -> None:
    design = check(keras, tmp_path, seed)
    assert len(design.views) >= 5
    assert any(m.reuse_factor > 1 for m in design.modules)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(100, 100 + MANY))
def test_many_random_structures_give_what_the_cpp_gives(keras: Any, tmp_path: Path, seed: int) -> None:
    check(keras, tmp_path, seed)
