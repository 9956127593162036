"""The third-party model of the benchmarks: a trained 6-bit QKeras jet tagger and its hls4ml configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from l1ml.keras_setup import set_up_keras

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "models"
"""Where the model lies, beside the checkout; it is not part of the project."""


def jet_6bit(out: Path, *, softmax: bool, backend: str = "Verilog", **options: Any) -> Any:
    """Convert ``qkeras_jet_6bit`` with its own configuration.

    Args:
        out: Folder for the project.
        softmax: Whether to keep the softmax behind the logits.
        backend: hls4ml backend.
        options: More arguments for hls4ml's converter.

    Returns:
        hls4ml's ``ModelGraph``, not yet written.
    """
    set_up_keras()
    import hls4ml
    import tf_keras
    from qkeras.utils import _add_supported_quantized_objects
    from tensorflow_model_optimization.python.core.sparsity.keras.pruning_wrapper import PruneLowMagnitude

    objects: dict[str, Any] = {"PruneLowMagnitude": PruneLowMagnitude}
    _add_supported_quantized_objects(objects)
    model = tf_keras.models.load_model(SHARED / "qkeras_jet_6bit/keras_model.h5", custom_objects=objects, compile=False)

    class Loader(yaml.SafeLoader):
        """Reads hls4ml's file, which refers to the model by a tag."""

    Loader.add_constructor("!keras_model", lambda loader, node: node.value)
    config = yaml.load((SHARED / "qkeras_jet_6bit/hls4ml_config.yml").read_text(), Loader)
    if not softmax:
        model = tf_keras.Model(model.inputs, model.layers[-2].output)
        del config["HLSConfig"]["LayerName"]["softmax"]
    return hls4ml.converters.convert_from_keras_model(
        model,
        hls_config=config["HLSConfig"],
        backend=backend,
        output_dir=str(out),
        part=config["Part"],
        clock_period=config["ClockPeriod"],
        **options,
    )
