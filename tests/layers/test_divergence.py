"""Divergence: the definition in NumPy against the formula, hls4ml's C++ and the lowering."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import compile_graph, convert, golden, lowered
from numpy.typing import NDArray

from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.frontends.hls4ml.saving import load_graph, save_graph
from l1ml.layers.divergence.arithmetic import DivergenceArithmetic, term_type

# Dimensions, types of means, of logarithms of variances, of the table's entries and of the result.
LAYERS: dict[str, tuple[int, str, str, str, str]] = {
    "trigger": (8, "fixed<8,5,RND_CONV,SAT>", "fixed<8,4,RND_CONV,SAT>", "auto", "auto"),
    "coarse_table": (3, "fixed<7,3>", "fixed<6,3>", "ufixed<9,6>", "ufixed<9,6,RND,SAT>"),
    "finer_table": (2, "fixed<5,5>", "fixed<9,2>", "ufixed<20,3>", "auto"),
    "unsigned": (4, "ufixed<6,2>", "ufixed<5,2>", "auto", "fixed<8,6,RND_CONV,SAT>"),
    "large_steps": (1, "fixed<4,6>", "fixed<4,4>", "auto", "auto"),
}


@pytest.fixture(scope="module")
def compiled(keras: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One hls4ml project with a layer for each entry of ``LAYERS``."""
    from l1ml.layers.keras import Divergence

    inputs, outputs, options = [], [], {}
    for name, (size, mean, log_variance, term, result) in LAYERS.items():
        pair = [keras.Input((size,), name=f"{part}_{name}") for part in ("mean", "width")]
        for variable, fixed in zip(pair, (mean, log_variance), strict=True):
            options[variable.name] = {"precision": {"result": fixed}}
        options[name] = {"precision": {"term": term, "result": result}}
        inputs += pair
        outputs.append(Divergence(name=name)(pair))
    graph = convert(keras.Model(inputs, outputs), tmp_path_factory.mktemp("divergence"), options)
    compile_graph(graph)
    return graph


def numbers_of(graph: Any) -> list[DivergenceArithmetic]:
    """The layers' numbers, in order."""
    return [DivergenceArithmetic.of(layer) for layer in graph.get_layers() if layer.class_name == "Divergence"]


def events(numbers: DivergenceArithmetic, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Every logarithm, ends of both types together, nothing at all, and random values."""
    rng = np.random.default_rng(seed)

    def some(fixed: FixedType) -> NDArray[np.int64]:
        shape = (512, numbers.size)
        random = rng.integers(fixed.minimum, fixed.maximum + 1, shape) >> rng.integers(0, fixed.width, (512, 1))
        return np.concatenate([np.full((1, numbers.size), v) for v in (0, fixed.minimum, fixed.maximum)] + [random])

    means, logs = some(numbers.mean), some(numbers.log_variance)
    every = np.arange(numbers.log_variance.minimum, numbers.log_variance.maximum + 1)[:512]
    logs[3 : 3 + len(every)] = every[:, None]
    return means, logs


def test_cpp_and_lowering_compute_what_the_definition_says(compiled: Any, tmp_path: Path) -> None:
    given = [events(numbers, k) for k, numbers in enumerate(numbers_of(compiled))]
    together = np.concatenate([part for pair in given for part in pair], axis=1)
    expected = np.concatenate([n.run(*pair) for n, pair in zip(numbers_of(compiled), given, strict=True)], axis=1)
    np.testing.assert_array_equal(golden(compiled, together), expected)
    np.testing.assert_array_equal(lowered(compiled, together), expected)
    save_graph(compiled, tmp_path / "graph.fml")
    np.testing.assert_array_equal(lowered(load_graph(tmp_path / "graph.fml"), together), expected)


def test_the_firmware_is_off_the_formula_by_the_rounding_of_the_table_alone() -> None:
    mean, log_variance = (FixedType.parse(text) for text in LAYERS["trigger"][1:3])
    numbers = DivergenceArithmetic.default(8, mean, log_variance)
    means, logs = events(numbers, 3)
    found = numbers.result.to_float(numbers.run(means, logs))[:, 0]
    mu, logs_real = mean.to_float(means), log_variance.to_float(logs)
    exact = np.sum(mu**2 + np.exp(logs_real) - 1 - logs_real, axis=1) / 2
    assert np.abs(found - exact).max() <= 8 * numbers.term.lsb / 2 / 2
    assert str(numbers.term) == "ufixed<18,12>"
    assert str(numbers.result) == "ufixed<21,14>"
    assert found[0] == 0  # the unit normal distribution


@pytest.mark.parametrize(
    ("mean", "log_variance", "reason"),
    [
        ("fixed<25,5>", "fixed<8,4>", "means of 25 bits; at most 24 can be squared"),
        ("fixed<8,5>", "fixed<13,4>", "logarithms of variances of 13 bits; at most 12 address a table"),
        ("fixed<8,5>", "fixed<8,6>", r"fixed<8,6> reach 31.75, and the variance e\^31.75; give .* below 16.6"),
    ],
)
def test_inputs_that_no_table_can_serve_are_refused(mean: str, log_variance: str, reason: str) -> None:
    with pytest.raises(L1mlError, match=reason):
        term_type(FixedType.parse(mean), FixedType.parse(log_variance))


def test_the_keras_layer_is_the_formula_and_survives_saving(keras: Any, tmp_path: Path) -> None:
    from l1ml.layers.keras import Divergence, custom_objects

    pair = [keras.Input((2,)), keras.Input((2,))]
    keras.Model(pair, Divergence()(pair)).save(tmp_path / "model.h5")
    model = keras.models.load_model(tmp_path / "model.h5", custom_objects=custom_objects())
    found = model.predict([np.array([[0.0, 0.0], [3.0, -1.0]]), np.array([[0.0, 0.0], [1.0, -2.0]])], verbose=0)
    np.testing.assert_allclose(found[:, 0], [0.0, (10 + np.e - 2 + np.exp(-2) + 1) / 2], rtol=1e-6)


def test_inputs_that_do_not_belong_together_or_have_no_type_are_refused(keras: Any, tmp_path: Path) -> None:
    from l1ml.layers.keras import Divergence

    x, y = keras.Input((2,), name="x"), keras.Input((1,), name="y")
    with pytest.raises(L1mlError, match=r"layer 'kl': inputs of shape \[2\] and \[1\]; give a mean and the logarithm"):
        convert(keras.Model([x, y], Divergence(name="kl")([x, y])), tmp_path)
    with pytest.raises(L1mlError, match=r"layer 'kl': its input 'head.*' has precision auto; give it one"):
        model = keras.Model(x, Divergence(name="kl")([x, keras.layers.Dense(2, name="head")(x)]))
        convert(model, tmp_path, {"x": {"precision": {"result": "fixed<8,4>"}}})
