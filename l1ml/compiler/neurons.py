"""Where in a module each neuron is: comments before its outputs, with the net, the bias and the weights of each one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from l1ml.compiler.buses import next_of
from l1ml.compiler.circuit import Expression, Joined, Section, Wire
from l1ml.compiler.circuit.queries import names_in
from l1ml.compiler.network import Segment
from l1ml.compiler.printers.systemverilog_expressions import text_of
from l1ml.constants import Constants


@dataclass(frozen=True)
class Neurons:
    """The sums that a layer computes for each position of its input.

    Attributes:
        weights: Shape (inputs of a position, neurons).
        biases: Shape (neurons,).
    """

    weights: Constants
    biases: Constants


def with_neurons(segment: Segment, sections: tuple[Section, ...]) -> tuple[Section, ...]:
    """The sections of a module, the last one of which drives its outputs, with a line for each neuron there.

    Args:
        segment: The layers. Those behind the first one do the same to each element.
        sections: The hardware.
    """
    layer = segment.layers[0]
    neurons = segment.family.neurons(layer)
    if neurons is None:
        return sections
    n_out, packed = neurons.biases.values.size, {i.net.name: i.value for i in sections[-1].items if isinstance(i, Wire)}
    found = [packed.get(next_of(tensor).name) for tensor in segment.outputs if tensor.size % n_out == 0]
    nets = [[_place(part) for part in reversed(value.parts)] for value in found if isinstance(value, Joined)]
    if not nets or len({len(names) for names in nets}) > 1:
        return sections
    places = [" ".join(dict.fromkeys(names)) for names in zip(*nets, strict=True)]
    title = "\n".join(_lines(segment, neurons, places))
    return (*sections[:-1], replace(sections[-1], title=title))


def _place(part: Expression) -> str:
    """The net that an element comes from, or what it always is."""
    return " ".join(dict.fromkeys(names_in(part))) or text_of(part)


def _lines(segment: Segment, neurons: Neurons, places: list[str]) -> Iterator[str]:
    (source, *_), name = segment.inputs, segment.layers[0].name
    n_in, n_out = neurons.weights.values.shape
    exponent = neurons.weights.exponent - source.type.fraction
    unit = Fraction(2) ** exponent
    what = f"x0 to x{n_in - 1}: elements of {source.name}"
    if len(places) == n_out:
        yield f"Neurons of {name} with their nets, biases and weights, in units of 2^{exponent}; {what}"
    else:
        yield f"Neurons of {name} with their biases and weights, in units of 2^{exponent}; {what} at a position"
    for j, (bias, column) in enumerate(zip(neurons.biases.fractions, neurons.weights.values.T, strict=True)):
        terms = [f"{column[i]:+d}x{i}" for i in np.flatnonzero(column)]
        sums = " ".join([*([_number(bias / unit)] if bias or not terms else []), *terms])
        yield f"{j} {places[j]}: {sums}" if len(places) == n_out else f"{j}: {sums}"
    if len(places) > n_out:
        yield f"Nets of the neurons of {name} at each position"
        for position, start in enumerate(range(0, len(places), n_out)):
            yield f"{position}: {', '.join(places[start : start + n_out])}"


def _number(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else str(float(value))
