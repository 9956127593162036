"""Training: a floating-point reference, then quantization-aware training with pruning."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml import interrupts
from l1ml.console import progress_bar
from l1ml.keras_setup import set_up_keras
from l1ml.learning.pruning import Ramp, add_pruning
from l1ml.spec import Spec


@dataclass(frozen=True)
class Sample:
    """Inputs, shape (n, features), and what the objective wants of them, for training and validation."""

    x: NDArray[np.float32]
    y: NDArray[Any]
    x_validation: NDArray[np.float32]
    y_validation: NDArray[Any]


@dataclass(frozen=True)
class Objective:
    """What is made small.

    Attributes:
        loss: Makes a loss of ``tf_keras``.
        metrics: Make its metrics to be shown beside the loss.
    """

    loss: Callable[[], Any]
    metrics: tuple[Callable[[], Any], ...] = ()


def _losses() -> Any:
    import tf_keras

    return tf_keras.losses


def _metrics() -> Any:
    import tf_keras

    return tf_keras.metrics


CATEGORICAL = Objective(
    lambda: _losses().SparseCategoricalCrossentropy(from_logits=True),
    (lambda: _metrics().SparseCategoricalAccuracy(name="accuracy"),),
)
"""Class indices, and one logit for each class."""
BINARY = Objective(
    lambda: _losses().BinaryCrossentropy(from_logits=True),
    (lambda: _metrics().BinaryAccuracy(name="accuracy", threshold=0.0),),
)
"""Class indices, and one logit, above 0 for class 1."""
DISTANCE = Objective(lambda: _losses().MeanSquaredError())
"""Real numbers, and as many outputs."""


@dataclass(frozen=True)
class TrainingOptions:
    """How to train.

    Attributes:
        epochs: Most epochs of each phase.
        batch_size: Events in a batch.
        learning_rate: Of Adam, at the start; it is halved when the validation loss stops falling.
        patience: Epochs without a better validation loss after which a phase ends.
        seed: For initial weights and the order of events.
        sparsity: Share of the weights of each layer to prune.
        ramp_epochs: Epochs over which the sparsity grows.
        blocks: Consecutive inputs of a neuron that are pruned together, by layer; 1 for those left out.
        layers: Layers to prune, in the order of the data; None for all.
    """

    epochs: int = 60
    batch_size: int = 1024
    learning_rate: float = 3e-3
    patience: int = 8
    seed: int = 1
    sparsity: float = 0.75
    ramp_epochs: int = 15
    blocks: Mapping[str, int] = field(default_factory=dict)
    layers: tuple[str, ...] | None = None

    @classmethod
    def of(cls, spec: Spec, layers: Iterable[str]) -> TrainingOptions:
        """What a spec asks of a network with some dense layers."""
        keys, layers = ("epochs", "batch_size", "learning_rate", "patience", "seed"), tuple(layers)
        return cls(
            **{key: getattr(spec.training, key) for key in keys},
            sparsity=spec.pruning.sparsity,
            ramp_epochs=spec.pruning.ramp_epochs,
            blocks={name: spec.reuse_factor(name) for name in layers} if spec.pruning.block == "multiplier" else {},
            layers=layers,
        )


@dataclass
class History:
    """Loss, metrics and sparsity after each epoch."""

    epochs: dict[str, list[float]] = field(default_factory=dict)

    def add(self, logs: dict[str, float]) -> None:
        """Append the numbers of one epoch."""
        for key, value in logs.items():
            self.epochs.setdefault(key, []).append(float(value))


def set_seed(seed: int) -> None:
    """Make training repeatable."""
    set_up_keras()
    import tensorflow as tf
    import tf_keras

    tf_keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


def train_model(model: Any, sample: Sample, options: TrainingOptions, objective: Objective, title: str) -> History:
    """Train a network until the validation loss stops falling.

    The weights of the best epoch are kept.
    """
    history = History()
    _fit(model, sample, options, objective, history, title, options.epochs)
    return history


def train_pruned(
    model: Any, sample: Sample, options: TrainingOptions, objective: Objective, title: str
) -> tuple[Any, History]:
    """Prune while training, then train at the final sparsity.

    Args:
        model: QKeras model; its weights are the starting point.
        sample: Training and validation events.
        options: How to train.
        objective: What is made small.
        title: For the progress bar.

    Returns:
        The model without the pruning wrappers, and its history with the sparsity.
    """
    set_up_keras()
    from tensorflow_model_optimization.sparsity import keras as sparsity

    history = History()
    if options.sparsity == 0:
        _fit(model, sample, options, objective, history, title, options.epochs)
        return model, history
    batches = int(np.ceil(len(sample.x) / options.batch_size))
    ramp = Ramp(options.sparsity, steps=batches * options.ramp_epochs, frequency=max(1, batches // 2))
    pruned = add_pruning(model, ramp, options.blocks, options.layers)
    step = [sparsity.UpdatePruningStep()]
    # The best epoch may only be one at the final sparsity: hence two phases.
    _fit(
        pruned,
        sample,
        options,
        objective,
        history,
        f"{title}: pruning",
        options.ramp_epochs,
        callbacks=step,
        stop_early=False,
    )
    _fit(pruned, sample, options, objective, history, title, options.epochs, callbacks=step)
    return sparsity.strip_pruning(pruned), history


def _fit(
    model: Any,
    sample: Sample,
    options: TrainingOptions,
    objective: Objective,
    history: History,
    title: str,
    epochs: int,
    *,
    callbacks: list[Any] | None = None,
    stop_early: bool = True,
) -> None:
    import tf_keras

    model.compile(
        optimizer=tf_keras.optimizers.Adam(options.learning_rate),
        loss=objective.loss(),
        metrics=[make() for make in objective.metrics],
    )
    extra = list(callbacks or [])
    if stop_early:
        extra += [
            tf_keras.callbacks.ReduceLROnPlateau(factor=0.5, patience=max(1, options.patience // 3), min_lr=1e-5),
            tf_keras.callbacks.EarlyStopping(patience=options.patience, restore_best_weights=True),
        ]
    with progress_bar() as progress:
        task = progress.add_task(title, total=epochs, note="")

        def after_epoch(epoch: int, logs: dict[str, float]) -> None:
            interrupts.check()
            numbers = {key: value for key, value in logs.items() if key != "lr"}
            history.add({**numbers, "sparsity": sparsity_of(model)})
            shown = {key.removeprefix("val_"): value for key, value in numbers.items() if key.startswith("val_")}
            note = ", ".join(f"{key} {value:.4f}" for key, value in shown.items())
            progress.update(task, advance=1, note=f"{note} (validation)")

        model.fit(
            sample.x,
            sample.y,
            validation_data=(sample.x_validation, sample.y_validation),
            validation_batch_size=8192,
            batch_size=options.batch_size,
            epochs=epochs,
            verbose=0,
            callbacks=[*extra, tf_keras.callbacks.LambdaCallback(on_epoch_end=after_epoch)],
        )


def sparsity_of(model: Any) -> float:
    """Share of zeros among the weight matrices of a model."""
    matrices = [w.numpy() for w in model.trainable_weights if len(w.shape) == 2]
    return float(1 - sum(np.count_nonzero(m) for m in matrices) / sum(m.size for m in matrices))


def quantized_weights(model: Any) -> dict[str, NDArray[np.float64]]:
    """Weights and biases of a QKeras model after quantization, as ``<layer>/weight`` and ``<layer>/bias``."""
    found = {}
    for layer in model.layers:
        quantizers: list[Any] = getattr(layer, "get_quantizers", list)()
        for name, variable, quantizer in zip(("weight", "bias"), layer.weights, quantizers, strict=False):
            values = quantizer(variable) if quantizer is not None else variable
            found[f"{layer.name}/{name}"] = np.asarray(values, dtype=np.float64)
    return found
