"""The anomaly trigger: which events are unlike those of the Standard Model?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from l1ml.console import console
from l1ml.datasets import anomaly, public_anomaly
from l1ml.datasets.hardware_objects import INPUTS
from l1ml.datasets.parts import Events, Prepared, split
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.models.anomaly_scores import Divergence, Means, Reconstruction, Score
from l1ml.spec.anomaly_vae import AnomalyDatasetSpec, AnomalyVaeSpec
from l1ml.training.autoencoding import input_weights, powers_of_two, weighted_errors, weighted_sample, where_there
from l1ml.training.rates import threshold_error, threshold_for
from l1ml.training.scaling import HARDWARE, WORK, Scaling
from l1ml.triggers.trigger import Metrics, Outputs, Trained, Trigger

if TYPE_CHECKING:
    from l1ml.models.autoencoder import AnomalyShape
    from l1ml.report.trigger import TriggerReport

OBJECTS_INPUT, THRESHOLDS = "objects", "thresholds"
"""Inputs of the firmware: hardware integers of each event, and thresholds that are set once."""

SCORE, BITS = "score", "bits"

MEANS = "means"
"""What the networks also tell, but not the firmware: the means of the latent space."""

PUBLIC_FILES = {
    "background": "background*.h5",
    "a_to_4l": "Ato4l*.h5",
    "leptoquark": "leptoquark*.h5",
    "h0_to_tautau": "hToTauTau*.h5",
    "hpm_to_taunu": "hChToTauNu*.h5",
}
"""How the files of the public benchmark are named."""


class AnomalyVae(Trigger[AnomalyVaeSpec]):
    """How odd is an event to an autoencoder that knows the background alone?"""

    outputs = (SCORE, BITS)
    headline = "auc_signals"

    def prepare(self, spec: AnomalyVaeSpec) -> Prepared:
        """Hardware integers as they are; signals are in the test part alone, in random order with its background."""
        asked = spec.dataset
        sample = _load(asked)
        background, signals = (np.flatnonzero(chosen) for chosen in (sample.labels == 0, sample.labels != 0))
        if not len(background) or not len(signals):
            raise L1mlError(f"{asked.path or asked.source}: there must be events of the background and of signals")
        rows = split(len(background), asked.test_fraction, asked.validation_fraction, asked.seed)
        events = Events({OBJECTS_INPUT: sample.objects.astype(np.float32)}, sample.labels)
        parts = {part: background[chosen] for part, chosen in rows.items()}
        parts["test"] = np.random.default_rng(asked.seed).permutation(np.concatenate([parts["test"], signals]))
        return Prepared(
            parts={part: events.take(chosen) for part, chosen in parts.items()},
            classes=anomaly.CLASSES,
            features=INPUTS,
            source=str(asked.path or asked.source),
        )

    def train(self, spec: AnomalyVaeSpec, data: Prepared) -> Trained:
        """The autoencoder in floating point; from it, and to give the same outputs, the quantized network."""
        from l1ml.models.anomaly import firmware_model
        from l1ml.models.autoencoder import AnomalyShape, copy_weights, float_autoencoder
        from l1ml.training.train import DISTANCE, Sample, TrainingOptions, quantized_weights, train, train_pruned

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
        first = train(reference.model, sample, options, weighted_errors(), "Floating point")

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

    def metrics(self, spec: AnomalyVaeSpec, data: Prepared, outputs: Outputs) -> Metrics:
        """ROC areas, efficiencies at a low false positive rate, rates."""
        from l1ml.training.anomaly import anomaly_metrics

        points = list(spec.thresholds.rates_khz)
        return anomaly_metrics(
            data.parts["test"].labels,
            outputs[SCORE][:, 0],
            outputs[BITS] > 0,
            data.classes[1:],
            points,
            spec.thresholds.filled_bunches,
        )

    def report(self) -> TriggerReport:
        """ROC curves, scores, rates, latent space, occupancies."""
        from l1ml.report.anomaly import ANOMALIES

        return ANOMALIES


TRIGGER = AnomalyVae()


def _load(spec: AnomalyDatasetSpec) -> anomaly.AnomalyDataset:
    if spec.source == "sample":
        return anomaly.load()
    if spec.path is None:
        raise L1mlError(f"dataset.source is {spec.source!r}: give its file or folder with dataset.path")
    return anomaly.load(spec.path) if spec.source == "generated" else public_anomaly.load_public(_public(spec.path))


def _public(folder: Path) -> dict[str, Path]:
    found = {name: sorted(folder.glob(pattern)) for name, pattern in PUBLIC_FILES.items()}
    missing = [PUBLIC_FILES[name] for name, files in found.items() if not files]
    if missing:
        raise L1mlError(f"{folder} lacks {', '.join(missing)} of the public benchmark (arXiv:2107.02157, on Zenodo)")
    return {name: files[0] for name, files in found.items()}


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
