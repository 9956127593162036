"""How far neurons go: no event goes beyond the bounds, and those that are found go farther than others."""

from __future__ import annotations

import numpy as np
import pytest
from command_line import SmallBuild
from numpy.typing import NDArray

from l1ml.compiler.design import Design
from l1ml.faults.network import Network, read_network
from l1ml.frontends.hls4ml.saving import load_graph
from l1ml.verification.emulator import Emulator

Case = tuple[Network, Design, Emulator, NDArray[np.int64]]


def case_of(build: SmallBuild) -> Case:
    """The network of a build, its core, its C++ and the vectors of its verification."""
    design = Design.load(build.folder / "rtl/verilog")
    network = read_network(load_graph(build.folder / "convert/graph.fml"))
    assert network is not None
    with np.load(build.folder / "verify/vectors.npz") as arrays:
        vectors = arrays["inputs"]
    return network, design, Emulator.of_project(build.folder / "convert/hls", design), vectors


@pytest.fixture(scope="module", params=["small_build", "electron_build", "anomaly_build"])
def case(request: pytest.FixtureRequest) -> Case:
    """One build of each trigger: nothing, a normalisation and a scaler before the first dense layer."""
    return case_of(request.getfixturevalue(request.param))


def with_input(case: Case, found: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Events with an input of the network replaced."""
    network, design, _, vectors = case
    names = [t.name for t in design.inputs]
    first = sum(t.size for t in design.inputs[: names.index(network.tensor)])
    rows = np.repeat(vectors[:1], len(found), axis=0)
    rows[:, first : first + len(found[0])] = found
    return rows


def test_events_that_drive_neurons_to_their_ends_go_as_far_as_any(case: Case) -> None:
    network, _, emulator, vectors = case
    sizes = emulator.layer_sizes()
    assert network.layers.keys() <= sizes.keys()
    before, farthest = emulator.trace(vectors, sizes), []
    for name in network.layers:
        rows = with_input(case, list(network.summits(network.neurons(name))))
        assert len(rows) == 2 * sizes[name]
        after = emulator.trace(rows, sizes)[name]
        span = before[name].max(axis=0) - before[name].min(axis=0)
        beyond_low = before[name].min(axis=0) - np.diag(after[::2])
        beyond_high = np.diag(after[1::2]) - before[name].max(axis=0)
        for beyond in (beyond_low, beyond_high):
            assert np.all(beyond >= -0.1 * span - 0.2), name  # roundings, and what a normalisation cannot give
            farthest.append(beyond.max())
    assert max(farthest) >= 0


def test_no_event_goes_beyond_the_bounds(case: Case) -> None:
    network, design, emulator, vectors = case
    rng = np.random.default_rng(1)
    producers = {t: p for m in design.modules for t, p in zip(m.outputs, m.producers, strict=True)}
    looked = with_input(case, list(network.summits(goal for name in network.layers for goal in network.neurons(name))))
    values = emulator.trace_integers(np.concatenate([vectors, looked]), producers)
    known = [t for t in producers if t.name in network.values and t not in design.outputs]
    assert known
    for tensor in known:
        for _ in range(3):
            chosen = rng.choice(tensor.size, min(tensor.size, 6), replace=False)
            factors = {int(i): int(f) for i, f in zip(chosen, rng.integers(-9, 10, len(chosen)), strict=True)}
            goal = network.goal(tensor.name, factors)
            assert goal is not None
            ends = network.ends(goal)
            assert ends is not None
            sums = sum(f * values[tensor.name][:, i] for i, f in factors.items())
            assert ends[0] <= sums.min() and sums.max() <= ends[1], (tensor.name, factors)
            width = ends[1] - ends[0]
            assert width <= 4 * (np.ptp(sums) + 40), "bounds that say something"


def test_nothing_is_claimed_of_other_tensors(case: Case) -> None:
    assert case[0].goal("no_such_tensor", {0: 1}) is None
    assert case[0].neurons("no_such_layer") == []
