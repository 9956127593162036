"""Norm1: the definition in NumPy against hls4ml's C++, the lowering and the Verilog, and against a division."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import compile_graph, convert, golden, lowered
from numpy.typing import NDArray

import l1ml
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.frontends.hls4ml.network import network_of
from l1ml.frontends.hls4ml.saving import load_graph, save_graph
from l1ml.layers.norm1.arithmetic import Norm1Arithmetic

RINGS = 6

# Types of input and result, the smallest sum, and numbers of bits that differ from the defaults.
MODELS: dict[str, tuple[str, str, float, dict[str, int]]] = {
    "rings": ("fixed<12,8>", "fixed<8,1,RND,SAT>", 0.0, {}),
    "floor": ("fixed<10,6>", "fixed<8,1,RND_CONV,SAT_SYM>", 0.7, {}),
    "wraps": ("fixed<10,6>", "fixed<7,2>", 2.0, {"TableBits": 5, "ReciprocalBits": 7}),
    "unsigned": ("ufixed<9,9>", "ufixed<8,0,RND,SAT>", 0.0, {"GuardBits": 0}),
    "coarse": ("fixed<3,3>", "fixed<6,3,RND_ZERO,SAT_ZERO>", 0.0, {"ReciprocalBits": 11, "GuardBits": 4}),
    "negative_is_zero": ("fixed<9,2>", "ufixed<6,1,TRN_ZERO,SAT>", 0.1, {"TableBits": 3, "GuardBits": 1}),
    "fine": ("ufixed<7,-2>", "fixed<14,1,RND_INF,SAT>", 0.0, {"TableBits": 11, "ReciprocalBits": 14}),
}


@pytest.fixture(scope="module")
def compiled(keras: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One hls4ml project with a Norm1 of its own for each entry of ``MODELS``."""
    from l1ml.layers.keras import Norm1

    inputs, outputs, options = [], [], {}
    for name, (source, result, smallest, bits) in MODELS.items():
        x = keras.Input((RINGS,), name=f"x_{name}")
        outputs.append(Norm1(smallest, name=name)(x))
        options |= {name: {"precision": {"result": result}, **bits}, x.name: {"precision": {"result": source}}}
        inputs.append(x)
    graph = convert(keras.Model(inputs, outputs), tmp_path_factory.mktemp("norm1"), options)
    compile_graph(graph)
    return graph


def arithmetic(graph: Any) -> list[Norm1Arithmetic]:
    """The Norm1 layers of a graph."""
    return [Norm1Arithmetic.of(layer) for layer in graph.get_layers() if layer.class_name == "Norm1"]


def events(source: FixedType, size: int = RINGS, seed: int = 4) -> NDArray[np.int64]:
    """Random inputs of random size, and corners: nothing, energies that cancel, one ring alone, all at their ends."""
    rng = np.random.default_rng(seed)
    low, high = source.minimum, source.maximum
    random = rng.integers(low, high + 1, (400, size)) >> rng.integers(0, source.width, (400, 1))
    cancelling = random[:50].copy()
    cancelling[:, -1] = np.clip(rng.integers(-1, 2, 50) - cancelling[:, :-1].sum(axis=1), low, high)
    alone = np.array([[value] + [0] * (size - 1) for value in (low, low + 1, 1, high)])
    one_end = np.where(np.arange(size) == 0, high, low)
    constant = np.array([[value] * size for value in (0, low, high)])
    return np.concatenate([constant, alone, [one_end, one_end[::-1]], cancelling, random])


def test_cpp_and_lowering_compute_what_the_definition_says(compiled: Any) -> None:
    layers = arithmetic(compiled)
    blocks = [events(layer.source) for layer in layers]
    expected = np.concatenate([layer.run(x) for layer, x in zip(layers, blocks, strict=True)], axis=1)
    inputs = np.concatenate(blocks, axis=1)
    np.testing.assert_array_equal(golden(compiled, inputs), expected)
    np.testing.assert_array_equal(lowered(compiled, inputs), expected)


@pytest.mark.parametrize(("bits", "within"), [({}, 1.3), ({"TableBits": 11, "ReciprocalBits": 12}, 0.8)])
def test_the_result_is_near_the_quotient(keras: Any, tmp_path: Path, bits: dict[str, int], within: float) -> None:
    (layer,) = arithmetic(_single(keras, tmp_path, "fixed<16,12>", "auto", 100, bits))
    x = events(layer.source, 100)
    assert str(layer.result) == "fixed<8,1,RND,SAT>"
    sums = np.maximum(np.abs(x.sum(axis=1, keepdims=True)), 1)
    exact = np.clip(x / sums / layer.result.lsb, layer.result.minimum, layer.result.maximum)
    assert np.abs(layer.run(x) - exact).max() < within


def test_sums_near_zero_have_a_defined_result(compiled: Any) -> None:
    layer = arithmetic(compiled)[0]
    x = np.zeros((4, RINGS), dtype=np.int64)
    x[1] = 1, -1, 0, 0, 0, 0
    x[2] = 100, -100, 0, 0, 0, 0
    x[3] = -3, 0, 0, 0, 0, 0
    # A sum of 1 is in the first interval of the table, whose reciprocal is 255/256; 100 is beyond any mantissa.
    np.testing.assert_array_equal(layer.run(x)[:, :2], [[0, 0], [127, -127], [127, -128], [-127, 0]])


def test_the_keras_layer_is_the_real_function_and_survives_saving(keras: Any, tmp_path: Path) -> None:
    from l1ml.layers.keras import Norm1, custom_objects

    x = keras.Input((3,))
    model = keras.Model(x, Norm1(2.0, name="norm")(x))
    model.save(tmp_path / "model.h5")
    loaded = keras.models.load_model(tmp_path / "model.h5", custom_objects=custom_objects())
    rows = np.array([[1.0, 2.0, 5.0], [-3.0, 1.0, -2.0], [0.5, 0.5, 0.0], [0.0, 0.0, 0.0]])
    expected = [[0.125, 0.25, 0.625], [-0.75, 0.25, -0.5], [0.25, 0.25, 0.0], [0.0, 0.0, 0.0]]
    np.testing.assert_allclose(loaded.predict(rows, verbose=0), expected, rtol=1e-6)
    with pytest.raises(ValueError, match="smallest must not be negative, got -1"):
        Norm1(-1)


def test_verilog_of_a_network_behind_a_norm1_equals_its_cpp_also_from_a_saved_graph(keras: Any, tmp_path: Path) -> None:
    graph = _single(keras, tmp_path, "fixed<10,6>", "fixed<8,1,RND,SAT>", 10, {}, dense=3, write_rtl=True)
    compile_graph(graph)
    inputs = events(arithmetic(graph)[0].source, 10)
    checked = l1ml.verify(graph, inputs * 2.0**-4)
    assert checked.mismatches == 0, checked.first_mismatch
    assert [s.name for s in network_of(graph).segments] == ["norm", "dense"]

    module = tmp_path / "verilog" / "net_norm.sv"
    right = module.read_text()
    module.write_text(right.replace("= 8'hff;", "= 8'hbf;"))  # a bit of the reciprocal of 1
    assert module.read_text() != right
    wrong = l1ml.verify(graph, inputs * 2.0**-4)
    assert wrong.first_mismatch is not None
    assert wrong.first_mismatch.layer == "norm (Norm1)"

    save_graph(graph, tmp_path / "graph.fml")
    np.testing.assert_array_equal(lowered(load_graph(tmp_path / "graph.fml"), inputs), golden(graph, inputs))


def test_a_smallest_sum_that_no_sum_reaches_is_an_error(keras: Any, tmp_path: Path) -> None:
    with pytest.raises(L1mlError, match=r"'norm': smallest 65.0 is more than the largest sum \(64\) of 2 inputs"):
        _single(keras, tmp_path, "fixed<10,6>", "auto", 2, {}, smallest=65.0)


def _single(
    keras: Any,
    folder: Path,
    source: str,
    result: str,
    rings: int,
    bits: dict[str, int],
    *,
    smallest: float = 0.0,
    dense: int = 0,
    **more: Any,
) -> Any:
    from l1ml.layers.keras import Norm1

    x = keras.Input((rings,), name="x")
    y = Norm1(smallest, name="norm")(x)
    y = keras.layers.Dense(dense, name="dense")(y) if dense else y
    options = {"x": {"precision": {"result": source}}, "norm": {"precision": {"result": result}, **bits}}
    return convert(keras.Model(x, y), folder, options, **more)
