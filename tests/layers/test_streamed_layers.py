"""Layers that take a tensor position by position: NumPy, C++ and Verilog agree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import compile_graph, convert, golden, quiet
from numpy.typing import NDArray

import l1ml
from l1ml.compiler.design import Design
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.frontends.hls4ml.backend import rtl_folder
from l1ml.verification import compare
from l1ml.verification.packing import pack, unpack
from l1ml.verification.soak.native import NativeSimulator

POSITIONS, CHANNELS, EVENTS = 6, 2, 600


@dataclass(frozen=True)
class Case:
    """A layer with some types.

    Attributes:
        name: Class of the layer.
        arguments: Of its constructor.
        source: Type of its inputs.
        types: Its own types.
    """

    name: str
    arguments: dict[str, Any]
    source: str
    types: dict[str, str] = field(default_factory=dict)

    @property
    def package(self) -> str:
        """Folder of its family."""
        return "".join(f"_{c.lower()}" if c.isupper() else c for c in self.name).lstrip("_")


CASES = {
    "sum_exact": Case("MovingSum", {"window": 3}, "fixed<6,3>"),
    "sum_rounds": Case("MovingSum", {"window": 4}, "fixed<6,3>", {"result": "fixed<6,4,RND_CONV,SAT>"}),
    "sum_unsigned_wraps": Case("MovingSum", {"window": 9}, "ufixed<5,3>", {"result": "ufixed<5,3>"}),
    "sum_of_one": Case("MovingSum", {"window": 1}, "fixed<6,3>", {"result": "fixed<4,2,TRN,SAT_SYM>"}),
    "taper_exact": Case("Taper", {"factors": [0.5, -1, 0, 1.75, 0.25, -2]}, "fixed<6,3>"),
    "taper_rounds": Case(
        "Taper", {"factors": [0.3, 1, 0.7, 0.1, 0.9, 0.6]}, "ufixed<5,3>",
        {"factor": "ufixed<5,1>", "result": "ufixed<5,3,RND,SAT>"},
    ),
    "taper_of_one_factor": Case("Taper", {"factors": [0.5] * 6}, "fixed<6,3>", {"result": "fixed<5,3,RND_INF,WRAP>"}),
    "leaky_exact": Case("LeakyIntegrator", {"leak": 2}, "fixed<6,3>"),
    "leaky_saturates": Case(
        "LeakyIntegrator", {"leak": 1}, "fixed<6,3>", {"accum": "fixed<6,3,RND,SAT>", "result": "fixed<5,3,RND,SAT>"}
    ),
    "leaky_unsigned_wraps": Case(
        "LeakyIntegrator", {"leak": 3}, "ufixed<5,3>", {"accum": "ufixed<7,3>", "result": "ufixed<6,3>"}
    ),
    "maximum_rounds": Case("PositionMaximum", {}, "fixed<6,3>", {"result": "fixed<5,3,RND_CONV,SAT>"}),
    "maximum_unsigned_wraps": Case("PositionMaximum", {}, "ufixed<5,3>", {"result": "ufixed<5,2>"}),
    "maximum_default": Case("PositionMaximum", {}, "fixed<6,3>"),
}  # fmt: skip


def layer_of(name: str) -> Any:
    """A Keras layer of the project by its name."""
    from l1ml.layers import keras

    return getattr(keras, name)


@pytest.fixture(scope="module")
def every_case(keras: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One hls4ml project with a branch for each case."""
    inputs, outputs, options = [], [], {}
    for name, case in CASES.items():
        inputs.append(keras.Input((POSITIONS, CHANNELS), name=f"x_{name}"))
        outputs.append(layer_of(case.name)(**case.arguments, name=name)(inputs[-1]))
        options[f"x_{name}"] = {"precision": {"result": case.source}}
        options[name] = {"types": case.types}
    graph = convert(keras.Model(inputs, outputs), tmp_path_factory.mktemp("streamed"), options, write_rtl=True)
    compile_graph(graph)
    return graph


def events_of(source: FixedType, seed: int, size: int = POSITIONS * CHANNELS) -> NDArray[np.int64]:
    """All inputs at their ends and at 0, ends that alternate, and random ones of random size."""
    rng = np.random.default_rng(seed)
    low, high = source.minimum, source.maximum
    ends = [np.full(size, value) for value in (0, low, high)]
    ends += [np.where(np.arange(size) % 4 < 2, low, high), np.where(np.arange(size) % 4 < 2, high, low)]
    random = rng.integers(low, high + 1, (EVENTS - len(ends), size)) >> rng.integers(0, source.width, (1, size))
    return np.concatenate([ends, random])


def test_numpy_and_cpp_and_verilog_agree_on_every_case(every_case: Any) -> None:
    events = {f"x_{name}": events_of(FixedType.parse(c.source), len(name)) for name, c in CASES.items()}
    expected = []
    for layer in every_case.get_layers():
        if layer.name in CASES:
            package = CASES[layer.name].package
            arithmetic = getattr(import_module(f"l1ml.layers.{package}.arithmetic"), f"{layer.class_name}Arithmetic")
            expected.append(arithmetic.of(layer).run(events[f"x_{layer.name}"]))
    inputs = np.concatenate(list(events.values()), axis=1)
    by_cpp = golden(every_case, inputs)
    np.testing.assert_array_equal(np.concatenate(expected, axis=1), by_cpp)
    simulator, emulator = compare.load(rtl_folder(every_case), Path(every_case.config.get_output_dir()))
    result = compare.compare(simulator, emulator, inputs)
    assert (result.events, result.mismatches) == (EVENTS, 0), result.first_mismatch
    # Results of one word beside such of several: all are gathered.
    design = simulator.design
    assert (design.in_beats, design.out_beats, design.initiation_interval) == (POSITIONS, 1, POSITIONS)


def test_a_stream_of_results_is_soaked_and_simulated_like_any_other(keras: Any, tmp_path: Path) -> None:
    x = keras.Input((POSITIONS, CHANNELS), name="x")
    model = keras.Model(x, layer_of("MovingSum")(window=3, name="sum")(x))
    graph = convert(model, tmp_path, {"x": {"precision": {"result": "fixed<6,3>"}}}, write_rtl=True)
    compile_graph(graph)
    inputs = FixedType(6, 3).to_float(events_of(FixedType(6, 3), 5)).reshape(-1, POSITIONS, CHANNELS)
    with quiet():
        expected = graph.predict(np.ascontiguousarray(inputs, dtype=np.float32))
    result = l1ml.simulate(graph, inputs)
    np.testing.assert_array_equal(result.outputs.reshape(len(inputs), -1), expected.reshape(len(inputs), -1))
    design = Design.load(rtl_folder(graph))
    assert (design.in_beats, design.out_beats) == (POSITIONS, POSITIONS)
    assert (result.latency, result.initiation_interval) == (design.latency, POSITIONS)
    events = events_of(FixedType(6, 3), 6)
    right = golden(graph, events)
    wrong = right.copy()
    wrong[7, -1] ^= 1
    soak = NativeSimulator(rtl_folder(graph), tmp_path / "soak")
    soak.build()
    assert soak.run(pack(events, design.inputs), pack(right, design.outputs)).differing == 0
    found = soak.run(pack(events, design.inputs), pack(wrong, design.outputs))
    assert list(found.rows) == [7]
    np.testing.assert_array_equal(unpack(found.rows[7], design.outputs)[0], right[7])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda keras, layer: _two_lengths(keras, layer), "different numbers of words"),
    ],
)
def test_what_cannot_be_streamed_is_refused_in_one_line(
    make: Callable[..., Any], message: str, keras: Any, tmp_path: Path
) -> None:
    options = {f"x{positions}": {"precision": {"result": "fixed<6,3>"}} for positions in (4, 5)}
    with pytest.raises(L1mlError, match=message):
        convert(make(keras, layer_of), tmp_path, options, write_rtl=True).write()


def _two_lengths(keras: Any, layer: Callable[[str], Any]) -> Any:
    inputs = [keras.Input((positions, 1), name=f"x{positions}") for positions in (4, 5)]
    return keras.Model(inputs, [layer("MovingSum")(window=2)(x) for x in inputs])
