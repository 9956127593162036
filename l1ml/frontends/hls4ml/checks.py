"""What the backend asks of a model before anything is written: settings, names, layers, types."""

from __future__ import annotations

import math
import re
from typing import Any

from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.layers.registry import family_of, known, supported
from l1ml.reserved import RESERVED

_PLAIN = "give that a fixed<...> type"


def check_model(model: Any) -> None:
    """Refuse a model that cannot become Verilog, before anything slow.

    Raises:
        L1mlError: If its name is no name of a core, or a layer has no Verilog.
    """
    check_name(model.config.get_project_name())
    if model.config.get_config_value("WriteRTL", True):
        check_layers(computing(model))


def computing(model: Any) -> list[Any]:
    """The layers of a model but for its inputs."""
    return [layer for layer in model.get_layers() if not set(layer.outputs) <= set(model.inputs)]


def check_name(name: str) -> None:
    """See that a project's name can be that of a Verilog module and of a C++ function.

    Raises:
        L1mlError: If not.
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
        raise L1mlError(f"project_name={name!r}: give letters, digits and underscores, a letter first: my_tagger")
    if name in RESERVED:
        raise L1mlError(f"project_name={name!r} is a keyword of Verilog or C++; choose another, such as {name}_core")


def check_layers(layers: list[Any]) -> None:
    """See that each layer has a family.

    Raises:
        L1mlError: If not; it names all that have none.
    """
    without = [layer for layer in layers if not known(layer)]
    if without:
        names = ", ".join(f"{layer.name} ({layer.class_name})" for layer in without)
        are = "layer has" if len(without) == 1 else f"{len(without)} layers have"
        raise L1mlError(f"{are} no Verilog: {names}; supported: {', '.join(supported())}")


def check_integers(layer: Any) -> None:
    """See that nothing signed without integer bits is cast to an ``ap_[u]int``: it would be floored, unlike all else.

    Raises:
        L1mlError: If a layer has such a cast.
    """
    from l1ml.layers.products import Products  # not while hls4ml is being loaded

    accum = layer.get_attr("accum_t")
    if accum is not None and "weight" in layer.weights and hasattr(accum.precision, "width"):
        sums, products = FixedType.from_hls4ml(accum.precision), Products.of(layer, "weight")
        if sums.is_int and products.signed and products.integer < 1:
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
