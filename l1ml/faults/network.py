"""How far neurons can go, and events that drive them there, by mixed-integer linear programming.

A search by small steps ends where many neurons before have to move at once. With the weights known, the end of a sum is
a mixed-integer linear program: two binary variables for each neuron before it say whether it is above the lower end of
its range and whether it is at the upper one (Tjeng, Xiao and Tedrake, arXiv:1711.07356). For a bound, the program may
round each neuron as it likes, as far as its type can; for an event, which is only where a search starts, it may not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.compiler.network import identifier
from l1ml.fixed import FixedType
from l1ml.layers.family import Clip, Inverse, Sums
from l1ml.layers.parameters import input_type, output_type
from l1ml.layers.registry import family_of

NODES = 2000
"""Nodes of the solver's tree for one end of one sum; what it has by then is taken. The same on any machine."""

SECONDS = 120.0
"""Where its time is not spent in nodes."""

GAP = 0.02
"""Relative distance from the true end that is near enough."""

MARGIN = 1e-3
"""What is added to bounds, in LSB for each LSB of a factor: far more than the solver's tolerance."""

_Real = NDArray[np.float64]


@dataclass
class Layer:
    """A layer that sums and what follows it: ``clip(x @ weights + bias, low, high)``.

    Attributes:
        before: The layer before; ``None`` for the first one.
        slack: How far roundings can move a value at most.
        least: Lowest sum that its types hold; a lower one would wrap.
        most: Highest one.
    """

    before: Layer | None
    weights: _Real
    bias: _Real
    low: float
    high: float
    slack: float
    least: float
    most: float


@dataclass(frozen=True)
class Goal:
    """A sum within a network: ``(values of a layer @ factors + start) / lsb``.

    Attributes:
        before: The layer that gives the values; ``None`` for what the first layer gets.
        factors: Shape (elements,).
        start: What is added.
        lsb: Worth of one LSB of the sum.
    """

    before: Layer | None
    factors: _Real
    start: float = 0.0
    lsb: float = 1.0


@dataclass
class Network:
    """The layers of a network that sum, with what leads to the first of them.

    Attributes:
        tensor: Name of the input.
        low: Lowest value that the first layer gets, shape (elements,).
        high: Highest.
        invert: From what the first layer gets to integers in LSB of the input.
        layers: By name of the hls4ml layer.
        values: By name of a tensor, the layer that it comes from; ``None`` for what the first layer gets.
        steps: By name of a tensor, worth of one LSB.
    """

    tensor: str
    low: _Real
    high: _Real
    invert: Callable[[_Real], NDArray[np.int64]]
    layers: dict[str, Layer]
    values: dict[str, Layer | None]
    steps: dict[str, float]

    def __post_init__(self) -> None:
        self._known: dict[tuple[int, bytes], tuple[float, float] | None] = {}

    def neurons(self, name: str) -> list[Goal]:
        """The outputs of a layer that sums, before any rounding; nothing for another layer."""
        layer = self.layers.get(name)
        if layer is None:
            return []
        return [Goal(layer.before, *neuron) for neuron in zip(layer.weights.T, layer.bias.tolist(), strict=True)]

    def goal(self, tensor: str, factors: Mapping[int, int]) -> Goal | None:
        """A sum of elements with integer factors, in LSB of the tensor; ``None`` if nothing is known of the tensor.

        Args:
            tensor: Its name.
            factors: By index of an element.
        """
        if tensor not in self.values:
            return None
        before = self.values[tensor]
        row = np.zeros(len(self.low) if before is None else len(before.bias))
        row[list(factors)] = list(factors.values())
        return Goal(before, row, lsb=self.steps[tensor])

    def summits(self, goals: Iterable[Goal]) -> Iterator[NDArray[np.int64]]:
        """Inputs that drive sums to their lowest and to their highest value.

        Yields:
            Integers in LSB of the input, shape (elements,); nothing where the solver finds nothing.
        """
        for goal in goals:
            program = _Program(self, goal.before, loose=False)
            for sign in (-1, 1):
                found, _ = program.farthest(sign * goal.factors)
                if found is not None:
                    yield self.invert(found)

    def ends(self, goal: Goal) -> tuple[float, float] | None:
        """A number that a sum never goes below and one that it never goes above; ``None`` if a value can wrap."""
        key = id(goal.before), goal.factors.tobytes()
        if key not in self._known:
            program = _Program(self, goal.before, loose=True)
            low, high = (
                (sign * program.farthest(sign * goal.factors)[1] for sign in (-1, 1)) if program.sound else (0, 0)
            )
            self._known[key] = (low, high) if program.sound else None
        found = self._known[key]
        if found is None:
            return None
        margin = MARGIN * goal.lsb * np.abs(goal.factors).sum()
        return (found[0] - margin + goal.start) / goal.lsb, (found[1] + margin + goal.start) / goal.lsb


def read_network(graph: Any) -> Network | None:
    """The layers of an hls4ml model that sum and clip; ``None`` where its first layers are of another kind."""
    network: Network | None = None
    for layer in graph.get_layers():
        known = family_of(layer).bounds(layer)
        source, target = identifier((layer.inputs or [""])[0]), identifier(layer.outputs[0])
        if network is None and isinstance(known, Sums | Inverse):
            network = _lead(layer, known)
        if network is None or source not in network.values:
            continue
        result, before = output_type(layer), network.values[source]
        if isinstance(known, Sums) and known.linear:
            network.layers[layer.name] = _sums(known, before, network.steps[source], result)
            network.values[target] = network.layers[layer.name]
        elif isinstance(known, Clip) and before is not None:
            network.values[target] = _clipped(before, result, relu=known.relu)
        else:
            continue
        network.steps[target] = result.lsb
    return network


def _sums(sums: Sums, before: Layer | None, step: float, result: FixedType) -> Layer:
    weights, accum = sums.weights.real, sums.accum
    finest = step * 2.0 ** int(sums.weights.lowest.min())
    found = Layer(before, weights, sums.start.real, *_limits(result), 0.0, *_limits(accum))
    found.slack = accum.lsb * len(weights) if accum.lsb > finest else 0.0
    found.slack += result.lsb if result.lsb > accum.lsb else 0.0
    _no_wrap(found, result)
    return found


def _clipped(layer: Layer, result: FixedType, *, relu: bool) -> Layer:
    """A layer with an activation behind it."""
    low, high = _limits(result)
    found = replace(layer, low=max(layer.low, 0.0 if relu else low), high=min(layer.high, high))
    found.slack += result.lsb / 2 if result.rounding.startswith("RND") else result.lsb
    _no_wrap(found, result, relu=relu)
    return found


def _no_wrap(layer: Layer, kind: FixedType, *, relu: bool = False) -> None:
    if kind.saturation != "SAT":
        low, high = _limits(kind)
        layer.least, layer.most = layer.least if relu else max(layer.least, low), min(layer.most, high)


def _limits(kind: FixedType) -> tuple[float, float]:
    return kind.lowest * kind.lsb, kind.maximum * kind.lsb


def _lead(layer: Any, known: Sums | Inverse) -> Network:
    """What leads to the first layer that sums: nothing, or a layer of which the inverse is known."""
    name, source = identifier(layer.inputs[0]), input_type(layer)
    first, seen = name, source
    invert: Callable[[_Real], NDArray[np.int64]] = source.quantize
    if isinstance(known, Inverse):
        first, seen, invert = identifier(layer.outputs[0]), output_type(layer), known.find
    low, high = (np.full(int(layer.get_input_variable().size()), end) for end in _limits(seen))
    return Network(name, low, high, invert, {}, {first: None}, {first: seen.lsb})


class _Program:
    """The network up to the output of a layer, as constraints.

    Attributes:
        sound: Whether no value can wrap.
        values: Indices of the variables that the layer gives.
    """

    def __init__(self, network: Network, last: Layer | None, *, loose: bool) -> None:
        self.low, self.high = list(network.low), list(network.high)
        self.binary = [0] * len(self.low)
        self.entries: list[tuple[int, int, float]] = []
        self.least: list[float] = []
        self.most: list[float] = []
        self.inputs, self.loose, self.sound = len(self.low), loose, True
        chain: list[Layer] = []
        while last is not None:
            chain.insert(0, last)
            last = last.before
        self.values = np.arange(self.inputs)
        for layer in chain:
            self._add(layer)

    def _add(self, layer: Layer) -> None:
        ends = [layer.weights * np.array(end)[self.values][:, None] for end in (self.low, self.high)]
        least, most = (f(*ends).sum(axis=0) + layer.bias for f in (np.minimum, np.maximum))
        slack = layer.slack if self.loose else 0.0
        self.sound &= bool(np.all(least - slack >= layer.least) and np.all(most + slack <= layer.most))
        first, span, count = len(self.low), layer.high - layer.low, len(least)
        outputs, above, full = (first + part * count + np.arange(count) for part in range(3))
        bottom, top = (np.clip(end, layer.low, layer.high) for end in (least - slack, most + slack))
        self.low += [*bottom, *(bottom > layer.low), *(bottom >= layer.high)]
        self.high += [*top, *(top > layer.low), *(top >= layer.high)]
        self.binary += [0] * count + [1] * 2 * count
        for j in range(count):
            used = np.flatnonzero(layer.weights[:, j])
            terms = list(zip(self.values[used].tolist(), (-layer.weights[used, j]).tolist(), strict=True))
            over, under = max(most[j] - layer.high, 0.0), max(layer.low - least[j], 0.0)
            self._row([*terms, (outputs[j], 1.0), (full[j], over)], layer.bias[j] - slack, np.inf)
            self._row([*terms, (outputs[j], 1.0), (above[j], under)], -np.inf, layer.bias[j] + under + slack)
            self._row([(outputs[j], 1.0), (above[j], -span)], -np.inf, layer.low)
            self._row([(outputs[j], 1.0), (full[j], -span)], layer.low, np.inf)
        self.values = outputs

    def _row(self, terms: list[tuple[int, float]], least: float, most: float) -> None:
        self.entries += [(len(self.least), int(column), value) for column, value in terms]
        self.least.append(least)
        self.most.append(most)

    def farthest(self, direction: _Real) -> tuple[_Real | None, float]:
        """What the first layer gets where a sum of the last values is largest, if found, and a bound of that sum."""
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import coo_array

        aim = np.zeros(len(self.low))
        aim[self.values] = -direction
        constraints = []
        if self.entries:
            rows, columns, values = zip(*self.entries, strict=True)
            matrix = coo_array((values, (rows, columns)), shape=(len(self.least), len(self.low))).tocsr()
            constraints = [LinearConstraint(matrix, self.least, self.most)]
        options = {"node_limit": NODES, "time_limit": SECONDS, "mip_rel_gap": 0.0 if self.loose else GAP}
        found = milp(
            aim, constraints=constraints, bounds=Bounds(self.low, self.high), integrality=self.binary, options=options
        )
        best = found.mip_dual_bound
        if best is None and found.status == 0:  # without a binary variable, the optimum itself
            best = found.fun
        bound = np.inf if best is None else -float(best)
        return None if found.x is None else np.asarray(found.x[: self.inputs]), bound
