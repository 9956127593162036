"""Trained models that nobody here made: equal to hls4ml's C++, and unequal as soon as one layer is touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from networks import quiet
from numpy.typing import NDArray
from shared_data import SHARED
from switches import switched_on, wrong_operator

import l1ml
from l1ml.compiler.design import Design
from l1ml.frontends.hls4ml.backend import rtl_folder

MODELS = SHARED / "models"
JET, THREE = MODELS / "qkeras_jet_6bit", MODELS / "qkeras_3layer"

EVENTS = 10_000


class _Loader(yaml.SafeLoader):
    """Reads hls4ml's configurations, in which the Keras model is a tag of its own."""


_Loader.add_constructor("!keras_model", lambda loader, node: node.value)


def needs(folder: Path) -> pytest.MarkDecorator:
    """Skip where the data are not there."""
    return pytest.mark.skipif(not folder.is_dir(), reason=f"{folder} is not there")


def convert(model: Any, config: dict[str, Any], folder: Path) -> Any:
    """Convert with the authors' configuration, and compile."""
    import hls4ml

    with quiet():
        graph = hls4ml.converters.convert_from_keras_model(
            model, hls_config=config["HLSConfig"], backend="Verilog", output_dir=str(folder), part=config["Part"],
            clock_period=config["ClockPeriod"],
        )  # fmt: skip
        graph.compile()
    return graph


def quantized_objects() -> dict[str, Any]:
    """What a saved QKeras model needs to be loaded."""
    from qkeras.utils import _add_supported_quantized_objects
    from tensorflow_model_optimization.python.core.sparsity.keras.pruning_wrapper import PruneLowMagnitude

    objects: dict[str, Any] = {"PruneLowMagnitude": PruneLowMagnitude}
    _add_supported_quantized_objects(objects)
    return objects


def events(seed: int) -> NDArray[np.float32]:
    """Random standardised features, some of them far out."""
    rng = np.random.default_rng(seed)
    return (rng.normal(0, 1, (EVENTS, 16)) * rng.choice([0.3, 1, 4, 30], (EVENTS, 1))).astype(np.float32)


@needs(JET)
def test_the_pruned_jet_tagger_with_softmax_is_equal_on_ten_thousand_events(keras: Any, tmp_path: Path) -> None:
    model = keras.models.load_model(JET / "keras_model.h5", custom_objects=quantized_objects(), compile=False)
    graph = convert(model, yaml.load((JET / "hls4ml_config.yml").read_text(), _Loader), tmp_path)
    result = l1ml.verify(graph, events(1))
    assert (result.events, result.outputs, result.mismatches, result.first_mismatch) == (EVENTS, 5, 0, None)
    simulated = l1ml.simulate(graph, events(2)[:100])
    np.testing.assert_array_equal(simulated.outputs, graph.predict(events(2)[:100]))
    package = (rtl_folder(graph) / "myproject_pkg.sv").read_text()
    assert f"LATENCY = {simulated.latency};" in package
    assert f"II = {simulated.initiation_interval};" in package


@needs(THREE)
def test_the_three_layer_tagger_is_equal_on_ten_thousand_events(keras: Any, tmp_path: Path) -> None:
    architecture = (THREE / "qkeras_3layer.json").read_text()
    model = keras.models.model_from_json(architecture, custom_objects=quantized_objects())
    model.load_weights(THREE / "qkeras_3layer_weights.h5")
    config = yaml.load((THREE / "qkeras_3layer_config.yml").read_text(), _Loader)
    graph = convert(model, config, tmp_path)
    result = l1ml.verify(graph, events(3))
    assert (result.events, result.mismatches, result.first_mismatch) == (EVENTS, 0, None)
    corners = l1ml.verify(graph, events=2000, seed=7)
    assert (corners.events, corners.mismatches) == (2000, 0)


@needs(JET)
def test_one_wrong_operator_in_any_layer_is_found_and_its_layer_named(keras: Any, tmp_path: Path) -> None:
    """The logits of the jet tagger, with an error in each layer that a file switches on: one build serves all."""
    model = keras.models.load_model(JET / "keras_model.h5", custom_objects=quantized_objects(), compile=False)
    config = yaml.load((JET / "hls4ml_config.yml").read_text(), _Loader)
    del config["HLSConfig"]["LayerName"]["softmax"]
    graph = convert(keras.Model(model.inputs, model.layers[-2].output), config, tmp_path / "project")
    segments = [module.segment for module in Design.load(rtl_folder(graph)).modules]
    assert segments == ["fc1", "fc2", "fc3", "output"]
    for segment in segments:
        wrong_operator(rtl_folder(graph) / f"myproject_{segment}.sv", tmp_path / segment)
    clean = l1ml.verify(graph, events(4))
    assert (clean.events, clean.mismatches) == (EVENTS, 0)
    for segment in segments:
        with switched_on(tmp_path / segment):
            result = l1ml.verify(graph, events(4)[:1000])
        assert result.mismatches > 0, segment
        assert result.first_mismatch is not None
        assert result.first_mismatch.layer.startswith(f"{segment} (Dense)")
        assert result.first_mismatch.golden != result.first_mismatch.rtl
