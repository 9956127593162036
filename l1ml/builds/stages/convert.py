"""Stage 3: hls4ml's HLS C++ project, compiled, and what it makes of the test events."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from l1ml.builds.build import Build
from l1ml.console import console
from l1ml.fixed import FixedType
from l1ml.frontends.hls4ml.saving import save_graph
from l1ml.hls.convert import ConvertOptions, LayerOptions, convert, load_model
from l1ml.spec import Spec
from l1ml.tools import require
from l1ml.triggers import load_outputs, save_outputs, trigger_of


def run(build: Build, folder: Path) -> None:
    """Write the project ``hls/``, its graph, test outputs, metrics, their deviation and a table of layers."""
    require("g++")  # before the seconds that TensorFlow takes
    spec, train, trigger = build.spec, build.folder("train"), trigger_of(build.spec)
    types = {name: FixedType.parse(text) for name, text in json.loads((train / "types.json").read_text()).items()}
    model = load_model(train / "quantized.h5")
    graph = convert(model, types, _options(spec), folder / "hls")

    from l1ml.compiler.network import real_values
    from l1ml.frontends.hls4ml.network import network_of
    from l1ml.frontends.hls4ml.reference import known_deviations
    from l1ml.verification.deviation import deviation_of
    from l1ml.verification.emulator import Emulator

    network = network_of(graph)
    inputs = build.events(network, "test")
    emulator = Emulator.of_project(folder / "hls", network)
    golden = emulator.run(inputs)
    values = real_values(golden, network.outputs)
    outputs = {tensor.name: array for tensor, array in zip(network.outputs, values, strict=True)}
    metrics = trigger.metrics(spec, build.prepared(), outputs)
    console.print(f"    hls: {trigger.summary(metrics)}")
    trained = load_outputs(train)["quantized"]
    wanted = [trained[tensor.name] for tensor in network.outputs]
    deviation = deviation_of(network, emulator, inputs, golden, wanted, known_deviations(model))
    for line in deviation.summary():
        console.print(f"    C++ and Keras: {line}")

    save_outputs(folder, {"hls": outputs})
    (folder / "deviation.json").write_text(json.dumps(deviation.as_dict(), indent=2))
    (folder / "metrics.json").write_text(json.dumps({"hls": metrics}, indent=2))
    (folder / "layers.json").write_text(json.dumps(layer_table(graph), indent=2))
    save_graph(graph, folder / "graph.fml")


def _options(spec: Spec) -> ConvertOptions:
    return ConvertOptions(
        project=spec.project,
        part=spec.hls.part,
        clock_ns=spec.hls.clock_ns,
        clock_uncertainty=spec.hls.clock_uncertainty,
        strategy=spec.hls.strategy,
        reuse_factor=spec.hls.reuse_factor,
        stage_delay=spec.rtl.stage_delay,
        layers={name: LayerOptions(**layer.model_dump()) for name, layer in spec.hls.layers.items()},
    )


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
