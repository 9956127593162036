"""hls4ml's graphs in files, from which Verilog can be made later without Keras."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from l1ml.errors import L1mlError


def save_graph(graph: Any, file: Path) -> None:
    """Keep a graph of hls4ml, which stays as it is.

    Quantizers are left out: they have done their work on the weights, and loading them again would need QKeras.

    Raises:
        L1mlError: If hls4ml cannot save it.
    """
    from hls4ml.model.quantizers import Quantizer

    layers = list(graph.get_layers())
    attributes = [layer.attributes.attributes for layer in layers]
    left_out = [{key: value for key, value in found.items() if isinstance(value, Quantizer)} for found in attributes]
    weights = [(variable, variable.quantizer) for layer in layers for variable in layer.get_weights()]
    try:
        for found, quantizers in zip(attributes, left_out, strict=True):
            for key in quantizers:
                del found[key]
        for variable, _ in weights:
            variable.quantizer = None
        graph.save(str(file))
    except Exception as error:  # of some layers, hls4ml keeps what no file holds
        raise L1mlError(f"hls4ml cannot save the graph of this model: {error}") from None
    finally:
        for found, quantizers in zip(attributes, left_out, strict=True):
            found.update(quantizers)
        for variable, quantizer in weights:
            variable.quantizer = quantizer


def load_graph(file: Path) -> Any:
    """Load what ``save_graph`` wrote.

    Raises:
        L1mlError: If the file is missing or damaged.
    """
    from hls4ml.utils.serialization import deserialize_model

    try:
        return deserialize_model(str(file))
    except Exception as error:
        raise L1mlError(f"{file} is not a saved hls4ml graph: {error}") from None
