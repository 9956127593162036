"""Events that are looked for go farther than others, and pairs lie on both sides of a decision."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from command_line import SmallBuild
from numpy.typing import NDArray

from l1ml.compiler.design import Design
from l1ml.errors import L1mlError
from l1ml.verification.directed import add_directed, edge_events, extreme_events
from l1ml.verification.emulator import Emulator
from l1ml.verification.vectors import FAMILIES, limits, make_vectors


@pytest.fixture(scope="module")
def design(anomaly_build: SmallBuild) -> Design:
    """The small anomaly trigger."""
    return Design.load(anomaly_build.folder / "rtl/verilog")


@pytest.fixture(scope="module")
def emulator(anomaly_build: SmallBuild, design: Design) -> Emulator:
    """Its C++."""
    return Emulator.of_project(anomaly_build.folder / "convert/hls", design)


@pytest.fixture(scope="module")
def start(anomaly_build: SmallBuild) -> NDArray[np.int64]:
    """Real events of it."""
    with np.load(anomaly_build.folder / "verify/vectors.npz") as arrays:
        return arrays["inputs"][:500]


def test_the_sizes_of_layers_are_those_of_the_cpp(emulator: Emulator, design: Design) -> None:
    sizes = emulator.layer_sizes()
    for module in design.modules:
        for producer, tensor in zip(module.producers, module.outputs, strict=True):
            assert sizes[producer] == tensor.size
    within = {layer for module in design.modules for layer in module.layers[:-1]}
    assert within and within <= sizes.keys(), "layers within a module, too"


def test_extreme_events_go_as_far_as_any_other_and_mostly_farther(
    emulator: Emulator, design: Design, start: NDArray[np.int64]
) -> None:
    found = extreme_events(start, emulator, design, 400, np.random.default_rng(3))
    low, high = limits(design)
    assert found.shape == (400, start.shape[1])
    assert (found >= low).all() and (found <= high).all()
    sizes = emulator.layer_sizes()
    before, after = (emulator.trace(rows, sizes) for rows in (start, found))
    dense = [module.layers[0] for module in design.modules if module.strategy]
    assert len(dense) >= 2
    farther = np.concatenate([after[name].max(axis=0) > before[name].max(axis=0) for name in dense])
    lower = np.concatenate([after[name].min(axis=0) < before[name].min(axis=0) for name in dense])
    assert farther.mean() > 0.7 and lower.mean() > 0.7


def test_pairs_differ_by_next_to_nothing_and_are_decided_otherwise(
    emulator: Emulator, design: Design, start: NDArray[np.int64]
) -> None:
    found = edge_events(start, emulator, design, 60, np.random.default_rng(4))
    assert 20 <= len(found) <= 60 and len(found) % 2 == 0
    first, second = np.split(found, 2)
    np.testing.assert_array_equal(np.abs(second - first).sum(axis=1), 1)
    bits = np.concatenate([np.full(t.size, t.type.width == 1) for t in design.outputs])
    one, other = (emulator.run(rows)[:, bits] for rows in (first, second))
    differ = one != other
    assert differ.any(axis=1).all()
    assert differ.any(axis=0).all(), "for every bit"


def test_without_decisions_there_are_no_pairs(emulator: Emulator, design: Design, start: NDArray[np.int64]) -> None:
    scores = design.model_copy(update={"outputs": design.outputs[:1]})
    assert len(edge_events(start, emulator, scores, 60, np.random.default_rng(4))) == 0


def test_directed_events_come_before_the_random_ones(
    emulator: Emulator, design: Design, start: NDArray[np.int64]
) -> None:
    base = make_vectors(design, 500, data=start)
    both = add_directed(base, emulator, design, 600, 1)
    assert tuple(both.families) == FAMILIES
    assert len(both.inputs) == 600 == sum(both.families.values())
    assert both.families["directed"] == 100
    split = len(base.inputs) - base.families["random"]
    np.testing.assert_array_equal(both.inputs[:split], base.inputs[:split])
    np.testing.assert_array_equal(both.inputs[split + 100 :], base.inputs[split:])
    np.testing.assert_array_equal(both.inputs, add_directed(base, emulator, design, 600, 1).inputs)


def test_a_library_without_its_source_does_not_tell_its_layers(
    emulator: Emulator, design: Design, tmp_path: Path
) -> None:
    other = Emulator(emulator.library, design)
    other.library = tmp_path / "net.so"
    with pytest.raises(L1mlError, match="does not tell the sizes of the layers; write it again with tracing"):
        other.layer_sizes()
