"""hls4ml's side of the layers that it does not have: it is taught their graph class, their C++ and their Keras layer.

Each has a module ``hls4ml_layer`` in its family's folder that ends in ``register``. A module, and not this package, is
what makes itself known: hls4ml loads its plugins while it is being imported, perhaps by just such a module.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from l1ml.layers.registry import families

Reader = Callable[[dict[str, Any], list[list[int]]], tuple[dict[str, Any], list[int]]]
"""From the configuration of a Keras layer and the shapes of its inputs to attributes and the shape of its output."""

Config = Callable[[Any], Mapping[str, int | str]]
"""Members of a layer's ``config<index>`` in ``parameters.h``: numbers are constants, texts are types."""

_READERS: dict[str, Reader] = {}


def load() -> None:
    """Import the modules of all families; for the plugin, which has registered the backend."""
    for family in families():
        if family.own:
            family.part("hls4ml_layer")


def register(layer: type, read: Reader, config: Config, constants: Sequence[str] = ()) -> None:
    """Make a layer known to hls4ml and to the backend "Verilog".

    In a folder ``my_layer``, the C++ is ``nnet_my_layer.h`` with a function ``my_layer`` and the structure
    ``my_layer_config``, from which ``config<index>`` is derived. The parameters of the function are the inputs, the
    output and the constants, those of the template the types of inputs and output and the configuration.

    Args:
        layer: Its class in hls4ml's graph.
        read: Reads the Keras layer, which has the same name.
        config: Gives what the C++ is configured with, apart from the reuse factor.
        constants: Names of the weights that the C++ gets.
    """
    from hls4ml.backends.backend import get_backend
    from hls4ml.model.layers import register_layer

    backend, module = get_backend("Verilog"), sys.modules[layer.__module__]
    folder = Path(str(module.__file__)).parent
    header = folder / f"nnet_{folder.name}.h"
    register_layer(layer.__name__, layer)
    for template in _templates(layer, folder.name, config, constants):
        backend.register_template(template)
    backend.register_source(header)
    _READERS[layer.__name__] = read
    # Graphs that were saved earlier name the module in which the class was.
    sys.modules.setdefault(f"l1ml.hls.layers.{folder.name}", module)


def _templates(layer: type, function: str, config: Config, constants: Sequence[str]) -> tuple[type, type]:
    from hls4ml.backends.template import FunctionCallTemplate, LayerConfigTemplate

    class Configured(LayerConfigTemplate):
        def __init__(self) -> None:
            super().__init__(layer)

        def format(self, node: Any) -> str:
            members = {**config(node), "reuse_factor": int(node.get_attr("reuse_factor"))}
            lines = "".join(f"    {_member(name, value)};\n" for name, value in members.items())
            return f"struct config{node.index} : nnet::{function}_config {{\n{lines}}};\n"

    class Called(FunctionCallTemplate):
        def __init__(self) -> None:
            super().__init__(layer, include_header=[f"nnet_utils/nnet_{function}.h"])

        def format(self, node: Any) -> str:
            variables = [*(node.get_input_variable(name) for name in node.inputs), node.get_output_variable()]
            types = ", ".join([*(v.type.name for v in variables), f"config{node.index}"])
            passed = ", ".join([*(v.name for v in variables), *(node.get_weights(name).name for name in constants)])
            return f"nnet::{function}<{types}>({passed});"

    return Configured, Called


def _member(name: str, value: int | str) -> str:
    if isinstance(value, str):
        return f"typedef {value} {name}"
    return f"static const {'unsigned' if 0 <= value < 1 << 32 else 'long long'} {name} = {value}"


def register_readers() -> None:
    """Let hls4ml read the Keras layers. Not at plugin load: hls4ml's converters are then not loaded themselves."""
    from hls4ml.converters.keras_v2_to_hls import get_supported_keras_layers, register_keras_v2_layer_handler

    for name, read in _READERS.items():
        if name not in get_supported_keras_layers():
            register_keras_v2_layer_handler(name, _handler(read))


def _handler(read: Reader) -> Callable[..., tuple[dict[str, Any], list[int]]]:
    """What hls4ml calls for a Keras layer; it asks for the class name and the inputs of the layer, too."""
    from hls4ml.converters.keras_v2_to_hls import parse_default_keras_layer

    def handle(layer: Any, inputs: Any, shapes: Any, reader: Any) -> tuple[dict[str, Any], list[int]]:
        attributes, shape = read(layer["config"], shapes)
        return {**parse_default_keras_layer(layer, inputs), **attributes}, shape

    return handle
