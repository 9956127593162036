"""Reuse factors above 1: folded layers give what the C++ gives, at the interval that was asked for."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import columns, compile_graph, convert, lowered, quiet

import l1ml
from l1ml.compiler.design import Design
from l1ml.errors import L1mlError
from l1ml.fixed import ROUNDING_MODES, SATURATION_MODES, FixedType
from l1ml.frontends.hls4ml.backend import rtl_folder
from l1ml.frontends.hls4ml.network import network_of
from l1ml.verification.simulation import PATTERNS, RESTART_EVENTS, CoreSimulator
from l1ml.verification.vectors import make_vectors

N_IN, N_OUT = 12, 6
REUSE_FACTORS = (1, 2, 3, 4, 6, 12)
ALL_REUSE_FACTORS = (*REUSE_FACTORS, 24, 36, 72)
STRATEGIES = ("Latency", "Resource", "distributed_arithmetic", "auto")

MEASURED = (("distributed_arithmetic", 3), ("Resource", 24), ("Latency", 72))
"""Strategies and reuse factors that are simulated each time; all the others are if slow tests are asked for."""


MORE_INPUTS = ("ufixed<6,2>", "fixed<5,5>")
"""Types of inputs for slow tests."""


def random_weights(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Weights with many zeros, an empty row and an empty column."""
    weights = rng.uniform(-1.9, 1.9, shape) * (rng.random(shape) < 0.6)
    if len(shape) == 2:
        weights[rng.integers(shape[0])] = 0
        weights[:, rng.integers(shape[1])] = 0
    return weights


def branches(keras: Any, input_type: str, seed: int) -> tuple[Any, dict[str, Any]]:
    """One network of many branches, each two dense layers of its own types and reuse factors."""
    rng = np.random.default_rng(seed)
    x = keras.layers.Input((N_IN,), name="x")
    options: dict[str, Any] = {"x": {"precision": {"result": input_type}}}
    outputs = []
    modes = list(product(ROUNDING_MODES, SATURATION_MODES))
    rng.shuffle(modes)
    for i, reuse in enumerate(REUSE_FACTORS * 2):
        rounding, saturation = modes[i]
        bits = int(rng.integers(2, 9))
        first = keras.layers.Dense(N_IN, name=f"a{i}", activation=None)(x)
        hidden = keras.layers.Activation("relu", name=f"r{i}")(first)
        last = keras.layers.Dense(N_OUT, name=f"b{i}")(hidden)
        outputs.append(last)
        dense = {"weight": f"fixed<{rng.integers(2, 7)},2>", "bias": "fixed<6,2>", "accum": "auto"}
        options[f"a{i}"] = {"precision": {**dense, "result": "auto"}, "Strategy": "distributed_arithmetic"}
        unsigned = i % 2
        kind = f"{'u' * unsigned}fixed<{bits},{rng.integers(0, bits) + 1},{rounding},{saturation}>"
        options[f"r{i}"] = {"precision": {"result": kind}}
        result = f"fixed<{rng.integers(4, 12)},4,{rounding},{saturation}>" if i % 3 else "auto"
        options[f"b{i}"] = {"precision": {**dense, "result": result}, "Strategy": "distributed_arithmetic"}
        options[f"a{i}"]["ReuseFactor"] = options[f"b{i}"]["ReuseFactor"] = reuse
    model = keras.Model(x, outputs)
    model.set_weights([random_weights(rng, w.shape) for w in model.get_weights()])
    return model, options


@pytest.mark.parametrize("input_type", ["fixed<9,3>", *(pytest.param(t, marks=pytest.mark.slow) for t in MORE_INPUTS)])
def test_branches_of_all_reuse_factors_and_modes_agree_with_the_cpp(
    keras: Any, tmp_path: Path, input_type: str
) -> None:
    model, options = branches(keras, input_type, seed=len(input_type))
    graph = convert(model, tmp_path, options, write_rtl=True)
    compile_graph(graph)
    result = l1ml.verify(graph, events=1500)
    assert result.first_mismatch is None
    assert result.mismatches == 0
    assert result.outputs == N_OUT * 2 * len(REUSE_FACTORS)
    assert result.simulation.initiation_interval == max(REUSE_FACTORS)


def one_layer(keras: Any, reuse: int, strategy: str, accum: str = "auto") -> tuple[Any, dict[str, Any]]:
    """A dense layer of 12 inputs and 6 outputs."""
    model = keras.Sequential([keras.layers.Input((N_IN,), name="x"), keras.layers.Dense(N_OUT, name="fc")])
    precision = {"weight": "fixed<6,2>", "bias": "fixed<6,2>", "accum": accum, "result": "fixed<12,6>"}
    return model, {"fc": {"ReuseFactor": reuse, "Strategy": strategy, "precision": precision}}


def write(graph: Any) -> Design:
    """Write the project and its Verilog."""
    with quiet():
        graph.write()
    return Design.load(rtl_folder(graph))


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_valid_reuse_factor_is_the_interval_of_the_design(keras: Any, tmp_path: Path, strategy: str) -> None:
    for reuse in ALL_REUSE_FACTORS:
        model, options = one_layer(keras, reuse, strategy)
        design = write(convert(model, tmp_path / str(reuse), options, write_rtl=True))
        (module,) = design.modules
        assert design.initiation_interval == module.reuse_factor == reuse
        if strategy != "auto":
            assert module.strategy == (strategy if reuse > 1 else "")


@pytest.mark.parametrize(
    ("strategy", "reuse"),
    [
        pytest.param(*point, marks=[] if point in MEASURED else [pytest.mark.slow])
        for point in product(STRATEGIES, ALL_REUSE_FACTORS)
    ],
)
def test_the_measured_interval_is_the_reuse_factor(keras: Any, tmp_path: Path, strategy: str, reuse: int) -> None:
    model, options = one_layer(keras, reuse, strategy)
    graph = convert(model, tmp_path, options, write_rtl=True)
    design = write(graph)
    inputs = make_vectors(design, 300).inputs
    result = CoreSimulator(rtl_folder(graph)).run(
        inputs
    )  # the C++ is left out: another test holds the layer against it
    assert result.initiation_interval == reuse
    expected = lowered(graph, inputs)  # which other tests hold against the C++
    for name in PATTERNS:
        pattern = result.patterns[name]
        np.testing.assert_array_equal(pattern.outputs, expected[:: pattern.stride][: len(pattern.outputs)], name)
    gaps = np.diff(result.patterns["gaps"].sent)
    assert gaps.min() == reuse < gaps.max()
    assert len(result.patterns["restart"].received) == RESTART_EVENTS


def chain(keras: Any, x: Any, name: str, weights: list[Any], options: dict[str, Any], **layer: Any) -> Any:
    """Dense layers one after the other, the first of them with a ReLU."""
    for index, matrix in enumerate(weights):
        dense = keras.layers.Dense(matrix.shape[1], name=f"{name}{index}")
        x = dense(x)
        bias = np.arange(matrix.shape[1]) % 3 / 16 + 1 / 16
        dense.set_weights([matrix, bias])
        types = {"weight": "fixed<8,4>", "bias": "fixed<6,2>", "accum": "auto", "result": "fixed<9,5>"}
        given = dict(layer, precision={**types, **layer.get("precision", {})})
        options[f"{name}{index}"] = given
        options[f"{name}{index}_linear"] = {"precision": {"result": given["precision"]["result"]}}
        if index == 0:
            x = keras.layers.Activation("relu", name=f"{name}relu")(x)
            options[f"{name}relu"] = {"precision": {"result": "ufixed<8,4>"}}
    return x


def test_constant_layers_and_accumulators_that_lose_bits_give_what_the_cpp_gives(keras: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    x = keras.layers.Input((N_IN,), name="x")
    options: dict[str, Any] = {"x": {"precision": {"result": "fixed<7,3>"}}}
    some = random_weights(rng, (N_IN, N_IN)).round(3)
    some[:, 0] = 0
    last = random_weights(rng, (N_IN, N_OUT)).round(3)
    # The first input is constant, and only its products are finer than the accumulator.
    coarse = 2.0 * rng.integers(-3, 4, (N_IN, N_OUT))
    coarse[0] = 1 / 8
    narrow = {"accum": "fixed<10,6>"}
    outputs = [
        chain(keras, x, "zero", [0 * some, last], options, ReuseFactor=6, Strategy="Resource"),
        chain(keras, x, "inner", [some, 0 * last], options, ReuseFactor=4, Strategy="distributed_arithmetic"),
        chain(keras, x, "coarse", [some, coarse], options, ReuseFactor=3, Strategy="Latency", precision=narrow),
    ]
    for strategy in STRATEGIES:
        name = strategy.partition("_")[0].lower()
        wrap = {"accum": "fixed<8,4>", "result": "ufixed<3,4,RND,SAT>"}
        outputs.append(
            chain(keras, x, name, [some, last], options, ReuseFactor=12, Strategy=strategy, precision=narrow)
        )
        outputs.append(
            chain(keras, x, f"{name}wraps", [last], options, ReuseFactor=2, Strategy=strategy, precision=wrap)
        )
    graph = convert(keras.Model(x, outputs), tmp_path, options, write_rtl=True)
    compile_graph(graph)
    result = l1ml.verify(graph, events=500)
    assert result.mismatches == 0, (columns(network_of(graph))[result.first_mismatch.output], result.first_mismatch)
    design = Design.load(rtl_folder(graph))
    constant = {"zero0", "zero1", "inner1"}
    assert {m.segment for m in design.modules if not m.strategy} == constant
    assert {m.reuse_factor for m in design.modules} == {2, 3, 4, 6, 12}
    exact = next(layer for layer in graph.get_layers() if layer.name == "distributed0")
    assert FixedType.from_hls4ml(exact.get_attr("accum_t").precision).fraction == 8, "as hls4ml's own sums exactly"


def test_a_network_of_nothing_but_a_constant_layer_keeps_its_interval(keras: Any, tmp_path: Path) -> None:
    model, options = one_layer(keras, 4, "Resource")
    model.set_weights([np.zeros((N_IN, N_OUT)), np.arange(N_OUT) / 4 - 0.5])
    graph = convert(model, tmp_path, options, write_rtl=True)
    design = write(graph)
    inputs = make_vectors(design, 100).inputs
    result = CoreSimulator(rtl_folder(graph)).run(inputs)
    assert result.initiation_interval == 4
    np.testing.assert_array_equal(result.integers, lowered(graph, inputs))


def test_a_reuse_factor_that_is_not_valid_names_the_layer_and_valid_ones_near_it(keras: Any, tmp_path: Path) -> None:
    model, options = one_layer(keras, 5, "Resource")
    with pytest.raises(L1mlError, match=r"layer 'fc' .*reuse factor 5 is not valid.*: 1, 2, 3, 4, 6, 12$"):
        convert(model, tmp_path, options).write()


@pytest.mark.parametrize("strategy", ["Latency", "distributed_arithmetic", "auto"])
def test_only_resource_has_reuse_factors_that_are_not_valid(keras: Any, tmp_path: Path, strategy: str) -> None:
    model, options = one_layer(keras, 5, strategy)
    graph = convert(model, tmp_path, options, write_rtl=True)
    design = write(graph)
    assert design.initiation_interval == 5
    inputs = make_vectors(design, 200).inputs
    result = CoreSimulator(rtl_folder(graph)).run(inputs)
    assert result.initiation_interval == 5
    np.testing.assert_array_equal(result.integers, lowered(graph, inputs))


@pytest.mark.parametrize("strategy", ["Latency", "Resource", "auto"])
@pytest.mark.parametrize(
    ("accum", "message"),
    [
        (
            "fixed<10,6,RND>",
            r"fixed<10,6,RND,WRAP> drops bits of products, .* above 1 with this rounding mode",
        ),
        ("fixed<13,5,TRN,SAT>", r"fixed<13,5,TRN,SAT> may saturate within the sum, which is not reproduced"),
        ("fixed<13,5,TRN,SAT_SYM>", r"fixed<13,5,TRN,SAT_SYM> may saturate within the sum, which is not reproduced"),
    ],
)
def test_an_accumulator_that_rounds_or_saturates_is_refused_when_folded(
    keras: Any, tmp_path: Path, strategy: str, accum: str, message: str
) -> None:
    model, options = one_layer(keras, 4, strategy, accum)
    model.set_weights([np.full(w.shape, 1.75) for w in model.get_weights()])
    options["x"] = {"precision": {"result": "fixed<7,3>"}}
    graph = convert(model, tmp_path, options, write_rtl=True)
    with pytest.raises(L1mlError, match=rf"layer 'fc': accum_t {message}.*accum precision to auto"), quiet():
        graph.write()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_strategy_may_be_given_to_activations_too(keras: Any, tmp_path: Path, strategy: str) -> None:
    model, options = one_layer(keras, 4, strategy)
    more = keras.Model(model.inputs, keras.layers.Activation("relu", name="relu")(model.output))
    options["relu"] = {"Strategy": strategy, "ReuseFactor": 4}
    assert write(convert(more, tmp_path, options, write_rtl=True)).initiation_interval == 4


def test_a_strategy_that_is_not_known_is_refused_with_the_known_ones(keras: Any, tmp_path: Path) -> None:
    model, options = one_layer(keras, 1, "Magic")
    with pytest.raises(
        L1mlError, match=r"strategy 'magic' is not known.*Latency, Resource, resource_unrolled, distrib"
    ):
        convert(model, tmp_path, options).write()


def test_what_forks_behind_a_folded_layer_agrees_with_the_cpp(keras: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    x = keras.layers.Input((8,), name="x")
    options: dict[str, Any] = {"x": {"precision": {"result": "fixed<8,3>"}}}
    outputs = []
    for strategy in ("distributed_arithmetic", "Resource", "Latency"):
        name = strategy[0].lower()
        sums = keras.layers.Dense(4, name=f"{name}_fc")(x)
        positive = keras.layers.Activation("relu", name=f"{name}_relu")(sums)
        outputs += [sums, positive, keras.layers.LeakyReLU(0.25, name=f"{name}_leaky")(sums)]
        precision = {"weight": "fixed<6,2>", "bias": "fixed<6,2>", "accum": "auto", "result": "fixed<9,4>"}
        options[f"{name}_fc"] = {"precision": precision, "Strategy": strategy, "ReuseFactor": 4}
        options[f"{name}_relu"] = {"precision": {"result": "ufixed<5,3,RND_CONV,SAT>"}}
    model = keras.Model(x, outputs)
    model.set_weights([random_weights(rng, w.shape) for w in model.get_weights()])
    graph = convert(model, tmp_path, options, write_rtl=True)
    compile_graph(graph)
    assert [len(segment.outputs) for segment in network_of(graph).segments] == [3, 3, 3]
    assert l1ml.verify(graph, events=500).first_mismatch is None
