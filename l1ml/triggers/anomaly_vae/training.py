"""Training of the anomaly trigger."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.console import console
from l1ml.datasets.parts import Prepared
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.learning.train import DISTANCE, Sample, TrainingOptions, quantized_weights, train_model, train_pruned
from l1ml.triggers.anomaly_vae.autoencoder import AnomalyShape, copy_weights, float_autoencoder
from l1ml.triggers.anomaly_vae.autoencoding import (
    input_weights,
    powers_of_two,
    weighted_errors,
    weighted_sample,
    where_there,
)
from l1ml.triggers.anomaly_vae.data import BITS, MEANS, OBJECTS_INPUT, SCORE, THRESHOLDS
from l1ml.triggers.anomaly_vae.hardware_objects import INPUTS
from l1ml.triggers.anomaly_vae.network import firmware_model
from l1ml.triggers.anomaly_vae.rates import threshold_error, threshold_for
from l1ml.triggers.anomaly_vae.scaling import HARDWARE, WORK, Scaling
from l1ml.triggers.anomaly_vae.scores import Divergence, Means, Reconstruction, Score
from l1ml.triggers.anomaly_vae.spec import AnomalyVaeSpec
from l1ml.triggers.trigger import Metrics, Outputs, Trained


def train(spec: AnomalyVaeSpec, data: Prepared) -> Trained:
    """The autoencoder in floating point; from it, and to give the same outputs, the quantized network."""

    model, asked = spec.model, spec.training
    objects = {part: events.inputs[OBJECTS_INPUT] for part, events in data.parts.items()}
    scaling = Scaling.fit(objects["train"], FixedType.parse(model.scaled_precision))
    scaled = {part: scaling.run(values) for part, values in objects.items()}
    seen = [scaled["train"], scaled["validation"]]
    shape = AnomalyShape(len(INPUTS), model.hidden, model.latent, model.weight_bits, model.activation_bits)
    weights = input_weights(scaled["train"], asked.angle_weight)
    score = _score(model.score, shape, scaling.result, weights)
    options = TrainingOptions.of(spec, score.dense)
    counted: list[Any] = [where_there(objects[part]) * weights for part in ("train", "validation")]
    if isinstance(score, Reconstruction):  # the score itself is what is to be small
        counted = [4.0**score.powers] * 2
    reference = float_autoencoder(shape, None if isinstance(score, Reconstruction) else asked.beta)
    sample = weighted_sample(seen, seen, counted)
    first = train_model(reference.model, sample, options, weighted_errors(), "Floating point")

    # Trained on its own, it would find another latent space, where other events are odd.
    source, quantized = score.reference(reference), score.quantized()
    copy_weights(source, quantized)
    wanted = [score.limited(_outputs(source, x)) for x in seen]
    if isinstance(score, Reconstruction):
        sample, objective = weighted_sample(seen, wanted, counted), weighted_errors()
    else:
        sample, objective = Sample(seen[0], wanted[0], seen[1], wanted[1]), DISTANCE
    pruned, second = train_pruned(quantized, sample, options, objective, "Quantized and pruned")
    quantized = score.quantized()  # whose layers have been called once, so that their order can be read
    copy_weights(pruned, quantized)

    outputs: dict[str, Outputs] = {}
    metrics: dict[str, Metrics] = {}
    both, test = np.concatenate(seen), scaled["test"]
    for name, network, latent, score_of, step in (
        ("float", source, reference.encoder, score.real, 0.0),
        ("quantized", quantized, _latent(quantized), score.fixed, score.type.lsb),
    ):
        found = _thresholds(spec, score_of(_outputs(network, both), both), step)
        thresholds = np.array([value for value, _ in found.values()])
        values = score_of(_outputs(network, test), test)[:, None]
        decided = (values >= thresholds).astype(np.float32)
        outputs[name] = {SCORE: values, BITS: decided, MEANS: _outputs(latent, test)}
        for place, key in enumerate(("threshold", "threshold_error")):
            metrics.setdefault(name, {})[key] = {point: pair[place] for point, pair in found.items()}
    _check(found, score.type)
    return Trained(
        model=firmware_model(
            quantized, scaling.offsets.tolist(), scaling.shifts.tolist(), len(thresholds), score.layers
        ),
        types={
            OBJECTS_INPUT: HARDWARE,
            THRESHOLDS: score.type,
            "scaler": scaling.result,
            "scaler/work": WORK,
            **score.types,
        },
        outputs=outputs,
        weights=quantized_weights(quantized),
        history={"float": first.epochs, "quantized": _renamed(second.epochs)},
        metrics=metrics,
        settings={THRESHOLDS: thresholds},
    )


def _score(kind: str, shape: AnomalyShape, scaled: FixedType, weights: NDArray[np.float64]) -> Score:
    """The score that a spec asks for."""
    if kind == "reconstruction":
        return Reconstruction(shape, scaled, powers_of_two(weights))
    return Divergence(shape) if kind == "divergence" else Means(shape)


def _renamed(curves: dict[str, list[float]]) -> dict[str, list[float]]:
    """Curves of the distance from the reference, which is no loss of an autoencoder, under its own name."""
    return {key.replace("loss", "distance"): values for key, values in curves.items()}


def _outputs(network: Any, scaled: NDArray[np.float32]) -> NDArray[np.float32]:
    """What a network gives, shape (n, outputs)."""
    return np.asarray(network.predict(scaled, batch_size=16384, verbose=0))


def _latent(network: Any) -> Any:
    """The part of a quantized network that gives the means μ of the latent space."""
    from tf_keras.models import Model

    return Model(network.inputs, network.get_layer("latent").output)


def _thresholds(spec: AnomalyVaeSpec, score: NDArray[np.float32], step: float) -> dict[str, tuple[float, float]]:
    """Threshold of each working point and its error."""
    filled = spec.thresholds.filled_bunches
    return {
        point: (threshold_for(score, rate, filled, step), threshold_error(score, rate, filled))
        for point, rate in spec.thresholds.rates_khz.items()
    }


def _check(thresholds: dict[str, tuple[float, float]], kind: FixedType) -> None:
    """Say the thresholds, and see that the score can reach each."""
    for point, (value, error) in thresholds.items():
        if value > kind.maximum * kind.lsb:
            raise L1mlError(
                f"thresholds.rates_khz.{point}: more background than that has the largest score, "
                f"{kind.maximum * kind.lsb:g}; give a higher rate"
            )
        console.print(f"    {point}: score from {value:g} ± {error:.2g}")
