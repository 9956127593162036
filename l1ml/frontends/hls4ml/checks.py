"""What the backend asks of a model before anything is written: settings, names, layers, types."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.layers.registry import family_of, known, supported_layers, unrolled
from l1ml.reserved import RESERVED

_PLAIN = "give that a fixed<...> type"


def check_model(model: Any) -> None:
    """Refuse a model that cannot become Verilog, before anything slow.

    Raises:
        L1mlError: If its name is no name of a core, it has streams, a layer has no Verilog, or hls4ml lost one that is
            called twice.
    """
    check_name(model.config.get_project_name())
    check_calls(model.config.get_config_value("KerasModel"))
    if model.config.get_config_value("WriteRTL", True):
        check_io_type(model)
        check_layers(computing(model))


def computing(model: Any) -> list[Any]:
    """The layers of a model but for its inputs, in order."""
    return [layer for layer in unrolled(list(model.get_layers())) if not set(layer.outputs) <= set(model.inputs)]


def check_io_type(model: Any) -> None:
    """See that an event comes in one word.

    Raises:
        L1mlError: If the model has streams.
    """
    if model.config.get_config_value("IOType") != "io_parallel":
        raise L1mlError("the Verilog backend needs io_type='io_parallel'; io_stream has no fixed latency")


def check_name(name: str) -> None:
    """See that a project's name can be that of a Verilog module and of a C++ function.

    Raises:
        L1mlError: If not.
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
        raise L1mlError(f"project_name={name!r}: give letters, digits and underscores, a letter first: my_tagger")
    if name in RESERVED:
        raise L1mlError(f"project_name={name!r} is a keyword of Verilog or C++; choose another, such as {name}_core")


def check_calls(keras_model: Any) -> None:
    """See that no layer of a Keras 2 model is called twice: hls4ml reads the first call, and takes its result for all.

    Args:
        keras_model: The model; what has no configuration is not looked at, and neither are models of Keras 3, of which
            hls4ml reads every call.

    Raises:
        L1mlError: If one is; it names all of them.
    """
    keras = sys.modules.get("keras")  # whose version hls4ml goes by
    if not hasattr(keras_model, "get_config") or str(getattr(keras, "__version__", "3")) >= "3":
        return
    if names := list(_shared(keras_model.get_config())):
        raise L1mlError(
            f"hls4ml reads only the first call of a layer, and some are called more often: {', '.join(names)}; "
            "make a layer of its own for each call, with the same weights"
        )


def _shared(config: Mapping[str, Any]) -> Iterator[str]:
    """Layers that are called twice, by the configuration of a model, in models within it, too."""
    for layer in config.get("layers", ()):
        if len(layer.get("inbound_nodes") or ()) > 1:
            yield str(layer["config"].get("name", layer["class_name"]))
        yield from _shared(layer["config"])


def check_layers(layers: list[Any]) -> None:
    """See that each layer has a family.

    Raises:
        L1mlError: If not; it names all that have none.
    """
    without = [layer for layer in layers if not known(layer)]
    if without:
        names = ", ".join(f"{layer.name} ({layer.class_name})" for layer in without)
        are = "layer has" if len(without) == 1 else f"{len(without)} layers have"
        raise L1mlError(
            f"{are} no Verilog: {names}; supported: {', '.join(supported_layers())}; for one of your own, add a family "
            "as CONTRIBUTING.md says under 'Add a layer'"
        )


def check_integers(layer: Any) -> None:
    """See that nothing signed without integer bits is cast to an ``ap_[u]int``: it would be floored, unlike all else.

    Raises:
        L1mlError: If a layer has such a cast.
    """
    from l1ml.layers.products import Products  # not while hls4ml is being loaded

    accum = layer.get_attr("accum_t")
    if hasattr(getattr(accum, "precision", None), "width") and FixedType.from_hls4ml(accum.precision).is_int:
        inputs = [FixedType.from_hls4ml(layer.get_input_variable(name).type.precision) for name in layer.inputs]
        if "weight" in layer.weights:
            products = Products.of(layer, "weight")
            integer, signed = products.integer, products.signed
        else:
            integer, signed = sum(kind.integer for kind in inputs), any(kind.signed for kind in inputs)
        if signed and integer < 1:
            sums = FixedType.from_hls4ml(accum.precision)
            raise L1mlError(f"layer {layer.name!r}: products without integer bits are summed in {sums}; {_PLAIN}")
    for name in layer.outputs:
        result = FixedType.from_hls4ml(layer.get_output_variable(name).type.precision)
        for source in family_of(layer).cast_types(layer):
            if result.is_int and source.signed and source.integer < 1:
                raise L1mlError(f"layer {layer.name!r}: {source} has no integer bits and becomes {result}; {_PLAIN}")


def check_stage_delay(value: Any) -> float:
    """The longest logic between two registers that a user asks for.

    Raises:
        L1mlError: If it is no number above 0.
    """
    try:
        delay = float(value)
    except (TypeError, ValueError):
        delay = math.nan
    if not 0 < delay < math.inf:
        raise L1mlError(f"stage_delay={value!r}: give a number above 0, in adders one after the other (5 by default)")
    return delay
