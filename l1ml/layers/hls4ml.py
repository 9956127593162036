"""hls4ml's side of the layers that it does not have: it is taught their graph class, their C++ and their Keras layer.

Each has a module ``hls4ml_layer`` in its family's folder that ends in ``register``. A module, and not this package, is
what makes itself known: hls4ml loads its plugins while it is being imported, perhaps by just such a module.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from l1ml.layers.registry import families

Reader = Callable[[Any, Any, Any, Any], tuple[dict[str, Any], list[int]]]
"""Makes a layer of hls4ml, and the shape of its output, of a Keras layer, names and shapes of inputs, and a reader."""

_READERS: dict[str, Reader] = {}


def load() -> None:
    """Import the modules of all families; for the plugin, which has registered the backend."""
    for family in families():
        if family.own:
            family.part("hls4ml_layer")


def register(layer: type, templates: Sequence[type], header: str, read: Reader) -> None:
    """Make a layer known to hls4ml and to the backend "Verilog".

    Args:
        layer: Its class in hls4ml's graph.
        templates: Of its configuration and of its call.
        header: File with its C++, beside the module of the class.
        read: Reads the Keras layer, which has the same name.
    """
    from hls4ml.backends.backend import get_backend
    from hls4ml.model.layers import register_layer

    backend, module = get_backend("Verilog"), sys.modules[layer.__module__]
    register_layer(layer.__name__, layer)
    for template in templates:
        backend.register_template(template)
    backend.register_source(Path(str(module.__file__)).with_name(header))
    _READERS[layer.__name__] = read
    # Graphs that were saved earlier name the module in which the class was.
    sys.modules.setdefault(f"l1ml.hls.layers.{layer.__module__.split('.')[-2]}", module)


def register_readers() -> None:
    """Let hls4ml read the Keras layers. Not at plugin load: hls4ml's converters are then not loaded themselves."""
    from hls4ml.converters.keras_v2_to_hls import get_supported_keras_layers, register_keras_v2_layer_handler

    for name, read in _READERS.items():
        if name not in get_supported_keras_layers():
            register_keras_v2_layer_handler(name, read)
