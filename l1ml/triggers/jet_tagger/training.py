"""Training of the tagger."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.console import console
from l1ml.datasets.parts import Prepared
from l1ml.fixed import FixedType
from l1ml.learning.train import CATEGORICAL, Sample, TrainingOptions, quantized_weights, train_model, train_pruned
from l1ml.triggers.jet_tagger.data import INPUT, OUTPUT
from l1ml.triggers.jet_tagger.network import JetTaggerShape, float_model, quantized_model
from l1ml.triggers.jet_tagger.spec import JetTaggerSpec
from l1ml.triggers.trigger import Trained

AFFORDABLE_LOSS = 0.001
"""Accuracy that quantizing the inputs may cost when their precision is chosen from data."""

Predict = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def train(spec: JetTaggerSpec, data: Prepared) -> Trained:
    """Floating point first; from its weights, and on quantized inputs, the quantized and pruned network."""
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
    history = {"float": train_model(reference, sample, options, CATEGORICAL, "Floating point").epochs}

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
