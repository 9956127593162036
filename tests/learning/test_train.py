"""Training on a toy problem: repeatable, pruned as asked, quantized to its grid.

It runs in a process of its own: setting up Keras 2 is for life, and other tests of a worker may want Keras 3.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

SCRIPT = """
import json
from dataclasses import replace

import numpy as np

from l1ml.keras_setup import set_up_keras
from l1ml.triggers.jet_tagger.network import JetTaggerShape, float_model, quantized_model
from l1ml.learning.train import (
    CATEGORICAL, Sample, TrainingOptions, quantized_weights, set_seed, sparsity_of, train_model, train_pruned,
)

rng = np.random.default_rng(0)
y = rng.integers(0, 3, 1200)
x = (rng.normal(size=(1200, 4)) + 2 * np.eye(3, 4)[y]).astype(np.float32)
sample = Sample(x[:1000], y[:1000], x[1000:], y[1000:])
shape = JetTaggerShape(inputs=4, hidden=(8,), classes=3, weight_bits=4, activation_bits=4)
options = TrainingOptions(epochs=3, batch_size=50, learning_rate=0.02, patience=3, seed=5, sparsity=0.5, ramp_epochs=2)

def whole(options):
    set_seed(options.seed)
    reference = float_model(shape)
    history = train_model(reference, sample, options, CATEGORICAL, "float")
    quantized = quantized_model(shape)
    quantized.set_weights(reference.get_weights())
    quantized, pruning = train_pruned(quantized, sample, options, CATEGORICAL, "pruned")
    return quantized, history, pruning

def listed(weights):
    return {name: values.tolist() for name, values in weights.items()}

set_up_keras()
set_up_keras()
facts = {}
model, history, pruning = whole(options)
facts["weights"] = listed(quantized_weights(model))
facts["history"] = history.epochs
facts["pruning"] = pruning.epochs
facts["again"] = listed(quantized_weights(whole(options)[0]))
facts["other seed"] = listed(quantized_weights(whole(replace(options, seed=6))[0]))
dense, _, dense_pruning = whole(replace(options, sparsity=0))
facts["unpruned sparsity"] = [sparsity_of(dense), *dense_pruning.epochs["sparsity"]]

model.set_weights([np.full((4, 8), 0.30), np.full(8, -5.0), np.zeros((8, 3)), np.full(3, 0.06)])
facts["set"] = {name: sorted(set(values.ravel())) for name, values in quantized_weights(model).items()}
facts["set sparsity"] = sparsity_of(model)
print(json.dumps(facts))
"""


@pytest.fixture(scope="module")
def facts() -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def flat(weights: dict[str, list[Any]]) -> list[float]:
    def numbers(value: Any) -> list[float]:
        return [n for entry in value for n in numbers(entry)] if isinstance(value, list) else [value]

    return numbers(list(weights.values()))


def test_training_twice_with_the_same_seed_gives_the_same_weights(facts: dict[str, Any]) -> None:
    assert facts["again"] == facts["weights"]


def test_training_with_another_seed_gives_other_weights(facts: dict[str, Any]) -> None:
    assert facts["other seed"] != facts["weights"]


def test_training_lowers_the_loss(facts: dict[str, Any]) -> None:
    assert facts["history"]["val_loss"][-1] < facts["history"]["val_loss"][0]
    assert facts["pruning"]["val_accuracy"][-1] > 0.6  # a third by chance


def test_weights_lie_on_the_grid_of_their_bits(facts: dict[str, Any]) -> None:
    integers = [value * 8 for value in flat(facts["weights"])]  # 4 bits, 3 of them right of the point
    assert all(value == int(value) and -8 <= value <= 7 for value in integers)


def test_pruning_zeroes_the_asked_share_of_every_weight_matrix(facts: dict[str, Any]) -> None:
    for layer in ("fc1", "logits"):
        matrix = flat({layer: facts["weights"][f"{layer}/weight"]})
        assert matrix.count(0) / len(matrix) >= 0.5


def test_sparsity_grows_to_its_target_and_stays_there(facts: dict[str, Any]) -> None:
    seen = facts["pruning"]["sparsity"]
    assert len(seen) == 2 + 3
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(0.5, abs=0.02)


def test_no_pruning_leaves_no_zero_weights(facts: dict[str, Any]) -> None:
    assert facts["unpruned sparsity"] == [0] * (1 + 3)


def test_quantized_weights_are_rounded_and_clipped_and_zeros_stay_zeros(facts: dict[str, Any]) -> None:
    assert facts["set"] == {
        "fc1/weight": [0.25],
        "fc1/bias": [-1.0],
        "logits/weight": [0.0],
        "logits/bias": [0.0],
    }


def test_sparsity_counts_zeros_of_matrices_and_not_of_biases(facts: dict[str, Any]) -> None:
    assert facts["set sparsity"] == pytest.approx(24 / (24 + 32))
