"""Stage 3: hls4ml's HLS C++ project, compiled, and what it makes of the test events."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from l1ml.console import console
from l1ml.fixed import FixedType
from l1ml.flow import Build
from l1ml.hls.convert import ConvertOptions, LayerOptions, convert, save_graph
from l1ml.keras_setup import set_up_keras
from l1ml.tools import require
from l1ml.training.evaluate import classifier_metrics


def run(build: Build, folder: Path) -> None:
    """Write the project ``hls/``, its graph, test scores, metrics and a table of layers."""
    require("g++")  # before the seconds that TensorFlow takes
    set_up_keras()
    from qkeras.utils import load_qmodel

    from l1ml.rtl.graph import network_of
    from l1ml.verification.emulator import Emulator, quantize_inputs

    spec, train = build.spec, build.folder("train")
    options = ConvertOptions(
        project=spec.project,
        part=spec.hls.part,
        clock_ns=spec.hls.clock_ns,
        clock_uncertainty=spec.hls.clock_uncertainty,
        strategy=spec.hls.strategy,
        reuse_factor=spec.hls.reuse_factor,
        stage_delay=spec.rtl.stage_delay,
        layers={name: LayerOptions(**layer.model_dump()) for name, layer in spec.hls.layers.items()},
    )
    model = load_qmodel(str(train / "quantized.h5"), compile=False)
    graph = convert(model, FixedType.parse((train / "input_type.txt").read_text()), options, folder / "hls")

    network = network_of(graph)
    emulator = Emulator.of_project(folder / "hls", network)
    with np.load(build.folder("dataset") / "data.npz") as data:
        inputs, truth = quantize_inputs(data["x_test"], network), data["y_test"]
    logits = network.outputs[0].type.to_float(emulator.run(inputs))
    classes = json.loads((build.folder("dataset") / "dataset.json").read_text())["classes"]
    metrics = {"hls": classifier_metrics(truth, logits, classes)}
    console.print(f"    hls: accuracy {metrics['hls']['accuracy']:.4f} ± {metrics['hls']['accuracy_error']:.4f}")

    np.savez(folder / "scores.npz", hls=logits)
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=2))
    (folder / "layers.json").write_text(json.dumps(layer_table(graph), indent=2))
    save_graph(graph, folder / "graph.fml")


def layer_table(graph: Any) -> list[dict[str, Any]]:
    """The layers of an hls4ml graph: sizes, types, strategy and reuse factor."""
    rows = []
    for layer in graph.get_layers():
        weights = layer.weights.get("weight")
        rows.append(
            {
                "name": layer.name,
                "class": layer.class_name,
                "n_in": int(layer.get_attr("n_in") or layer.get_output_variable().size()),
                "n_out": int(layer.get_output_variable().size()),
                "weights_type": str(FixedType.from_hls4ml(weights.type.precision)) if weights else None,
                "result_type": str(FixedType.from_hls4ml(layer.get_output_variable().type.precision)),
                "strategy": layer.get_attr("rtl_strategy"),
                "reuse_factor": int(layer.get_attr("reuse_factor") or 1),
            }
        )
    return rows
