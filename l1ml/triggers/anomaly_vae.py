"""The anomaly trigger: which events are unlike those of the Standard Model?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from l1ml.arithmetic.sum_of_squares import exact_sum
from l1ml.console import console
from l1ml.datasets import anomaly, public_anomaly
from l1ml.datasets.hardware_objects import AXES, INPUTS, OBJECTS
from l1ml.datasets.parts import Events, Prepared, split
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.spec.anomaly_vae import AnomalyDatasetSpec, AnomalyVaeSpec
from l1ml.training.rates import threshold_for
from l1ml.training.scaling import HARDWARE, WORK, Scaling
from l1ml.triggers.trigger import Metrics, Outputs, Trained, Trigger

if TYPE_CHECKING:
    from l1ml.report.trigger import TriggerReport
    from l1ml.training.train import Objective, Sample

BACKGROUND = anomaly.CLASSES.index("background")

OBJECTS_INPUT, THRESHOLDS = "objects", "thresholds"
"""Inputs of the firmware: hardware integers of each event, and thresholds that are set once."""

SCORE, BITS = "score", "bits"

MEANS = "means"
"""What the networks also tell, but not the firmware: the means of the latent space."""

SMALLEST_SPREAD = 0.05
"""Spread that an input is at least taken to have, scaled; objects that are hardly ever there have none."""

PUBLIC_FILES = {
    "background": "background*.h5",
    "a_to_4l": "Ato4l*.h5",
    "leptoquark": "leptoquark*.h5",
    "h0_to_tautau": "hToTauTau*.h5",
    "hpm_to_taunu": "hChToTauNu*.h5",
}
"""How the files of the public benchmark are named."""


class AnomalyVae(Trigger[AnomalyVaeSpec]):
    """How far is an event from the origin of the latent space of an autoencoder that knows the background alone?"""

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
        """The autoencoder in floating point; from its encoder, and to give the same means, the quantized one."""
        from l1ml.models.anomaly import firmware_model
        from l1ml.models.autoencoder import AnomalyShape, copy_weights, float_autoencoder, quantized_encoder
        from l1ml.training.train import DISTANCE, Sample, TrainingOptions, quantized_weights, train, train_pruned

        model, asked = spec.model, spec.training
        objects = {part: events.inputs[OBJECTS_INPUT] for part, events in data.parts.items()}
        scaling = Scaling.fit(objects["train"], FixedType.parse(model.scaled_precision))
        scaled = {part: scaling.run(values) for part, values in objects.items()}
        shape = AnomalyShape(len(INPUTS), model.hidden, model.latent, model.weight_bits, model.activation_bits)
        options, seen = TrainingOptions.of(spec, shape.dense), (scaled["train"], scaled["validation"])
        reference = float_autoencoder(shape, asked.beta)
        sample = _sample(objects, scaled, asked.angle_weight)
        first = train(reference.model, sample, options, _reconstruction(), "Floating point")

        # Trained on its own, it would find another latent space, where other events are odd.
        quantized = quantized_encoder(shape)
        copy_weights(reference.encoder, quantized)
        wanted = [_means(reference.encoder, x) for x in seen]
        sample = Sample(seen[0], wanted[0], seen[1], wanted[1])
        quantized, second = train_pruned(quantized, sample, options, DISTANCE, "Quantized and pruned")

        score_type = exact_sum(model.latent, shape.mean)
        outputs: dict[str, Outputs] = {}
        metrics: dict[str, Metrics] = {}
        for name, network, step in (("float", reference.encoder, 0.0), ("quantized", quantized, score_type.lsb)):
            thresholds = _thresholds(spec, _score(_means(network, np.concatenate(seen))), step)
            means = _means(network, scaled["test"])
            score = _score(means)[:, None]
            outputs[name] = {SCORE: score, BITS: (score >= thresholds).astype(np.float32), MEANS: means}
            metrics[name] = {"threshold": dict(zip(spec.thresholds.rates_khz, thresholds.tolist(), strict=True))}
        for point, value in metrics["quantized"]["threshold"].items():
            if value > score_type.maximum * score_type.lsb:
                raise L1mlError(
                    f"thresholds.rates_khz.{point}: more background than that has the largest score, "
                    f"{score_type.maximum * score_type.lsb:g}; give a higher rate"
                )
            console.print(f"    {point}: score from {value:g}")
        return Trained(
            model=firmware_model(quantized, scaling.offsets.tolist(), scaling.shifts.tolist(), len(thresholds)),
            types={
                OBJECTS_INPUT: HARDWARE,
                THRESHOLDS: score_type,
                "scaler": scaling.result,
                "scaler/work": WORK,
                # hls4ml would merge the cast to this type with the layers before it, and forget the type.
                **dict.fromkeys((shape.dense[-1], f"{shape.dense[-1]}_linear"), shape.mean),
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


def _sample(
    objects: dict[str, NDArray[np.float32]], scaled: dict[str, NDArray[np.float32]], angle_weight: float
) -> Sample:
    """Scaled inputs, and for each event what is to be reconstructed and what each of it counts for, side by side.

    Inputs count in units of their spread, so that many GeV of a jet are no more than few of a muon. η and φ of an
    object that is not there do not count.
    """
    from l1ml.training.train import Sample

    spread = np.maximum(scaled["train"].std(axis=0), SMALLEST_SPREAD)
    axis = np.tile([1.0] + [angle_weight] * (len(AXES) - 1), len(OBJECTS))

    def wanted(part: str) -> NDArray[np.float32]:
        there = np.repeat(objects[part][:, :: len(AXES)] > 0, len(AXES), axis=1)
        is_pt = np.arange(len(INPUTS)) % len(AXES) == 0
        return np.concatenate([scaled[part], (there | is_pt) * axis / spread**2], axis=1).astype(np.float32)

    return Sample(scaled["train"], wanted("train"), scaled["validation"], wanted("validation"))


def _reconstruction() -> Objective:
    """Half the sum of the weighted squares of what is missed: minus the log likelihood of normal errors."""
    import tensorflow as tf

    from l1ml.training.train import Objective

    def loss(wanted: Any, found: Any) -> Any:
        values, weights = tf.split(wanted, 2, axis=-1)
        return tf.reduce_sum(weights * tf.square(values - found), axis=-1) / 2

    return Objective(lambda: loss)


def _renamed(curves: dict[str, list[float]]) -> dict[str, list[float]]:
    """Curves of the distance from the reference, which is no loss of an autoencoder, under its own name."""
    return {key.replace("loss", "distance"): values for key, values in curves.items()}


def _means(encoder: Any, scaled: NDArray[np.float32]) -> NDArray[np.float32]:
    """Means μ of the latent space, shape (n, dimensions)."""
    return np.asarray(encoder.predict(scaled, batch_size=16384, verbose=0))


def _score(means: NDArray[np.float32]) -> NDArray[np.float32]:
    """Σμ²; exact for a quantized encoder."""
    return np.asarray(np.sum(np.square(means), axis=1))


def _thresholds(spec: AnomalyVaeSpec, score: NDArray[np.float32], step: float) -> NDArray[np.float64]:
    asked = spec.thresholds
    return np.array([threshold_for(score, rate, asked.filled_bunches, step) for rate in asked.rates_khz.values()])
