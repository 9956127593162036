"""Random graphs of wires, merges and small layers: what the C++ gives, in every bit, and no module for a wire."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from graphs import hold_real_inputs
from networks import columns, compile_graph, convert
from random_structures import ACTIVATIONS, MERGES, SOFTMAXES, WIRES, Structures

import l1ml
from l1ml.compiler.design import Design
from l1ml.fixed import ROUNDING_MODES, SATURATION_MODES
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
    hold_real_inputs(graph)
    return Design.load(rtl_folder(graph))


def test_the_graphs_of_the_long_run_hold_all_layers_and_kinds_of_types(keras: Any) -> None:
    drawn: set[str] = set()
    types: list[str] = []
    for seed in range(100, 108):
        structures = Structures(keras, seed)
        structures.model(GRAPHS, STEPS)
        drawn |= structures.drawn
        for options in structures.options.values():
            types += (options.get("precision") or options["types"]).values()
    small = {"Dense", "Dot", "BatchNormalization"}
    assert {*ACTIVATIONS, *MERGES, *SOFTMAXES, *WIRES, *small} <= drawn
    modes = {*ROUNDING_MODES, *SATURATION_MODES, "int", "uint", "ap_int", "ap_uint", "ap_fixed", "ap_ufixed"}
    assert modes <= {word for kind in types for word in re.findall("[A-Za-z_]+", kind)}


@pytest.mark.parametrize("seed", [5, 10])
def test_random_structures_give_what_the_cpp_gives(keras: Any, tmp_path: Path, seed: int) -> None:
    design = check(keras, tmp_path, seed)
    assert len(design.views) >= 5
    assert any(m.reuse_factor > 1 for m in design.modules)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(100, 100 + MANY))
def test_many_random_structures_give_what_the_cpp_gives(keras: Any, tmp_path: Path, seed: int) -> None:
    check(keras, tmp_path, seed)
