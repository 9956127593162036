"""Graphs of hls4ml, whatever Keras they were made with: compiled, and held against their Verilog on real numbers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from quick_cpp import quicken

import l1ml
from l1ml.compiler.network import Tensor
from l1ml.frontends.hls4ml.network import network_of


@dataclass(frozen=True)
class Drawn:
    """A tensor of Keras that a random network has so far."""

    tensor: Any

    @property
    def shape(self) -> tuple[int, ...]:
        """Without the events."""
        return tuple(int(n) for n in self.tensor.shape[1:])

    @property
    def size(self) -> int:
        """Elements of an event."""
        return int(np.prod(self.shape))


@contextmanager
def quiet() -> Iterator[None]:
    """Drop what hls4ml prints."""
    with Path(os.devnull).open("w") as sink, redirect_stdout(sink):
        yield


def compile_graph(graph: Any) -> None:
    """Write and compile a project, quietly and in little time."""
    with quiet():
        graph.write()
        quicken(Path(graph.config.get_output_dir()) / "build_lib.sh")
        graph._compile()


def hold_real_inputs(graph: Any, seed: int = 1, events: int = 120) -> None:
    """Hold ``simulate`` against ``predict`` on real numbers: off the grid, halfway, out of range; on one event as well.

    Args:
        graph: Compiled, with its Verilog written.
        seed: The same gives the same numbers.
        events: How many.
    """
    rng = np.random.default_rng(seed)
    real = [real_numbers(tensor, rng, events) for tensor in network_of(graph).inputs]
    for inputs in (real, [values[:1] for values in real]):
        given = inputs if len(inputs) > 1 else inputs[0]
        simulated, predicted = l1ml.simulate(graph, given).outputs, graph.predict(given)
        several = isinstance(predicted, list)
        pairs = zip(simulated, predicted, strict=True) if several else [(simulated, predicted)]
        for output, (ours, theirs) in enumerate(pairs):
            np.testing.assert_array_equal(ours, theirs, f"output {output}")


def real_numbers(tensor: Tensor, rng: np.random.Generator, events: int) -> NDArray[np.float64]:
    """Real inputs: near zero, anywhere, and a little out of range unless only some integers have a meaning."""
    kind, (low, high) = tensor.type, tensor.limits
    index, shape = high < kind.maximum, (events, tensor.size)
    margin = 0 if index else (high - low + 1) / 8
    anywhere = rng.uniform(low - margin, high + margin, shape)
    small = np.clip(rng.normal(0, 4, shape), low, high)
    halfway = rng.integers(low, high + 1, shape) + (0 if index else rng.choice([-0.5, 0.5], shape))
    return np.choose(rng.integers(3, size=shape), [anywhere, small, halfway]) * kind.lsb
