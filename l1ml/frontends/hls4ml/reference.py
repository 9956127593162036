"""The model that was brought to hls4ml: what it makes of events, and where hls4ml is known to leave it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.errors import L1mlError

Arrays = NDArray[np.floating] | Sequence[NDArray[np.floating]]


def reference_outputs(reference: Any, x: Arrays) -> list[NDArray[np.float64]]:
    """What a model makes of some events.

    Args:
        reference: A Keras model, a module of PyTorch, another function of as many arrays as the network has inputs, or
            the outputs themselves: an array of shape (events, ...), or a list of them.
        x: Inputs as for ``hls_model.predict``, shape (events, ...).

    Returns:
        One array for each output, shape (events, ...).

    Raises:
        L1mlError: If it is none of these.
    """
    inputs = [x] if isinstance(x, np.ndarray) else list(x)
    if isinstance(reference, np.ndarray | list | tuple):
        found: Any = reference
    elif hasattr(reference, "predict"):
        found = reference.predict(inputs[0] if len(inputs) == 1 else inputs, verbose=0)
    elif hasattr(reference, "parameters") and callable(reference):
        found = _of_pytorch(reference, inputs)
    elif callable(reference):
        found = reference(*inputs)
    else:
        raise L1mlError(
            f"reference={type(reference).__name__}: give a Keras model, a PyTorch module, a function or its outputs"
        )
    if isinstance(found, dict):
        found = list(found.values())
    return [np.asarray(values, dtype=np.float64) for values in (found if isinstance(found, list | tuple) else [found])]


def _of_pytorch(module: Any, inputs: Sequence[NDArray[np.floating]]) -> Any:
    import torch

    trains = module.training
    module.eval()
    try:
        with torch.no_grad():
            found = module(*(torch.tensor(np.asarray(values, dtype=np.float32)) for values in inputs))
    finally:
        module.train(trains)
    return [tensor.numpy() for tensor in found] if isinstance(found, list | tuple) else found.numpy()


def known_deviations(reference: Any) -> list[str]:
    """Where hls4ml 1.3.0 is known to leave a model, for the layers of a Keras model; nothing for other references."""
    return [
        f"{layer.name}: {said}"
        for layer in _layers(reference)
        for name, quantizer in _quantizers(layer)
        if (said := _ignored(name, quantizer))
    ]


def _layers(model: Any) -> Iterator[Any]:
    for layer in getattr(model, "layers", ()):
        yield layer
        yield from _layers(layer)


def _quantizers(layer: Any) -> Iterator[tuple[str, Any]]:
    for name in ("kernel_quantizer", "bias_quantizer", "quantizer", "activation"):
        quantizer = getattr(layer, f"{name}_internal", None) or getattr(layer, name, None)
        if quantizer is not None and not isinstance(quantizer, str):
            yield name, quantizer


def _ignored(name: str, quantizer: Any) -> str:
    """What of a QKeras quantizer is not in hls4ml's C++."""
    if name == "bias_quantizer" and str(getattr(quantizer, "alpha", None)).startswith("auto"):
        return (
            f"{name} with alpha={quantizer.alpha!r}: scaled biases wrap around in hls4ml's type for them; use alpha=1"
        )
    if type(quantizer).__name__ == "quantized_bits" and not getattr(quantizer, "keep_negative", True):
        return f"{name} with keep_negative=0: hls4ml's type for it has a sign and a fractional bit less"
    return ""
