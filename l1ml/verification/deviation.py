"""How far the C++, and with it the Verilog, is from the model that it was made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.compiler.network import Network, Tensor, identifier, real_values
from l1ml.errors import L1mlError
from l1ml.summaries import Summary
from l1ml.verification.emulator import Emulator

TRACED = 1000
"""Events of which the values within the network are looked at; each is run again for them."""

_NARROW = "granularity='name' of hls4ml's config_from_... lets it choose accumulators that hold the sums"


@dataclass(frozen=True)
class OutputDeviation:
    """An output of the C++ beside that of the model.

    Attributes:
        name: Of the output.
        largest: Largest absolute deviation of an element.
        rms: Root of the mean squared deviation of all elements.
        range: Largest absolute value of the model's, to compare with.
        other_argmax: Share of events in which another element is the largest; None for one element or for bits.
    """

    name: str
    largest: float
    rms: float
    range: float
    other_argmax: float | None

    def __str__(self) -> str:
        argmax = "" if self.other_argmax is None else f", another argmax in {100 * self.other_argmax:.2g} % of events"
        return f"{self.name}: largest deviation {self.largest:.3g} of values up to {self.range:.3g}{argmax}"


@dataclass(frozen=True)
class Overflow:
    """Values that do not fit into the type that a layer casts them to.

    Attributes:
        layer: Name of the layer.
        what: What the type is called in hls4ml's configuration: ``result`` or ``accum``.
        type: The type.
        share: Share of values, of all elements of all events.
        wraps: Whether they come out wrong altogether; otherwise they saturate.
    """

    layer: str
    what: str
    type: str
    share: float
    wraps: bool

    def __str__(self) -> str:
        how = "overflows and wraps around" if self.wraps else "saturates"
        return f"{self.layer}: {self.what} {self.type} {how} in {100 * self.share:.2g} % of values"


@dataclass(frozen=True, repr=False)
class Deviation(Summary):
    """The C++ beside the model that it was made of.

    Attributes:
        events: Number of events compared.
        outputs: The outputs in order.
        overflows: Casts in which values overflow or saturate in the first ``TRACED`` events, in the order of layers.
        hints: Reasons that are known, and how to mend them.
    """

    events: int
    outputs: list[OutputDeviation]
    overflows: list[Overflow]
    hints: list[str]

    def summary(self) -> list[str]:
        """Lines on outputs, overflows that make values wrong, and hints."""
        return [*map(str, self.outputs), *(str(o) for o in self.overflows if o.wraps), *self.hints]

    def as_dict(self) -> dict[str, Any]:
        """The numbers for report.json, and the summary."""
        return {**asdict(self), "summary": self.summary()}


def deviation_of(
    network: Network,
    emulator: Emulator,
    inputs: NDArray[np.int64],
    golden: NDArray[np.int64],
    reference: Sequence[NDArray[np.floating]],
    hints: Sequence[str] = (),
) -> Deviation:
    """Compare the C++ with the model that it was made of.

    Args:
        network: The network, with its layers.
        emulator: Its C++.
        inputs: Integers in LSB, shape (events, elements of all inputs in order).
        golden: What the C++ makes of them, shape (events, elements of all outputs in order).
        reference: What the model makes of the same events, one array of shape (events, ...) for each output.
        hints: What is known of the model beforehand.

    Raises:
        L1mlError: If the model has other outputs than the C++.
    """
    pairs = zip(network.outputs, real_values(golden, network.outputs), _fitting(reference, network), strict=True)
    outputs = [_deviation(tensor, found, wanted) for tensor, found, wanted in pairs]
    overflows, remarks = _look_inside(network, emulator, inputs[:TRACED])
    if narrow := [o.layer for o in overflows if o.wraps and o.what == "accum"]:
        remarks.append(f"{', '.join(narrow)}: {_NARROW}")
    return Deviation(len(inputs), outputs, overflows, [*hints, *remarks])


def _fitting(reference: Sequence[NDArray[np.floating]], network: Network) -> list[NDArray[np.float64]]:
    """The model's outputs, flat as the C++ has them."""
    sizes = [t.size for t in network.outputs]
    found = [np.asarray(values, dtype=np.float64) for values in reference]
    shapes = [values.shape[1:] for values in found]
    if [int(np.prod(shape)) for shape in shapes] != sizes:
        given = ", ".join(map(str, shapes)) or "nothing"
        raise L1mlError(f"the reference gives {given} for an event, where {network.name} gives {sizes} elements")
    return [values.reshape(len(values), -1) for values in found]


def _deviation(tensor: Tensor, found: NDArray[np.float64], wanted: NDArray[np.float64]) -> OutputDeviation:
    if len(found) != len(wanted):
        raise L1mlError(f"the reference gives {len(wanted)} events of {tensor.name}, where {len(found)} were sent")
    away, several = np.abs(found - wanted), tensor.size > 1 and tensor.type.width > 1
    other = float(np.mean(found.argmax(axis=1) != wanted.argmax(axis=1))) if several else None
    rms = float(np.sqrt(np.mean(away**2)))
    return OutputDeviation(tensor.name, float(away.max()), rms, float(np.abs(wanted).max()), other)


def _look_inside(network: Network, emulator: Emulator, inputs: NDArray[np.int64]) -> tuple[list[Overflow], list[str]]:
    """Casts that do not hold their values, and what layers remark of their outputs."""
    traced = emulator.trace(inputs, emulator.layer_sizes())
    values = dict(zip([t.name for t in network.inputs], real_values(inputs, network.inputs), strict=True))
    overflows, remarks = [], []
    for step in (step for segment in network.segments for step in segment.steps):
        layer, family = step.layer, step.family
        sources = [array for name in layer.inputs if (array := _seen(identifier(name), values, network)) is not None]
        output = traced.get(layer.name)
        if output is None or output.shape[1] != layer.get_output_variable().size():  # of one step of time
            continue
        values.update({identifier(name): output for name in layer.outputs})
        if len(sources) < len(layer.inputs):
            continue
        for uncast in family.before_casts(layer, sources):
            kind = uncast.type
            beyond = (uncast.values >= (kind.maximum + 1) * kind.lsb) | (uncast.values <= (kind.lowest - 1) * kind.lsb)
            if beyond.any():
                share, wraps = float(beyond.mean()), kind.saturation == "WRAP"
                overflows.append(Overflow(layer.name, uncast.what, str(kind), share, wraps))
        if remark := family.remark(layer, sources, output):
            remarks.append(f"{layer.name}: {remark}")
    return overflows, remarks


def _seen(name: str, values: Mapping[str, NDArray[np.float64]], network: Network) -> NDArray[np.float64] | None:
    """Real values of a tensor, shape (events, elements): traced, or wires of others that are."""
    if name in values or name not in network.views:
        return values.get(name)
    view = network.views[name]
    sources = [_seen(tensor.name, values, network) for tensor in view.sources]
    known = [array for array in sources if array is not None]
    if len(known) < len(sources):
        return None
    zeros = np.zeros(len(known[0]))
    wired = [zeros if place is None else known[place[0]][:, place[1]] for place in view.places]
    return view.tensor.type.to_float(view.tensor.type.quantize(np.stack(wired, axis=1)))
