"""Stage 2: the floating-point reference and the quantized, pruned network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from l1ml.builds.build import Build
from l1ml.console import console
from l1ml.learning.pruning import used_blocks
from l1ml.learning.train import TrainingOptions, set_seed
from l1ml.triggers import Trained, save_outputs, save_settings, trigger_of


def run(build: Build, folder: Path) -> None:
    """Write ``quantized.h5``, ``types.json``, ``settings.npz``, test outputs, weights, history and metrics."""
    spec, trigger = build.spec, trigger_of(build.spec)
    data = build.prepared()
    set_seed(spec.training.seed)
    trained = trigger.train(spec, data)
    metrics: dict[str, Any] = {
        name: trigger.metrics(spec, data, outputs) | trained.metrics.get(name, {})
        for name, outputs in trained.outputs.items()
    }
    for name in trained.outputs:
        console.print(f"    {name}: {trigger.summary(metrics[name])}")
    matrices = {name.removesuffix("/weight"): w for name, w in trained.weights.items() if name.endswith("/weight")}
    metrics |= _sparsity(matrices, TrainingOptions.of(spec, matrices).blocks)
    _save(trained, folder)
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=2))


def _save(trained: Trained, folder: Path) -> None:
    trained.model.save(folder / "quantized.h5")
    types = {name: str(fixed) for name, fixed in trained.types.items()}
    (folder / "types.json").write_text(json.dumps(types))
    np.savez(folder / "weights.npz", **trained.weights)  # type: ignore[arg-type]
    save_outputs(folder, trained.outputs)
    save_settings(folder, trained.settings)
    (folder / "history.json").write_text(json.dumps(trained.history))


def _sparsity(matrices: dict[str, Any], blocks: Any) -> dict[str, Any]:
    """Zeros among the weights and, where they were pruned for it, multipliers without work."""
    weights = sum(w.size for w in matrices.values())
    found: dict[str, Any] = {
        "sparsity": 1 - sum(np.count_nonzero(w) for w in matrices.values()) / weights,
        "layer_sparsity": {name: 1 - np.count_nonzero(w) / w.size for name, w in matrices.items()},
    }
    console.print(f"    {found['sparsity']:.1%} of the weights are zero")
    if blocks:
        used = [used_blocks(w, blocks[name]) for name, w in matrices.items()]
        found["multipliers_removed"] = 1 - sum(map(np.count_nonzero, used)) / sum(u.size for u in used)
        console.print(f"    {found['multipliers_removed']:.1%} of the multipliers have no weight but zeros")
    return found
