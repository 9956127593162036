"""hls4ml's side of l1ml's own layers: what each computes in fixed point, and how hls4ml writes its C++.

One module for each layer. It holds the definition of the layer's arithmetic (a NumPy function on integers, which C++
and RTL must equal), its class in hls4ml's graph, how that is made of the Keras layer, and the templates. The C++ itself
is ``firmware_templates/hls/nnet_<layer>.h``.
"""

from __future__ import annotations

from typing import Any

from l1ml.hls.layers import norm1
from l1ml.paths import shared

_MODULES = (norm1,)


def register(backend: Any) -> None:
    """Make the layers known to a backend of hls4ml that writes C++ for Vitis."""
    from hls4ml.model.layers import register_layer

    for module in _MODULES:
        register_layer(module.CLASS.__name__, module.CLASS)
        for template in module.TEMPLATES:
            backend.register_template(template)
        backend.register_source(shared("firmware_templates") / "hls" / module.HEADER)


def register_handlers() -> None:
    """Let hls4ml read the Keras layers. Not at plugin load: hls4ml's converters are then not loaded themselves."""
    from hls4ml.converters.keras_v2_to_hls import get_supported_keras_layers, register_keras_v2_layer_handler

    for module in _MODULES:
        if module.CLASS.__name__ not in get_supported_keras_layers():
            register_keras_v2_layer_handler(module.CLASS.__name__, module.parse)
