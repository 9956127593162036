"""Layers within ``TimeDistributed``, which hls4ml's graph has once, on the tensors of all steps of time.

hls4ml puts a mark before them, from which one step of the input goes on, and one behind, ``<name>_end``, to which one
step of the result comes. In the C++ there is a loop around what is between.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
from alkaid.trace import FVArray

from l1ml.compiler.hardware import Hardware
from l1ml.compiler.network import Segment
from l1ml.compiler.programs.trace import Interval
from l1ml.errors import L1mlError
from l1ml.layers.dense.folding.sums import rows_that_count
from l1ml.layers.dense.lowering import side_by_side
from l1ml.layers.family import Clip, Family, Sums
from l1ml.layers.registry import family_of, known
from l1ml.layers.time_distributed.lowering import check_types
from l1ml.reference.tables import Tables

END = "_end"
"""How the name of a mark behind the layers ends."""


NOBODY = Family("", ())
"""A family without layers."""


class StepwiseLayer:
    """A layer of hls4ml's graph as one on all steps of time: all is as there but for tensors and family."""

    def __init__(self, layer: Any, steps: int, inputs: Sequence[str]) -> None:
        """Take a layer that is done to each of some steps, and the names of its inputs."""
        self.layer, self.inputs = layer, list(inputs)
        inner = family_of(layer)
        self.family = EachStep(inner.package, inner.classes, inner.opens_segment, inner=inner, steps=steps)

    def __getattr__(self, name: str) -> Any:
        """What the layer has."""
        return getattr(self.layer, name)

    @property
    def variables(self) -> dict[str, Any]:
        """The outputs of all steps, by name."""
        return {name: self._all_steps(variable) for name, variable in self.layer.variables.items()}

    def get_output_variable(self, *name: str) -> Any:
        """The output of all steps."""
        return self._all_steps(self.layer.get_output_variable(*name))

    def _all_steps(self, variable: Any) -> Any:
        whole = copy(variable)
        whole.shape = [self.family.steps, *variable.shape]
        return whole


@dataclass(frozen=True)
class EachStep(Family):
    """What the family of a layer knows of it for one step, for all of them.

    Attributes:
        inner: That family.
        steps: How many there are.
    """

    inner: Family = NOBODY
    steps: int = 1

    def describe(self, layer: Any) -> str:
        """What it is, and how often."""
        return f"{self.inner.describe(layer.layer)} at each of {self.steps} steps"

    def input_limits(self, layer: Any) -> tuple[int, int] | None:
        """As in one step."""
        return self.inner.input_limits(layer.layer)

    def lower(self, layer: Any, inputs: list[FVArray], tables: Tables) -> FVArray:
        """Step after step."""
        first = inputs[0]
        steps = zip(*(np.split(np.asarray(values), self.steps) for values in inputs), strict=True)
        found = [
            np.asarray(
                self.inner.lower(layer.layer, [FVArray(v, first.solver_options, first.hwconf) for v in step], tables)
            )
            for step in steps
        ]
        return FVArray(np.concatenate(found), first.solver_options, first.hwconf)

    def uniform(self, layer: Any) -> bool:
        """As in one step."""
        return self.inner.uniform(layer.layer)

    def foldable(self, segment: Segment) -> bool:
        """Where the layer sums: then all steps are one sum."""
        return self.inner.foldable(segment) and isinstance(self.bounds(segment.layers[0]), Sums)

    def depends_on_event(self, segment: Segment, intervals: list[Interval]) -> bool:
        """Where an input with a weight is not constant."""
        sums = self.bounds(segment.layers[0])
        return not isinstance(sums, Sums) or bool(rows_that_count(sums, intervals))

    def fold(
        self, segment: Segment, intervals: list[Interval], tables: Tables, *, capture: bool, stage_delay: float
    ) -> Hardware:
        """As what sums is folded."""
        return self.inner.fold(segment, intervals, tables, capture=capture, stage_delay=stage_delay)

    def bounds(self, layer: Any) -> Sums | Clip | None:
        """Those of all steps."""
        known = self.inner.bounds(layer.layer)
        if not isinstance(known, Sums):
            return known if isinstance(known, Clip) else None
        index = np.arange(self.steps * len(known.weights.values)).reshape(self.steps, -1)
        return side_by_side(layer, [(step, known) for step in index], index.size)


def all_steps(layers: Sequence[Any]) -> Iterator[Any]:
    """Layers in order, those of a block between two marks as layers on all steps, without the first of the marks.

    Raises:
        L1mlError: If a block computes what its Keras model does not, or cannot be put in place.
    """
    steps, whole, names = 0, dict[str, str](), {layer.name for layer in layers}
    for layer in layers:
        mark = layer.class_name == "TimeDistributed"
        if mark and not layer.name.endswith(END):
            check_types(layer)
            steps, whole = int(layer.get_attr("n_time_steps")), {layer.outputs[0]: layer.inputs[0]}
            continue
        if mark:
            _check_shape(layer, steps)
            steps = 0
        elif steps:
            _check_layer(layer, names)
        inputs = [whole.get(name, name) for name in layer.inputs]
        yield StepwiseLayer(layer, steps, inputs) if steps and known(layer) else layer


def _check_shape(end: Any, steps: int) -> None:
    """See that hls4ml has the right number of results; of more than two axes it has not."""
    given, made = int(end.get_output_variable().size()), steps * int(end.get_input_variable().size())
    if given != made:
        raise L1mlError(
            f"layer {end.name.removesuffix(END)!r}: hls4ml gives TimeDistributed {given} outputs, of which {made} are "
            "computed; apply the layer in it to the whole tensor, without TimeDistributed"
        )


def _check_layer(layer: Any, names: Collection[str]) -> None:
    """See that hls4ml has made a layer of an activation that is a keyword, and that no layer streams."""
    activation = layer.get_attr("activation")
    if layer.weights and activation not in (None, "linear") and f"{layer.name}_{activation}" not in names:
        raise L1mlError(
            f"layer {layer.name!r}: hls4ml leaves out its activation {activation!r} within TimeDistributed; give it a "
            "layer of its own behind"
        )
    if family_of(layer).streams:
        raise L1mlError(f"layer {layer.name!r} takes a tensor position by position, not within TimeDistributed")
