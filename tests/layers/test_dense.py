"""Dense layers: the lowering against a model of ``nnet_dense_latency.h``, and that model against hls4ml's C++."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from alkaid.trace import FVariable, FVArray
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from networks import compile_graph, convert, golden, lowered
from numpy.typing import NDArray
from programs import evaluate, symbols_of

from l1ml.compiler.programs.cast import cast
from l1ml.constants import Constants
from l1ml.errors import L1mlError
from l1ml.fixed import ROUNDING_MODES, SATURATION_MODES, FixedType
from l1ml.layers.dense.lowering import accumulate
from l1ml.layers.family import Sums

EVENTS = 60


@dataclass(frozen=True)
class Layer:
    """A dense layer with the types that hls4ml knows of it; weights and biases in LSB."""

    input: FixedType
    weight: FixedType
    bias: FixedType
    accum: FixedType
    result: FixedType
    weights: NDArray[np.int64]
    biases: NDArray[np.int64]

    def outputs(self, x: NDArray[np.int64]) -> NDArray[np.int64]:
        """What ``nnet::dense_latency`` computes: every product and every partial sum is cast to ``accum_t``."""
        accum = np.tile(self.accum.cast(self.biases, self.bias.fraction), (len(x), 1))
        for i in range(len(self.weights)):
            products = x[:, i : i + 1] * self.weights[i]
            cast_products = self.accum.cast(products, self.input.fraction + self.weight.fraction)
            accum = self.accum.cast(accum + cast_products, self.accum.fraction)
        return self.result.cast(accum, self.accum.fraction)

    def events(self, seed: int) -> NDArray[np.int64]:
        """Inputs: all at their ends, and random ones."""
        rng = np.random.default_rng(seed)
        low, high = self.input.minimum, self.input.maximum
        random = rng.integers(low, high + 1, (EVENTS, len(self.weights)))
        return np.concatenate([np.full((1, len(self.weights)), v) for v in (low, high)] + [random])


@st.composite
def layers(draw: st.DrawFn) -> Layer:
    """Small layers whose accumulator loses nothing, or drops bits, or overflows, in every mode."""
    n_in, n_out = draw(st.integers(1, 12)), draw(st.integers(1, 12))
    signs = st.booleans()
    x = FixedType(draw(st.integers(1, 12)), draw(st.integers(-2, 8)), draw(signs))
    w = FixedType(draw(st.integers(1, 8)), draw(st.integers(-2, 6)), draw(signs))
    b = FixedType(draw(st.integers(1, 8)), draw(st.integers(-2, 6)))
    modes = draw(st.sampled_from(ROUNDING_MODES)), draw(st.sampled_from(SATURATION_MODES))
    fraction = x.fraction + w.fraction
    lossless = FixedType(28, 28 - max(fraction, b.fraction, 0))
    narrow = FixedType(draw(st.integers(1, 14)), draw(st.integers(-2, 10)), draw(signs), *modes)
    accum = draw(st.sampled_from([lossless, narrow, narrow]))
    result_modes = draw(st.sampled_from(ROUNDING_MODES)), draw(st.sampled_from(SATURATION_MODES))
    result = FixedType(draw(st.integers(1, 16)), draw(st.integers(-2, 10)), draw(signs), *result_modes)
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    weights = rng.integers(w.minimum, w.maximum + 1, (n_in, n_out))
    weights[rng.random(weights.shape) < draw(st.sampled_from([0.0, 0.5, 1.0]))] = 0
    if draw(st.booleans()):
        weights[rng.integers(n_in)] = 0
        weights[:, rng.integers(n_out)] = 0
    return Layer(x, w, b, accum, result, weights, rng.integers(b.minimum, b.maximum + 1, n_out))


NEGATIVE_PRODUCTS = Layer(
    input=FixedType(1, 0, signed=False),
    weight=FixedType(1, 0),
    bias=FixedType(2, 1),
    accum=FixedType(2, 0, signed=False, rounding="TRN", saturation="SAT"),
    result=FixedType(1, 0, signed=False),
    weights=np.array([[-1], [-1]]),
    biases=np.array([1]),
)
"""Each product is below an unsigned accumulator, though no sum is: the C++ casts it to 0 before it adds it."""


TIE_BELOW_MINUS_ONE = Layer(
    input=FixedType(2, 0, signed=False),
    weight=FixedType(1, -1),
    bias=FixedType(1, 0),
    accum=FixedType(3, 0, signed=False, rounding="RND_CONV", saturation="WRAP"),
    result=FixedType(1, 0, signed=False),
    weights=np.array([[-1]]),
    biases=np.array([0]),
)
"""A product of -1.5 LSB is rounded to -2, though -1 and 0 are all that is left of it by truncation."""


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@example(NEGATIVE_PRODUCTS, 0)
@example(TIE_BELOW_MINUS_ONE, 0)
@given(layers(), st.integers(0, 2**32))
def test_a_dense_layer_of_any_types_gives_what_the_cpp_loop_gives(layer: Layer, seed: int) -> None:
    x = layer.events(seed)
    inputs = symbols_of([layer.input] * len(layer.weights))
    weights = Constants(layer.weights, -layer.weight.fraction)
    start = Constants(layer.accum.cast(layer.biases, layer.bias.fraction), -layer.accum.fraction)
    sums = accumulate(inputs, Sums(weights, start, layer.accum))
    results = evaluate(inputs, [cast(s, layer.result) for s in sums], layer.input.to_float(x))
    np.testing.assert_array_equal(results, layer.result.to_float(layer.outputs(x)))


def test_cpp_that_stops_its_process_is_an_error_in_one_line(keras: Any, tmp_path: Path) -> None:
    """AMD's ``ap_fixed`` asserts that the bit at which it rounds is one of the value."""
    x = keras.Input((2,), name="x")
    model = keras.Model(x, keras.layers.ReLU(name="coarse")(x))
    types = {"x": "fixed<4,-4>", "coarse": "fixed<4,6,RND>"}
    graph = convert(model, tmp_path, {name: {"precision": {"result": kind}} for name, kind in types.items()})
    with pytest.raises(L1mlError, match=r"^the C\+\+ of net stops: it rounds to steps of more than twice the largest"):
        graph.compile()


def test_an_input_that_is_always_minus_one_counts_as_that() -> None:
    x = symbols_of([FixedType(2, 2), FixedType(1, 1)])
    inputs = FVArray(np.array([np.asarray(x)[0], FVariable.from_const(-1.0, hwconf=x.hwconf)]), hwconf=x.hwconf)
    weights, start = Constants(np.array([[1], [-1]]), 0), Constants(np.array([0]), 0)
    sums = accumulate(inputs, Sums(weights, start, FixedType(5, 5)))
    np.testing.assert_array_equal(evaluate(x, sums, np.array([[-2.0, 0.0], [1.0, 0.0]])), [[-1.0], [2.0]])


# Accumulators of a whole model: types of input, accumulator and result, and what the accumulator does.
MODELS = {
    "lossless": ("fixed<8,4>", "fixed<24,14>", "fixed<10,6,RND_CONV,SAT>"),
    "truncates": ("fixed<8,4>", "fixed<12,8>", "fixed<10,6,RND,SAT>"),
    "rounds": ("ufixed<8,3>", "fixed<13,9,RND>", "fixed<9,6>"),
    "saturates": ("fixed<8,4>", "fixed<9,5,TRN,SAT>", "fixed<9,5>"),
    "saturates_unsigned": ("fixed<6,3>", "ufixed<9,4,RND_ZERO,SAT>", "ufixed<8,4>"),
    "wraps": ("ufixed<6,4>", "fixed<8,4>", "ufixed<7,3,TRN,SAT_SYM>"),
    "one_bit": ("fixed<1,1>", "fixed<12,8>", "fixed<10,6>"),
    "ternary": ("fixed<5,3>", "fixed<16,10>", "fixed<16,10>"),
}


@pytest.fixture(scope="module")
def compiled(keras: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One hls4ml project with a dense layer of its own for each entry of ``MODELS``."""
    rng = np.random.default_rng(3)
    inputs, outputs, options = [], [], {}
    for name, (source, accum, result) in MODELS.items():
        x = keras.Input((7,), name=f"x_{name}")
        dense = keras.layers.Dense(5, name=name)
        outputs.append(dense(x))
        weights = rng.integers(-2, 2, (7, 5)) if name == "ternary" else rng.integers(-31, 32, (7, 5)) / 8
        weights[rng.random((7, 5)) < 0.3] = 0
        weights[2] = 0
        weights[:, 4] = 0
        dense.set_weights([weights, rng.integers(-31, 32, 5) / 8])
        weight = "int<2>" if name == "ternary" else "fixed<6,3>"
        types = {"weight": weight, "bias": "fixed<6,3>", "accum": accum, "result": result}
        options |= {name: {"precision": types}, x.name: {"precision": {"result": source}}}
        options[f"{name}_linear"] = {"precision": {"result": result}}
        inputs.append(x)
    graph = convert(keras.Model(inputs, outputs), tmp_path_factory.mktemp("dense"), options)
    compile_graph(graph)
    return graph


def test_the_model_of_the_loop_and_the_lowering_are_both_what_hls4ml_computes(compiled: Any) -> None:
    layers = [layer for layer in compiled.get_layers() if layer.class_name == "Dense"]
    rows = [parameters_of(layer).events(7) for layer in layers]
    inputs = np.concatenate(rows, axis=1)
    expected = golden(compiled, inputs)
    modelled = np.concatenate([parameters_of(la).outputs(x) for la, x in zip(layers, rows, strict=True)], axis=1)
    modelled[:, -5:] = expected[:, -5:]  # two-bit integer weights are a case of their own, tested below
    np.testing.assert_array_equal(modelled, expected)
    np.testing.assert_array_equal(lowered(compiled, inputs), expected)


def test_hls4ml_takes_a_two_bit_weight_of_minus_two_for_one_and_so_does_the_lowering(compiled: Any) -> None:
    """``nnet::product::weight_ternary`` knows 0, -1 and "anything else"."""
    layer = next(layer for layer in compiled.get_layers() if layer.name == "ternary")
    parameters = parameters_of(layer)
    assert -2 in parameters.weights
    x = parameters.events(7)
    taken = np.where(parameters.weights == -2, 1, parameters.weights)
    expected = replace(parameters, weights=taken).outputs(x)
    inputs = np.concatenate([np.zeros((len(x), 7 * (len(MODELS) - 1)), dtype=np.int64), x], axis=1)
    np.testing.assert_array_equal(golden(compiled, inputs)[:, -5:], expected)
    np.testing.assert_array_equal(lowered(compiled, inputs)[:, -5:], expected)


def parameters_of(layer: Any) -> Layer:
    """What hls4ml knows of one of its layers."""
    types = {name: FixedType.from_hls4ml(layer.weights[name].type.precision) for name in ("weight", "bias")}
    return Layer(
        FixedType.from_hls4ml(layer.get_input_variable().type.precision),
        types["weight"],
        types["bias"],
        FixedType.from_hls4ml(layer.get_attr("accum_t").precision),
        FixedType.from_hls4ml(layer.get_output_variable().type.precision),
        types["weight"].quantize(layer.weights["weight"].data),
        types["bias"].quantize(layer.weights["bias"].data),
    )
