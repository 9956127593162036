"""The Level-1 jet tagger."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from l1ml.console import console
from l1ml.datasets import jets, public_jets
from l1ml.datasets.parts import Events, Prepared, split
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.spec.jet_tagger import JetDatasetSpec, JetTaggerSpec
from l1ml.triggers.trigger import Metrics, Outputs, Trained, Trigger

if TYPE_CHECKING:
    from l1ml.report.trigger import TriggerReport
    from l1ml.training.train import Sample

INPUT, OUTPUT = "jet", "logits"

AFFORDABLE_LOSS = 0.001
"""Accuracy that quantizing the inputs may cost when their precision is chosen from data."""

Predict = Callable[[NDArray[np.float32]], NDArray[np.float32]]


class JetTagger(Trigger[JetTaggerSpec]):
    """Which of gluon, quark, W, Z or top made a jet, from 16 features of its substructure."""

    outputs = (OUTPUT,)
    headline = "accuracy"

    def prepare(self, spec: JetTaggerSpec) -> Prepared:
        """Standardise the features by the mean and the standard deviation of the training part."""
        asked = spec.dataset
        sample = _load(asked)
        rows = split(len(sample), asked.test_fraction, asked.validation_fraction, asked.seed)
        train = sample.features[rows["train"]]
        mean, scale = train.mean(axis=0, dtype=np.float64), train.std(axis=0, dtype=np.float64)
        if np.any(scale == 0):
            raise L1mlError(f"feature {jets.FEATURES[int(np.argmin(scale))]} is the same for all jets of the data set")
        standard = ((sample.features - mean) / scale).astype(np.float32)
        return Prepared(
            parts={part: Events({INPUT: standard[r]}, sample.labels[r]) for part, r in rows.items()},
            classes=jets.CLASSES,
            features=jets.FEATURES,
            source=str(asked.path or asked.source),
            constants={"mean": mean, "scale": scale},
        )

    def train(self, spec: JetTaggerSpec, data: Prepared) -> Trained:
        """Floating point first; from its weights, and on quantized inputs, the quantized and pruned network."""
        from l1ml.models.jet_tagger import JetTaggerShape, float_model, quantized_model
        from l1ml.training.train import CATEGORICAL, Sample, TrainingOptions, quantized_weights, train, train_pruned

        shape = JetTaggerShape(
            inputs=len(data.features),
            hidden=spec.model.hidden,
            classes=len(data.classes),
            weight_bits=spec.model.weight_bits,
            activation_bits=spec.model.activation_bits,
        )
        reference = float_model(shape)
        options = TrainingOptions.of(spec, [layer.name for layer in reference.layers])
        (x, y), (x_validation, y_validation), (x_test, _) = (
            (events.inputs[INPUT], events.labels) for events in (data.parts[p] for p in ("train", "validation", "test"))
        )
        sample = Sample(x, y, x_validation, y_validation)
        history = {"float": train(reference, sample, options, CATEGORICAL, "Floating point").epochs}

        input_type = _input_type(spec.model.input_precision, _predictor(reference), sample)
        console.print(f"    inputs as {input_type}")
        quantized = quantized_model(shape)
        quantized.set_weights(reference.get_weights())
        on_grid = Sample(input_type.rounded(x), y, input_type.rounded(x_validation), y_validation)
        quantized, pruned = train_pruned(quantized, on_grid, options, CATEGORICAL, "Quantized and pruned")
        return Trained(
            model=quantized,
            types={INPUT: input_type},
            outputs={
                "float": {OUTPUT: _predictor(reference)(x_test)},
                "quantized": {OUTPUT: _predictor(quantized)(input_type.rounded(x_test))},
            },
            weights=quantized_weights(quantized),
            history={**history, "quantized": pruned.epochs},
        )

    def metrics(self, spec: JetTaggerSpec, data: Prepared, outputs: Outputs) -> Metrics:
        """Accuracy, and the area under the ROC curve of each class against the others."""
        from l1ml.training.evaluate import classifier_metrics

        return classifier_metrics(data.parts["test"].labels, outputs[OUTPUT], data.classes)

    def report(self) -> TriggerReport:
        """ROC curves and the confusion matrix."""
        from l1ml.report.classification import CLASSIFICATION

        return CLASSIFICATION


TRIGGER = JetTagger()


def _load(spec: JetDatasetSpec) -> jets.JetDataset:
    if spec.source == "sample":
        return jets.load()
    if spec.path is None:
        raise L1mlError(f"dataset.source is {spec.source!r}: give its file with dataset.path")
    return jets.load(spec.path) if spec.source == "generated" else public_jets.load(spec.path)


def _predictor(model: Any) -> Predict:
    """Logits of a model in large batches."""
    return lambda x: model.predict(x, batch_size=16384, verbose=0)


def _input_type(asked: str, predict: Predict, sample: Sample) -> FixedType:
    """The type asked for, or the narrowest one that costs less than ``AFFORDABLE_LOSS`` of validation accuracy.

    Values out of range saturate; among types of one width, the one with the best accuracy is taken.
    """
    if asked != "auto":
        return FixedType.parse(asked)

    def accuracy(x: NDArray[np.float32]) -> float:
        return float(np.mean(np.argmax(predict(x), axis=1) == sample.y_validation))

    aim = accuracy(sample.x_validation) - AFFORDABLE_LOSS
    widest = 1 + max(1, int(np.ceil(np.log2(np.abs(sample.x).max()))))
    for width in range(3, 17):
        candidates = [FixedType(width, i, True, "RND", "SAT") for i in range(1, min(widest, width) + 1)]
        best, kind = max(((accuracy(c.rounded(sample.x_validation)), c) for c in candidates), key=lambda pair: pair[0])
        if best >= aim:
            break
    return kind
