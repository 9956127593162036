"""hls4ml's side of l1ml's own layers: their class in its graph, how that is made of the Keras layer, the templates.

One module for each layer. Its arithmetic is defined in its ``arithmetic.py``, its C++ is
``firmware_templates/hls/nnet_<layer>.h``. The modules are imported when hls4ml is there, not before: hls4ml loads its
plugins, and so this package, while it is being imported itself.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from l1ml.paths import shared

MODULES = ("binned_thresholds", "divergence", "input_scaler", "norm1", "sum_of_squares", "thresholds")
"""The layers."""


def register(backend: Any) -> None:
    """Make the layers known to a backend of hls4ml that writes C++ for Vitis."""
    from hls4ml.model.layers import register_layer

    for module in _modules():
        register_layer(module.CLASS.__name__, module.CLASS)
        for template in module.TEMPLATES:
            backend.register_template(template)
        backend.register_source(shared("firmware_templates") / "hls" / module.HEADER)


def register_handlers() -> None:
    """Let hls4ml read the Keras layers. Not at plugin load: hls4ml's converters are then not loaded themselves."""
    from hls4ml.converters.keras_v2_to_hls import get_supported_keras_layers, register_keras_v2_layer_handler

    for module in _modules():
        if module.CLASS.__name__ not in get_supported_keras_layers():
            register_keras_v2_layer_handler(module.CLASS.__name__, module.parse)


def _modules() -> list[Any]:
    return [import_module(f"l1ml.layers.{name}.hls4ml_layer") for name in MODULES]
