"""Stage 2: the floating-point reference and the quantized, pruned network."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.console import console
from l1ml.fixed import FixedType
from l1ml.flow import Build
from l1ml.models.jet_tagger import JetTaggerShape, float_model, quantized_model
from l1ml.training.evaluate import classifier_metrics
from l1ml.training.pruning import used_blocks
from l1ml.training.train import Sample, TrainingOptions, quantized_weights, set_seed, train, train_pruned

AFFORDABLE_LOSS = 0.001
"""Accuracy that quantizing the inputs may cost when their precision is chosen from data."""


def run(build: Build, folder: Path) -> None:
    """Write ``quantized.h5``, ``input_type.txt``, test scores, weights, history and metrics."""
    spec = build.spec
    about = json.loads((build.folder("dataset") / "dataset.json").read_text())
    with np.load(build.folder("dataset") / "data.npz") as file:
        data = dict(file)
    shape = JetTaggerShape(
        inputs=len(about["features"]),
        hidden=spec.model.hidden,
        classes=len(about["classes"]),
        weight_bits=spec.model.weight_bits,
        activation_bits=spec.model.activation_bits,
    )
    set_seed(spec.training.seed)
    reference = float_model(shape)
    options = TrainingOptions(
        **spec.training.model_dump(),
        sparsity=spec.pruning.sparsity,
        ramp_epochs=spec.pruning.ramp_epochs,
        blocks={layer.name: spec.reuse_factor(layer.name) for layer in reference.layers}
        if spec.pruning.block == "multiplier"
        else {},
    )
    sample = Sample(data["x_train"], data["y_train"], data["x_validation"], data["y_validation"])
    history = {"float": train(reference, sample, options, "Floating point").epochs}

    input_type = _input_type(spec.model.input_precision, predictor(reference), sample)
    console.print(f"    inputs as {input_type}")
    on_grid = Sample(_cast(input_type, sample.x), sample.y, _cast(input_type, sample.x_validation), sample.y_validation)
    quantized = quantized_model(shape)
    quantized.set_weights(reference.get_weights())
    quantized, pruned_history = train_pruned(quantized, on_grid, options, "Quantized and pruned")
    history["quantized"] = pruned_history.epochs

    x_test, truth = data["x_test"], data["y_test"]
    logits = {
        "float": predictor(reference)(x_test),
        "quantized": predictor(quantized)(_cast(input_type, x_test)),
    }
    weights = quantized_weights(quantized)
    metrics: dict[str, Any] = {name: classifier_metrics(truth, z, about["classes"]) for name, z in logits.items()}
    matrices = {name.split("/")[0]: w for name, w in weights.items() if name.endswith("/weight")}
    metrics["sparsity"] = 1 - sum(np.count_nonzero(w) for w in matrices.values()) / sum(
        w.size for w in matrices.values()
    )
    metrics["layer_sparsity"] = {name: 1 - np.count_nonzero(w) / w.size for name, w in matrices.items()}
    for name in logits:
        console.print(f"    {name}: accuracy {metrics[name]['accuracy']:.4f} ± {metrics[name]['accuracy_error']:.4f}")
    console.print(f"    {metrics['sparsity']:.1%} of the weights are zero")
    if options.blocks:
        used = [used_blocks(w, options.blocks[name]) for name, w in matrices.items()]
        metrics["multipliers_removed"] = 1 - sum(map(np.count_nonzero, used)) / sum(u.size for u in used)
        console.print(f"    {metrics['multipliers_removed']:.1%} of the multipliers have no weight but zeros")

    quantized.save(folder / "quantized.h5")
    (folder / "input_type.txt").write_text(str(input_type))
    _save(folder / "weights.npz", weights)
    _save(folder / "scores.npz", {"truth": truth, **logits})
    (folder / "history.json").write_text(json.dumps(history))
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=2))


def _save(file: Path, arrays: dict[str, Any]) -> None:
    np.savez(file, **arrays)


def predictor(model: Any) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Logits of a model in large batches."""
    return lambda x: model.predict(x, batch_size=16384, verbose=0)


def _cast(fixed: FixedType, x: NDArray[np.float32]) -> NDArray[np.float32]:
    return fixed.to_float(fixed.quantize(x)).astype(np.float32)


def _input_type(asked: str, predict: Callable[[NDArray[np.float32]], NDArray[np.float32]], sample: Sample) -> FixedType:
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
        best, kind = max(((accuracy(_cast(c, sample.x_validation)), c) for c in candidates), key=lambda pair: pair[0])
        if best >= aim:
            break
    return kind
