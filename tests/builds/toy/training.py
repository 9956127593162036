"""Training of the toy trigger."""

from __future__ import annotations

from typing import Any

import numpy as np
from l1ml.triggers.toy.spec import ToySpec

from l1ml.datasets.parts import Prepared
from l1ml.fixed import FixedType
from l1ml.keras_setup import set_up_keras
from l1ml.learning.train import CATEGORICAL, Sample, TrainingOptions, quantized_weights, train_model, train_pruned
from l1ml.triggers.trigger import Trained

NUMBERS = FixedType.parse("fixed<8,4,RND,SAT>")


def train(spec: ToySpec, data: Prepared) -> Trained:
    """The same network in floating point and in QKeras."""
    set_up_keras()
    from qkeras import QActivation, QDense, quantized_bits, quantized_relu
    from tf_keras.layers import Dense, Input
    from tf_keras.models import Sequential

    asked, hidden = spec.model, spec.model.hidden
    weights = {key: quantized_bits(asked.weight_bits, 1, alpha=1) for key in ("kernel_quantizer", "bias_quantizer")}
    relu = quantized_relu(asked.activation_bits, 2)
    plain: list[Any] = [Input((4,), name="numbers")]
    exact: list[Any] = [Input((4,), name="numbers")]
    for number, size in enumerate(hidden, start=1):
        exact.append(Dense(size, activation="relu", name=f"fc{number}"))
        plain += [QDense(size, name=f"fc{number}", **weights), QActivation(relu, name=f"relu{number}")]
    reference = Sequential([*exact, Dense(2, name="logits")])
    quantized = Sequential([*plain, QDense(2, name="logits", **weights)])

    rng = np.random.default_rng(spec.training.seed)
    parts = {name: (events.inputs["numbers"], events.labels) for name, events in data.parts.items()}
    x, y = parts["train"]
    noisy = (x + rng.normal(0, spec.noise.sigma, x.shape)).astype(np.float32)
    sample = Sample(noisy, y, *parts["validation"])
    options = TrainingOptions.of(spec, [layer.name for layer in reference.layers])
    first = train_model(reference, sample, options, CATEGORICAL, "Floating point")
    quantized.set_weights(reference.get_weights())
    quantized, second = train_pruned(quantized, sample, options, CATEGORICAL, "Quantized and pruned")
    test = parts["test"][0]
    return Trained(
        model=quantized,
        types={"numbers": NUMBERS},
        outputs={
            "float": {"logits": reference.predict(test, verbose=0)},
            "quantized": {"logits": quantized.predict(NUMBERS.rounded(test), verbose=0)},
        },
        weights=quantized_weights(quantized),
        history={"float": first.epochs, "quantized": second.epochs},
    )
