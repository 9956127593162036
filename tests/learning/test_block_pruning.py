"""Pruning in blocks: what a multiplier serves goes as a whole, whatever the sizes, and the spec says when.

Training runs in a process of its own: setting up Keras 2 is for life, and other tests of a worker may want Keras 3.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import SmallBuild, l1ml

from l1ml.builds import flow
from l1ml.builds.specs import load_spec
from l1ml.errors import L1mlError
from l1ml.learning.pruning import block_rows, used_blocks

SIZES = (1, 3, 4, 10, 64)
"""Blocks of a neuron of 10 inputs: single weights, short last ones, all inputs, and more than there are."""

SCRIPT = """
import json
import sys

import numpy as np

from l1ml.keras_setup import set_up_keras
from l1ml.triggers.jet_tagger.network import JetTaggerShape, quantized_model
from l1ml.learning.pruning import Ramp, add_pruning
from l1ml.learning.train import CATEGORICAL, Sample, TrainingOptions, quantized_weights, set_seed, train_pruned

def model(hidden):
    set_seed(1)
    return quantized_model(JetTaggerShape(10, hidden, 3, weight_bits=12, activation_bits=8))

def matrices(model):
    return {layer.name: layer.kernel.numpy().tolist() for layer in model.layers if hasattr(layer, "kernel")}

def at_the_end_of_the_ramp(hidden, blocks):
    dense = model(hidden)
    before = matrices(dense)
    for layer in add_pruning(dense, Ramp(0.75, steps=100, frequency=1), blocks).layers:
        layer.pruning_step.assign(100)
        layer.pruning_obj.conditional_mask_update()
        layer.pruning_obj.weight_mask_op()
    return {"before": before, "after": matrices(dense)}

def trained(blocks):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 600)
    x = (rng.normal(size=(600, 10)) + 2 * np.eye(3, 10)[y]).astype(np.float32)
    sample = Sample(x[:500], y[:500], x[500:], y[500:])
    options = TrainingOptions(epochs=2, batch_size=50, learning_rate=0.01, ramp_epochs=2, blocks=blocks)
    pruned, history = train_pruned(model([8]), sample, options, CATEGORICAL, "pruned")
    weights = quantized_weights(pruned)
    return {layer: weights[f"{layer}/weight"].tolist() for layer in ("fc1", "logits")}, history.epochs["sparsity"]

sizes = json.loads(sys.argv[1])
facts = {str(size): at_the_end_of_the_ramp([8], {"fc1": size, "logits": size}) for size in sizes}
facts["fc1 only"] = at_the_end_of_the_ramp([8], {"fc1": 4})
facts["one neuron"] = at_the_end_of_the_ramp([1], {"fc1": 4, "logits": 4})
facts["trained"] = trained({"fc1": 4, "logits": 4})
print(json.dumps(facts))
"""


@pytest.fixture(scope="module")
def facts() -> dict[str, Any]:
    """Weights of models of 10 inputs, 8 hidden nodes and 3 classes for each of `SIZES`, and a few others."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(SIZES)], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def largest_blocks(weights: np.ndarray, size: int, count: int, first: list[tuple[int, int]]) -> np.ndarray:
    """What is left of a matrix with ``count`` blocks, those named and then the ones with the largest squares."""
    starts = range(0, len(weights), size)
    worth = {(i, j): (weights[i : i + size, j] ** 2).sum() for i in starts for j in range(weights.shape[1])}
    kept = np.zeros_like(weights)
    for i, j in sorted(worth, key=lambda block: (block in first, worth[block]), reverse=True)[:count]:
        kept[i : i + size, j] = weights[i : i + size, j]
    return kept


@pytest.mark.parametrize("size", SIZES)
def test_the_largest_blocks_stay_and_the_others_are_zero_as_a_whole(size: int, facts: dict[str, Any]) -> None:
    before, after = (np.array(facts[str(size)][when]["fc1"]) for when in ("before", "after"))
    blocks = 8 * block_rows(10, size)
    assert np.array_equal(after, largest_blocks(before, size, blocks // 4, []))


@pytest.mark.parametrize("size", SIZES[1:])
def test_every_class_keeps_its_largest_block_even_if_the_sparsity_is_missed(size: int, facts: dict[str, Any]) -> None:
    before, after = (np.array(facts[str(size)][when]["logits"]) for when in ("before", "after"))
    squares = np.add.reduceat(before**2, np.arange(0, 8, size), axis=0)
    largest = [(int(row) * size, column) for column, row in enumerate(squares.argmax(axis=0))]
    assert np.array_equal(after, largest_blocks(before, size, 3, largest))


def test_blocks_of_one_weight_are_the_pruning_of_single_weights(facts: dict[str, Any]) -> None:
    for layer, weights in (("fc1", 80), ("logits", 24)):
        before, after = (np.array(facts["1"][when][layer]) for when in ("before", "after"))
        assert np.array_equal(after, largest_blocks(before, 1, weights // 4, []))


def test_a_layer_that_is_left_out_is_pruned_weight_by_weight(facts: dict[str, Any]) -> None:
    assert facts["fc1 only"]["after"] == {"fc1": facts["4"]["after"]["fc1"], "logits": facts["1"]["after"]["logits"]}


def test_a_layer_of_one_neuron_can_be_pruned(facts: dict[str, Any]) -> None:
    single = {layer: np.array(weights) for layer, weights in facts["one neuron"]["after"].items()}
    assert used_blocks(single["fc1"], 4).sum() == 1
    assert np.count_nonzero(single["logits"]) == 3


def test_blocks_that_are_zero_stay_zero_to_the_end_of_training(facts: dict[str, Any]) -> None:
    weights, sparsity = facts["trained"]
    assert used_blocks(np.array(weights["fc1"]), 4).sum() == 8 * 3 // 4
    assert used_blocks(np.array(weights["logits"]), 4).sum(axis=0).tolist() == [1, 1, 1]
    assert sparsity == sorted(sparsity)
    assert sparsity[1:] == [sparsity[-1]] * 3


def test_used_blocks_counts_short_ones_and_those_of_one_weight() -> None:
    weights = np.zeros((5, 2))
    weights[4, 0] = weights[0, 1] = -0.5
    assert used_blocks(weights, 2).tolist() == [[False, True], [False, False], [True, False]]
    assert used_blocks(weights, 8).tolist() == [[True, True]]
    assert np.array_equal(used_blocks(weights, 1), weights != 0)


def test_the_spec_allows_weight_and_multiplier_and_says_so(tmp_path: Path) -> None:
    assert load_spec("jet_tagger").pruning.block == "weight"
    assert load_spec("jet_tagger", {"pruning.block": "multiplier"}).pruning.block == "multiplier"
    with pytest.raises(L1mlError, match=r"pruning\.block: should be 'weight' or 'multiplier', got 'row'"):
        load_spec("jet_tagger", {"pruning.block": "row"})


def test_a_layer_has_the_reuse_factor_of_its_own_or_that_of_all() -> None:
    spec = load_spec("jet_tagger", {"hls.reuse_factor": 8, "hls.layers.fc2.reuse_factor": 4, "hls.layers.fc3": {}})
    assert [spec.reuse_factor(layer) for layer in ("fc1", "fc2", "fc3")] == [8, 4, 8]


@pytest.fixture
def trains(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[dict[str, Any]], bool]:
    """Brings a build whose stages do nothing up to date, and says whether it was trained again."""
    ran: list[str] = []
    monkeypatch.setattr(flow.Stage, "run", lambda stage, build, folder: ran.append(stage.name))

    def run(overrides: dict[str, Any]) -> bool:
        ran.clear()
        flow.run(load_spec("jet_tagger", overrides), tmp_path, until="train")
        return "train" in ran

    return run


FC1 = "hls.layers.fc1.reuse_factor"


def test_a_change_of_the_reuse_factor_does_not_train_again_without_blocks(
    trains: Callable[[dict[str, Any]], bool],
) -> None:
    assert trains({})
    assert not trains({"hls.reuse_factor": 8})
    assert not trains({"hls.reuse_factor": 8, FC1: 4})


def test_a_change_of_a_reuse_factor_trains_again_with_blocks(trains: Callable[[dict[str, Any]], bool]) -> None:
    def blocks(factor: int, **others: Any) -> dict[str, Any]:
        return {"pruning.block": "multiplier", "hls.reuse_factor": factor, **others}

    assert trains({})
    assert trains(blocks(1))
    assert trains(blocks(8))
    assert not trains(blocks(8, **{FC1: 8, "hls.strategy": "Resource", "hls.clock_ns": 5.0}))
    assert not trains(blocks(8, **{"hls.layers.fc1.precision": "fixed<12,4>"}))
    assert trains(blocks(8, **{FC1: 4}))
    assert trains(blocks(4, **{FC1: 8}))
    assert not trains(blocks(4, **{FC1: 8}))


def test_training_takes_blocks_from_reuse_factors_and_says_which_multipliers_are_left(
    small_build: SmallBuild, copy_build: Callable[..., Path]
) -> None:
    folder = copy_build(["dataset"])
    settings = ("pruning.block=multiplier", "hls.reuse_factor=2", f"{FC1}=4")
    done = l1ml("train", small_build.spec, *(part for s in settings for part in ("--set", s)), "--out", folder)
    assert done.returncode == 0, done.stderr
    with np.load(folder / "train/weights.npz") as weights:
        used = used_blocks(weights["fc1/weight"], 4), used_blocks(weights["logits/weight"], 2)
    assert [u.size for u in used] == [4 * 4, 2 * 5]
    removed = 1 - sum(u.sum() for u in used) / sum(u.size for u in used)
    assert removed >= 0.5  # the sparsity of the small build
    assert json.loads((folder / "train/metrics.json").read_text())["multipliers_removed"] == pytest.approx(removed)
    assert f"{removed:.1%} of the multipliers" in done.stdout
