"""BinnedThresholds: the definition against plain Python, hls4ml's C++, the lowering and the Verilog."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import compile_graph, convert, golden, lowered
from numpy.typing import NDArray

import l1ml
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.frontends.hls4ml.saving import load_graph, save_graph
from l1ml.layers.binned_thresholds.arithmetic import BinnedThresholdsArithmetic

INPUTS = ("score", "et", "eta", "mu")

# Types of the inputs, edges of ET and |eta|, working points, bits of intercepts and slopes.
MODELS: dict[str, tuple[tuple[str, str, str, str], list[float], list[float], int, tuple[int, int]]] = {
    "electrons": (
        ("fixed<12,5>", "ufixed<10,8>", "fixed<9,3>", "ufixed<8,8>"), [15, 20.3, 30, 40], [0, 0.8, 1.37, 1.54, 2.47], 3,
        (12, 10),
    ),
    "one_bin": (("ufixed<6,1>", "ufixed<5,5>", "ufixed<4,2>", "ufixed<3,3>"), [3], [0.5, 2.5], 1, (8, 8)),
    "rows": (("fixed<9,9>", "fixed<8,6>", "fixed<7,2>", "fixed<6,2>"), [-7.5, 0, 1, 2, 20], [0, 1.9], 2, (5, 7)),
    "columns": (("fixed<16,3>", "int<7>", "int<4>", "uint<5>"), [10], [1, 2, 3, 6, 7], 2, (16, 16)),
}  # fmt: skip


def constants(name: str) -> dict[str, Any]:
    """Arguments of the layer."""
    (score, _, _, mu), et_edges, eta_edges, points, bits = MODELS[name]
    rng = np.random.default_rng(len(name))
    shape = (points, len(et_edges), len(eta_edges) - 1)
    reach, most = FixedType.parse(score), FixedType.parse(mu)
    intercept = rng.uniform(-0.6, 0.6, shape) * reach.maximum * reach.lsb
    slope = rng.uniform(-0.6, 0.6, shape) * (reach.maximum * reach.lsb) / (most.maximum * most.lsb)
    keys = ("et_edges", "eta_edges", "intercept", "slope", "intercept_bits", "slope_bits")
    return dict(zip(keys, (et_edges, eta_edges, intercept, slope, *bits), strict=True))


def model_of(keras: Any, names: list[str]) -> tuple[Any, dict[str, Any]]:
    """A Keras model with a layer for each name, and hls4ml's options."""
    from l1ml.layers.keras import BinnedThresholds

    inputs, outputs, options = [], [], {}
    for name in names:
        own = [keras.Input((1,), name=f"{name}_{kind}") for kind in INPUTS]
        options |= {x.name: {"precision": {"result": text}} for x, text in zip(own, MODELS[name][0], strict=True)}
        outputs.append(BinnedThresholds(**constants(name), name=name)(own))
        inputs += own
    return keras.Model(inputs, outputs), options


@pytest.fixture(scope="module")
def compiled(keras: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One hls4ml project with a layer for each entry of ``MODELS``, written with its Verilog."""
    model, options = model_of(keras, list(MODELS))
    graph = convert(model, tmp_path_factory.mktemp("thresholds"), options, write_rtl=True)
    compile_graph(graph)
    return graph


def arithmetic(graph: Any) -> list[BinnedThresholdsArithmetic]:
    """The layers of a graph."""
    layers = [layer for layer in graph.get_layers() if layer.class_name == "BinnedThresholds"]
    return [BinnedThresholdsArithmetic.of(layer) for layer in layers]


def events(layer: BinnedThresholdsArithmetic, count: int = 1500) -> NDArray[np.int64]:
    """Random candidates; ET and eta on and beside every edge and at their ends; scores on and beside the threshold."""
    rng = np.random.default_rng(5)
    types = (layer.score, layer.et, layer.eta, layer.pileup)
    x = np.stack([rng.integers(t.minimum, t.maximum + 1, count) for t in types], axis=1)
    for column, edges in ((1, layer.et_edges), (2, np.concatenate([layer.eta_edges, -layer.eta_edges]))):
        fixed, marks = types[column], (edges[:, None] + [-1, 0, 1]).ravel()
        marks = np.concatenate([marks, [fixed.minimum, fixed.maximum, 0]])
        chosen = rng.random(count) < 0.6
        x[chosen, column] = np.clip(rng.choice(marks, chosen.sum()), fixed.minimum, fixed.maximum)
    x[::7, 3], x[1::7, 3] = layer.pileup.minimum, layer.pileup.maximum
    row, column = (rng.integers(0, size, count) for size in layer.intercept.shape[1:])
    line = layer.intercept_type.to_float(layer.intercept[0, row, column])
    line = line + layer.slope_type.to_float(layer.slope[0, row, column]) * layer.pileup.to_float(x[:, 3])
    near = np.clip(
        np.floor(line / layer.score.lsb) + rng.integers(-1, 2, count), layer.score.minimum, layer.score.maximum
    )
    x[::2, 0] = near[::2]
    return x


def test_cpp_and_lowering_compute_what_the_definition_says(compiled: Any) -> None:
    layers = arithmetic(compiled)
    blocks = [events(layer) for layer in layers]
    expected = np.concatenate([layer.run(x) for layer, x in zip(layers, blocks, strict=True)], axis=1)
    assert np.all((expected.mean(axis=0) > 0.05) & (expected.mean(axis=0) < 0.95))
    inputs = np.concatenate(blocks, axis=1)
    np.testing.assert_array_equal(golden(compiled, inputs), expected)
    np.testing.assert_array_equal(lowered(compiled, inputs), expected)


def test_verilog_with_several_inputs_equals_its_cpp_also_from_a_saved_graph(compiled: Any, tmp_path: Path) -> None:
    layers = arithmetic(compiled)
    inputs = np.concatenate([events(layer, 700) for layer in layers], axis=1)
    types = [t for la in layers for t in (la.score, la.et, la.eta, la.pileup)]
    checked = l1ml.verify(compiled, [t.to_float(inputs[:, i : i + 1]) for i, t in enumerate(types)])
    assert (checked.events, checked.mismatches) == (700, 0), checked.first_mismatch
    save_graph(compiled, tmp_path / "graph.fml")
    for loaded, layer in zip(arithmetic(load_graph(tmp_path / "graph.fml")), layers, strict=True):
        assert str(loaded) == str(layer)


def test_the_definition_is_the_decision_in_exact_numbers(compiled: Any) -> None:
    for layer, name in zip(arithmetic(compiled), MODELS, strict=True):
        et_edges, eta_edges = constants(name)["et_edges"], constants(name)["eta_edges"]
        x = events(layer, 300)
        for (score, et, eta, mu), bits in zip(x.tolist(), layer.run(x), strict=True):
            size = abs(Fraction(eta) * Fraction(layer.eta.lsb))
            rows = [k for k, edge in enumerate(et_edges) if Fraction(et) * Fraction(layer.et.lsb) >= Fraction(edge)]
            columns = [k for k, edge in enumerate(eta_edges) if size >= Fraction(edge)]
            if not rows or not columns or size >= Fraction(eta_edges[-1]):
                assert not bits.any()
                continue
            for k, bit in enumerate(bits):
                place = (k, rows[-1], columns[-1])
                line = int(layer.intercept[place]) * Fraction(layer.intercept_type.lsb)
                line += int(layer.slope[place]) * Fraction(layer.slope_type.lsb) * mu * Fraction(layer.pileup.lsb)
                assert bit == (score * Fraction(layer.score.lsb) > line)


def test_the_constants_are_the_nearest_that_their_bits_allow(compiled: Any) -> None:
    for layer, name in zip(arithmetic(compiled), MODELS, strict=True):
        for key, fixed in (("intercept", layer.intercept_type), ("slope", layer.slope_type)):
            exact = constants(name)[key]
            assert fixed.width == constants(name)[f"{key}_bits"]
            assert np.abs(fixed.to_float(getattr(layer, key)) - exact).max() <= fixed.lsb
            assert np.abs(exact).max() >= (fixed.maximum + 1) * fixed.lsb / 2  # not a bit wider than need be


def test_the_keras_layer_decides_in_real_numbers_and_survives_saving(keras: Any, tmp_path: Path) -> None:
    from l1ml.layers.keras import BinnedThresholds, custom_objects

    model, _ = model_of(keras, ["electrons"])
    model.save(tmp_path / "model.h5")
    loaded = keras.models.load_model(tmp_path / "model.h5", custom_objects=custom_objects())
    assert isinstance(loaded.layers[-1], BinnedThresholds)
    line = np.array(loaded.layers[-1].intercept)[:, 1, 2] + 50 * np.array(loaded.layers[-1].slope)[:, 1, 2]
    et = np.array([25.0, 25.0, 20.3, 30.0, 14.9, 25.0, 25.0, 500.0])
    eta = np.array([1.4, -1.4, 1.37, 1.4, 1.4, 2.47, -3.0, 1.4])
    score = np.full(8, line[0] + 0.001)
    inputs = [v[:, None] for v in (score, et, eta, np.full(8, 50.0))]
    fires = loaded.predict(inputs, verbose=0)
    assert fires[:3, 0].tolist() == [1, 1, 1]
    assert not fires[4:7].any()
    assert not loaded.predict([inputs[0] - 0.002, *inputs[1:]], verbose=0)[:3, 0].any()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"et_edges": [20, 15]}, "et_edges must be at least 1 finite numbers, each above the last"),
        ({"eta_edges": [0]}, "eta_edges must be at least 2 finite numbers"),
        ({"eta_edges": [-1, 0.5, 1]}, "eta_edges are sizes, which are not negative"),
        ({"slope": np.zeros((2, 3, 2))}, r"slope must be finite, of shape \(working points, 1, 2\); got \(2, 3, 2\)"),
        ({"slope": np.zeros((1, 1, 2))}, "intercept has 2 working points, slope 1"),
        ({"intercept_bits": 25}, "intercept_bits must lie in 1..24, got 25"),
    ],
)
def test_constants_that_make_no_sense_are_refused(keras: Any, change: dict[str, Any], message: str) -> None:
    from l1ml.layers.keras import BinnedThresholds

    right = {"et_edges": [15], "eta_edges": [0, 1, 2], "intercept": np.ones((2, 1, 2)), "slope": np.ones((2, 1, 2))}
    BinnedThresholds(**right)
    with pytest.raises(ValueError, match=message):
        BinnedThresholds(**(right | change))


@pytest.mark.parametrize(
    ("types", "message"),
    [
        ({"et": "ufixed<5,5>"}, r"'one_bin': its et_edges do not fit the input's type, whose sizes are ufixed<5,5>"),
        ({"eta": "auto"}, "'one_bin': its input 'one_bin_eta' has precision auto; give it one"),
        ({"eta": "fixed<3,3>"}, r"'one_bin': two of its eta_edges are the same in steps of 1.0"),
        ({"score": "fixed<60,2>"}, r"'one_bin': the comparison of fixed<60,2> .* takes 63 bits of at most 62"),
    ],
)
def test_types_that_cannot_hold_the_edges_are_refused(
    keras: Any, tmp_path: Path, types: dict[str, str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(MODELS, "one_bin", (MODELS["one_bin"][0], [40], [1.2, 1.7], 1, (8, 8)))
    model, options = model_of(keras, ["one_bin"])
    options["one_bin_et"]["precision"]["result"] = "ufixed<7,7>"
    for kind, text in types.items():
        options[f"one_bin_{kind}"]["precision"]["result"] = text
    with pytest.raises(L1mlError, match=message):
        convert(model, tmp_path, options)
