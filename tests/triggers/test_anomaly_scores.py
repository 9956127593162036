"""Scores of the anomaly trigger: what the quantized network says is what C++ and Verilog compute, folded or not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import compile_graph, convert, golden
from numpy.typing import NDArray

from l1ml.fixed import FixedType
from l1ml.frontends.hls4ml.backend import rtl_folder
from l1ml.layers.input_scaler.arithmetic import InputScalerArithmetic
from l1ml.layers.parameters import exact_type
from l1ml.triggers.anomaly_vae.autoencoder import AnomalyShape
from l1ml.triggers.anomaly_vae.autoencoding import powers_of_two
from l1ml.triggers.anomaly_vae.network import firmware_model
from l1ml.triggers.anomaly_vae.scores import Divergence, Means, Reconstruction, Score
from l1ml.verification.simulation import CoreSimulator

SHAPE = AnomalyShape(inputs=5, hidden=(4,), latent=3, weight_bits=6, activation_bits=7)
SCALED, OBJECTS, WORK = (FixedType.parse(text) for text in ("fixed<8,4,RND_CONV,SAT>", "fixed<9,9>", "fixed<14,9>"))
OFFSETS, SHIFTS = [18, 0.5, 7, 0, -3], [4, 3, 2, 5, 4]
SCORES: dict[str, Score] = {
    "divergence": Divergence(SHAPE),
    "reconstruction": Reconstruction(SHAPE, SCALED, np.array([2, 0, -1, 3, -12])),
}


def network_of(score: Score) -> Any:
    """A network of random weights that reach the ends of its types."""
    network = score.quantized()
    rng = np.random.default_rng(5)
    network.set_weights([rng.uniform(-2, 2, w.shape) for w in network.get_weights()])
    return network


def by_python(score: Score, network: Any, objects: NDArray[np.int64]) -> NDArray[np.int64]:
    """Integers of the score of hardware integers, as training takes them for its thresholds."""
    offset = exact_type(np.array(OFFSETS))
    scaler = InputScalerArithmetic(OBJECTS, offset, WORK, SCALED, offset.quantize(np.array(OFFSETS)), np.array(SHIFTS))
    scaled = SCALED.to_float(scaler.run(objects)).astype(np.float32)
    found = score.fixed(np.asarray(network.predict(scaled, verbose=0)), scaled)
    return score.type.quantize(found[:, None])


@pytest.mark.parametrize(
    ("name", "reuse"),
    [
        ("divergence", 1),
        ("reconstruction", 8),
        pytest.param("divergence", 8, marks=pytest.mark.slow),
        pytest.param("reconstruction", 1, marks=pytest.mark.slow),
    ],
)
def test_python_cpp_and_verilog_give_the_same_score(keras: Any, tmp_path: Path, name: str, reuse: int) -> None:
    score = SCORES[name]
    network = network_of(score)
    rng = np.random.default_rng(6)
    ends = [np.zeros((1, 5), int), np.full((1, 5), OBJECTS.minimum), np.full((1, 5), OBJECTS.maximum)]
    random = rng.integers(OBJECTS.minimum, OBJECTS.maximum + 1, (1500, 5)) >> rng.integers(0, 7, (1500, 1))
    objects = np.concatenate([*ends, random])
    expected = by_python(score, network, objects)
    assert len(np.unique(expected)) > 200
    levels = np.tile([0, int(np.median(expected)), score.type.maximum], (len(objects), 1))
    levels[::2, 0] = expected[::2, 0]  # an event that reaches a threshold exactly
    inputs = np.concatenate([objects, levels], axis=1)
    wanted = np.concatenate([expected, expected >= levels], axis=1)

    model = firmware_model(network, OFFSETS, SHIFTS, 3, score.layers)
    options: dict[str, dict[str, Any]] = {layer: {"ReuseFactor": reuse, "Strategy": "auto"} for layer in score.dense}
    types = {"objects": OBJECTS, "thresholds": score.type, "scaler": SCALED, "scaler/work": WORK, **score.types}
    for key, fixed in types.items():
        layer, _, kind = key.partition("/")
        options.setdefault(layer, {}).setdefault("types", {})[kind or "result"] = str(fixed)
    graph = convert(model, tmp_path, options, write_rtl=True)
    compile_graph(graph)
    np.testing.assert_array_equal(golden(graph, inputs), wanted)
    simulation = CoreSimulator(rtl_folder(graph)).run(inputs)
    assert simulation.initiation_interval == reuse
    np.testing.assert_array_equal(simulation.integers, wanted)


def test_a_saturated_score_is_the_largest_that_its_type_holds() -> None:
    far = np.full((1, SHAPE.latent), SHAPE.mean.lowest * SHAPE.mean.lsb, dtype=np.float32)
    wide = np.full_like(far, SHAPE.log_variance.maximum * SHAPE.log_variance.lsb)
    for score, outputs in ((Means(SHAPE), far), (Divergence(SHAPE), np.concatenate([far, wide], axis=1))):
        assert score.type.quantize(score.fixed(outputs, far))[0] <= score.type.maximum
        assert (
            replace(score.type, width=score.type.width - 1, integer=score.type.integer - 1).maximum * score.type.lsb
            < (score.fixed(outputs, far)[0])
        )  # no bit is in vain
    missed = SCORES["reconstruction"]
    inputs = np.full((1, SHAPE.inputs), SCALED.maximum * SCALED.lsb, dtype=np.float32)
    assert missed.type.quantize(missed.fixed(-inputs, inputs))[0] <= missed.type.maximum


def test_real_and_fixed_scores_agree_within_the_steps_of_the_types() -> None:
    rng = np.random.default_rng(7)
    inputs = SCALED.rounded(rng.normal(0, 1, (500, SHAPE.inputs)))
    restored = SHAPE.reconstruction(SCALED).rounded(inputs + rng.normal(0, 0.3, inputs.shape))
    score = Reconstruction(SHAPE, SCALED, np.zeros(SHAPE.inputs, dtype=np.int64))
    step = score.weighted.lsb
    np.testing.assert_allclose(score.fixed(restored, inputs), score.real(restored, inputs), rtol=0.1, atol=5 * step)
    outputs = np.concatenate([SHAPE.mean.rounded(inputs[:, :3]), SHAPE.log_variance.rounded(inputs[:, 2:])], axis=1)
    both = Divergence(SHAPE)
    np.testing.assert_allclose(both.fixed(outputs, inputs), both.real(outputs, inputs), atol=3 * both.type.lsb)


def test_powers_of_two_are_the_nearest_to_the_weights() -> None:
    assert powers_of_two(np.array([1.0, 3.9, 0.26, 16.0, 0.0, 1e-3])).tolist() == [0, 1, -1, 2, -12, -5]
