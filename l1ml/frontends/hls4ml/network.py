"""From an hls4ml ``ModelGraph`` to segments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from l1ml.compiler.network import Network, Segment, Step, Tensor, identifier, segment_identifier
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.frontends.hls4ml.checks import check_integers, check_layers, computing
from l1ml.layers.registry import family_of, unrolled


def network_of(model: Any) -> Network:
    """Cut an hls4ml model into segments.

    Args:
        model: An hls4ml ``ModelGraph`` to which the backend's flow has been applied.

    Returns:
        The network, its tensors named after hls4ml's layer outputs.

    Raises:
        L1mlError: For layers without Verilog, an ``IOType`` other than ``io_parallel``, a type that is not fixed-point,
            inputs of different numbers of words, or names that are one in Verilog.
    """
    if model.config.get_config_value("IOType") != "io_parallel":
        raise L1mlError("the Verilog backend needs io_type='io_parallel'; io_stream has no fixed latency")
    layers = unrolled(list(model.get_layers()))
    streamed = {name for layer in layers if family_of(layer).streams for name in (*layer.inputs, *layer.outputs)}
    tensors = {
        name: _tensor(name, variable, _reach(name, model, layers), streamed=name in streamed)
        for layer in layers
        for name, variable in layer.variables.items()
    }
    segments: list[Segment] = []
    owner: dict[str, Segment] = {}
    check_layers(computing(model))
    for layer in computing(model):
        check_integers(layer)
        family = family_of(layer)
        # A light layer joins whoever makes all of its inputs, however many other branches hls4ml puts between them.
        makers = [owner.get(name) for name in layer.inputs]
        current = makers[0] if all(maker is makers[0] for maker in makers) else None
        if current is None or current.family.streams or family.opens_segment or family.streams:
            current = Segment(segment_identifier(layer.name))
            segments.append(current)
        current.steps.append(Step(layer, family))
        for name in layer.inputs:
            if owner.get(name) is not current and tensors[name] not in current.inputs:
                current.inputs.append(tensors[name])
        owner.update(dict.fromkeys(layer.outputs, current))
    for segment in segments:
        inside = {name for layer in segment.layers for name in layer.outputs}
        used_outside = {t.name for other in segments if other is not segment for t in other.inputs}
        used_outside |= {tensors[name].name for name in model.outputs}
        segment.outputs = [tensors[name] for name in sorted(inside) if tensors[name].name in used_outside]
    _check_names(tensors)
    inputs = [tensors[name] for name in model.inputs]
    if len({t.beats for t in inputs}) > 1:
        words = ", ".join(f"{t.name} in {t.beats}" for t in inputs)
        raise L1mlError(f"inputs come in different numbers of words ({words}); give them as many positions each")
    return Network(
        name=identifier(model.config.get_project_name()),
        inputs=inputs,
        outputs=[tensors[name] for name in model.outputs],
        segments=segments,
    )


def _check_names(tensors: dict[str, Tensor]) -> None:
    """See that no two tensors have one name in Verilog."""
    names: dict[str, str] = {}
    for name, tensor in tensors.items():
        if (other := names.setdefault(tensor.name, name)) != name:
            raise L1mlError(f"{other!r} and {name!r} have one name in Verilog, {tensor.name}; rename one of the layers")


def _reach(name: str, model: Any, layers: Sequence[Any]) -> tuple[int, int] | None:
    """What an input of the model may be, if those that read it leave out something that its type holds."""
    readers = [layer for layer in layers if name in model.inputs and name in layer.inputs]
    known = [limits for layer in readers if (limits := family_of(layer).input_limits(layer)) is not None]
    if not known:
        return None
    fixed = FixedType.from_hls4ml(readers[0].get_input_variable(name).type.precision)
    low, high = max([fixed.lowest, *(low for low, _ in known)]), min([fixed.maximum, *(high for _, high in known)])
    return (low, high) if (low, high) != (fixed.lowest, fixed.maximum) else None


def _tensor(name: str, variable: Any, reach: tuple[int, int] | None, *, streamed: bool) -> Tensor:
    beats = int(variable.shape[0]) if streamed and len(variable.shape) > 1 else 1
    return Tensor(identifier(name), int(variable.size()), FixedType.from_hls4ml(variable.type.precision), beats, reach)
