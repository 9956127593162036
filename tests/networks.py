"""Small networks: converted by hls4ml, compiled, and lowered without a simulator."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from l1ml.errors import L1mlError
from l1ml.keras_setup import set_up_keras

try:
    set_up_keras()  # before hls4ml is imported
    _missing = ""
except L1mlError as error:
    _missing = str(error)

from graphs import compile_graph as compile_graph  # tests find it here
from graphs import quiet

from l1ml.compiler.network import Network, View
from l1ml.compiler.programs.trace import TracedSegment, full_range, trace_segment, view_intervals
from l1ml.frontends.hls4ml.network import network_of
from l1ml.frontends.hls4ml.writing import cpp_tables
from l1ml.verification.emulator import Emulator

Options = Mapping[str, Mapping[str, Any]]
"""hls4ml's options by layer name: ``precision`` is a mapping of its own, ``types`` changes some of hls4ml's, everything
else is taken as it is."""


@pytest.fixture(scope="session")
def keras() -> Any:
    """The module ``tf_keras``; the test is skipped where the training packages are missing."""
    if _missing:
        pytest.skip(_missing)
    import tf_keras

    return tf_keras


def convert(
    model: Any,
    folder: Path,
    options: Options | None = None,
    *,
    write_rtl: bool = False,
    unlisted: Collection[str] = (),
    **more: Any,
) -> Any:
    """Convert a Keras model with the Verilog backend.

    Args:
        model: Model of ``tf_keras``.
        folder: For the project.
        options: Options of layers, on top of hls4ml's own.
        write_rtl: Whether writing the project writes its Verilog.
        unlisted: Layers with options that hls4ml's own configuration does not have, as those within others.
        more: For hls4ml's converter.
    """
    import hls4ml

    with quiet():
        config = hls4ml.utils.config_from_keras_model(model, granularity="name", backend="Verilog")
        config["LayerName"] |= {name: {} for name in unlisted}
        for name, layer in (options or {}).items():
            for key, value in layer.items():
                if key == "precision":
                    config["LayerName"][name]["Precision"] = dict(value)
                elif key == "types":
                    config["LayerName"][name].setdefault("Precision", {}).update(value)
                else:
                    config["LayerName"][name][key] = value
        arguments = {"project_name": "net", "io_type": "io_parallel", "write_rtl": write_rtl, **more}
        return hls4ml.converters.convert_from_keras_model(
            model, hls_config=config, backend="Verilog", output_dir=str(folder), **arguments
        )


def golden(graph: Any, inputs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Outputs of the C++ of a compiled project; integers in LSB in and out."""
    return Emulator.of_project(Path(graph.config.get_output_dir()), network_of(graph)).run(inputs)


def traces(graph: Any) -> Iterator[TracedSegment]:
    """The segments of a written project, lowered one after the other."""
    network, tables = network_of(graph), cpp_tables(graph, Path(graph.config.get_output_dir()))
    intervals = {t.name: full_range(t) for t in network.inputs}
    for segment in network.segments:
        for view in _readable(network, intervals):
            intervals[view.tensor.name] = view_intervals(view, intervals)
        traced = trace_segment(segment, intervals, tables)
        intervals.update(traced.intervals)
        yield traced


def lowered(graph: Any, inputs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Outputs of the traced segments of a written project; integers in LSB in and out."""
    network = network_of(graph)
    values = dict(zip([t.name for t in network.inputs], _split(inputs, network.inputs), strict=True))
    for traced in traces(graph):
        _wire(network, values)
        results = traced.logic.predict(np.concatenate([values[t.name] for t in traced.segment.inputs], axis=1))
        position = 0
        for tensor in traced.segment.outputs:
            values[tensor.name] = results[:, position : position + tensor.size]
            position += tensor.size
    _wire(network, values)
    return np.concatenate([np.ldexp(values[t.name], t.type.fraction).astype(np.int64) for t in network.outputs], axis=1)


def _readable(network: Network, known: Container[str]) -> Iterator[View]:
    """What is wires of tensors that are known, and is not known itself; looked at while more becomes known."""
    for view in network.views.values():
        if view.tensor.name not in known and all(t.name in known for t in view.sources):
            yield view


def _wire(network: Network, values: dict[str, NDArray[np.float64]]) -> None:
    """Add the real values of what is wires of others."""
    for view in _readable(network, values):
        kind, zeros = view.tensor.type, np.zeros(len(values[view.sources[0].name]))
        sources = [values[t.name] for t in view.sources]
        real = np.array([zeros if place is None else sources[place[0]][:, place[1]] for place in view.places]).T
        values[view.tensor.name] = kind.to_float(kind.quantize(real))


def columns(network: Network) -> list[str]:
    """Name of the output tensor of each output column."""
    return [t.name for t in network.outputs for _ in range(t.size)]


def _split(inputs: NDArray[np.int64], tensors: list[Any]) -> list[NDArray[np.float64]]:
    ends = np.cumsum([t.size for t in tensors])[:-1]
    blocks = np.split(inputs, ends, axis=1)
    return [tensor.type.to_float(block) for tensor, block in zip(tensors, blocks, strict=True)]
