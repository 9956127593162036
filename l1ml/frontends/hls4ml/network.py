"""From an hls4ml ``ModelGraph`` to segments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from l1ml.compiler.network import Network, Segment, Step, Tensor, View, identifier, segment_identifier
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.frontends.hls4ml.checks import check_integers, check_io_type, check_layers, computing
from l1ml.layers.family import Family
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
    check_io_type(model)
    layers = unrolled(list(model.get_layers()))
    check_layers(computing(model))
    streamed = {name for layer in layers if family_of(layer).streams for name in (*layer.inputs, *layer.outputs)}
    tensors = {
        name: _tensor(name, variable, _reach(name, model, layers), streamed=name in streamed)
        for layer in layers
        for name, variable in layer.variables.items()
    }
    outputs = [str(name) for name in model.outputs]
    if through := [name for name in outputs if name in model.inputs]:
        raise L1mlError(f"output {through[0]!r} is an input as it came, for which hls4ml has no C++; leave it out")
    cut = _Cut(tensors, wires=True)
    cut.cut(computing(model), outputs)
    if not cut.segments:  # a core that has no register has no clock cycle to give its result in
        cut = _Cut(tensors, wires=False)
        cut.cut(computing(model), outputs)
    _check_names(tensors)
    inputs = [tensors[name] for name in model.inputs]
    if len({t.beats for t in inputs}) > 1:
        words = ", ".join(f"{t.name} in {t.beats}" for t in inputs)
        raise L1mlError(f"inputs come in different numbers of words ({words}); give them as many positions each")
    return Network(
        name=identifier(model.config.get_project_name()),
        inputs=inputs,
        outputs=[tensors[name] for name in model.outputs],
        segments=cut.segments,
        views={view.tensor.name: view for view in cut.views.values()},
    )


class _Cut:
    """Cuts layers into segments and wires between them.

    Attributes:
        segments: What becomes modules, in topological order.
        views: What is wires, by hls4ml's name of the output.
    """

    def __init__(self, tensors: dict[str, Tensor], *, wires: bool) -> None:
        """Prepare it.

        Args:
            tensors: By hls4ml's name.
            wires: Whether layers that put elements into another order may become wires.
        """
        self.tensors, self.wires = tensors, wires
        self.segments: list[Segment] = []
        self.views: dict[str, View] = {}
        self._wiring: dict[str, Step] = {}
        self._owner: dict[str, Segment | None] = {}

    def cut(self, layers: list[Any], outputs: list[str]) -> None:
        """Cut layers, which are in topological order, and find what leaves each segment.

        Args:
            layers: But for the inputs.
            outputs: hls4ml's names of the tensors that leave the network.
        """
        for layer in layers:
            check_integers(layer)
            family = family_of(layer)
            self._check_words(layer, family)
            makers = [self._owner.get(name) for name in layer.inputs]
            maker = makers[0] if all(other is makers[0] for other in makers) else None
            step = Step(layer, family)
            if self.wires and (view := self._view(step)) is not None:
                self.views[layer.outputs[0]] = view
                self._wiring[layer.outputs[0]] = step
            else:
                maker = self._place(step, maker, opens=family.opens_segment)
            self._owner.update(dict.fromkeys(layer.outputs, maker))
        read = {t.name for segment in self.segments for t in segment.inputs}
        read |= {self.tensors[name].name for name in outputs}
        for view in reversed(self.views.values()):  # those that are read by others come first
            if view.tensor.name in read:
                read |= {t.name for t in view.sources}
        for segment in self.segments:
            inside = {name for layer in segment.layers for name in layer.outputs} - self.views.keys()
            segment.outputs = [self.tensors[name] for name in sorted(inside) if self.tensors[name].name in read]

    def _check_words(self, layer: Any, family: Family) -> None:
        """See that only what streams gives its positions one after the other."""
        if not family.streams and any(self.tensors[name].beats > 1 for name in layer.outputs):
            raise L1mlError(
                f"layer {layer.name!r} has all positions at once, and the layer behind it takes them one after the "
                "other: give that an input of the network, or another such layer before it"
            )

    def _view(self, step: Step) -> View | None:
        """A layer as wires, if it is nothing else."""
        layer = step.layer
        places = family_of(layer).places(layer)
        target, sources = self.tensors[layer.outputs[0]], tuple(self.tensors[name] for name in layer.inputs)
        if places is None or not all(target.type.selects(source.type) for source in sources):
            return None
        return View(target, sources, tuple(places))

    def _place(self, step: Step, maker: Segment | None, *, opens: bool) -> Segment:
        """Put a layer into a segment: a new one, or that of whoever makes all of its inputs.

        A light layer joins that, however many other branches hls4ml puts between them.
        """
        segment = maker
        if segment is None or segment.family.streams or opens or step.family.streams:
            segment = Segment(segment_identifier(step.layer.name))
            self.segments.append(segment)
        for name in step.layer.inputs:
            self._bring(name, segment)
        segment.steps.append(step)
        return segment

    def _bring(self, name: str, segment: Segment) -> None:
        """Make a tensor known in a segment: as an input, or by wires within it of what it makes itself."""
        if self._owner.get(name) is not segment:
            if self.tensors[name] not in segment.inputs:
                segment.inputs.append(self.tensors[name])
        elif name in self.views and (step := self._wiring[name]) not in segment.steps:
            for source in step.layer.inputs:
                self._bring(source, segment)
            segment.steps.append(step)


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
