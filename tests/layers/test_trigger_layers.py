"""InputScaler, SumOfSquares, Thresholds: the definitions in NumPy against hls4ml's C++ and the lowering."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import compile_graph, convert, golden, lowered
from numpy.typing import NDArray

from l1ml.compiler.programs.operations import square
from l1ml.compiler.programs.trace import symbol, trace_program
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.frontends.hls4ml.saving import load_graph, save_graph
from l1ml.layers.input_scaler.arithmetic import InputScalerArithmetic
from l1ml.layers.parameters import exact_type
from l1ml.layers.sum_of_squares.arithmetic import SumOfSquaresArithmetic, exact_sum
from l1ml.layers.thresholds.arithmetic import ThresholdsArithmetic

# Types of input, difference and result, that of the offsets (or auto), offsets, shifts.
SCALERS: dict[str, tuple[str, str, str, str, list[float], list[int]]] = {
    "axol1tl": (
        "fixed<13,13>", "fixed<18,13>", "fixed<8,6,RND_CONV,SAT>", "auto",
        [18, 0, 72, 15.5, 11.5, 0, 0, 1, 3, 4], [3, 0, 6, 2, 5, -1, -5, 4, 7, 1],
    ),
    "work_wraps": ("fixed<9,9>", "fixed<8,6>", "ufixed<6,5,RND,SAT>", "auto", [0.25, -3, 7, 0.5], [0, 2, -3, 7]),
    "work_clips": ("fixed<9,9>", "fixed<9,7,RND,SAT>", "fixed<5,3,TRN_ZERO,SAT_SYM>", "auto", [0, 5, -9.5], [1, -2, 3]),
    "offsets_lose_bits": (
        "ufixed<8,8>", "fixed<12,10>", "fixed<7,7,RND_ZERO>", "ufixed<9,8>", [15.7, 15.46, 3], [1, 0, -2],
    ),
    "unsigned_work": ("fixed<7,5>", "ufixed<9,6>", "fixed<6,5,RND_INF,SAT_ZERO>", "auto", [2.125, 0, -31], [1, -1, 0]),
    "coarse": ("fixed<6,9>", "fixed<8,10>", "fixed<4,8,RND_MIN_INF>", "auto", [16, 8, 0], [1, -1, 0]),
}  # fmt: skip

# Number of inputs, their type, those of accumulator and result.
SCORES: dict[str, tuple[int, str, str, str]] = {
    "axol1tl": (8, "fixed<10,7,RND_CONV,SAT>", "ufixed<18,14>", "ufixed<18,14>"),
    "exact": (3, "fixed<12,3>", "auto", "auto"),
    "unsigned": (5, "ufixed<7,-1>", "auto", "ufixed<5,0,RND,SAT>"),
    "clips_in_order": (4, "fixed<9,4>", "fixed<9,6,RND,SAT>", "fixed<6,5,RND_CONV,SAT>"),
    "falls_to_zero": (4, "fixed<7,4>", "fixed<9,7,TRN,SAT_ZERO>", "ufixed<9,6>"),
    "wraps": (6, "fixed<8,5>", "fixed<8,7>", "fixed<5,5,RND,SAT_SYM>"),
    "one_bit": (3, "ufixed<1,1>", "auto", "auto"),
    "sign_alone": (2, "fixed<1,1>", "auto", "auto"),
}

# Types of score and thresholds.
DECISIONS: dict[str, tuple[str, str]] = {
    "same": ("ufixed<18,14>", "ufixed<18,14>"),
    "signed": ("fixed<8,6>", "fixed<6,5>"),
    "finer": ("ufixed<6,5>", "fixed<9,3>"),
}


def events(source: FixedType, size: int, seed: int = 1) -> NDArray[np.int64]:
    """Nothing at all, all inputs at and beside their ends, ends that alternate, and random values of random size."""
    rng = np.random.default_rng(seed)
    low, high = source.minimum, source.maximum
    ends = [np.full(size, value) for value in (0, low, high, min(low + 1, high), max(high - 1, low))]
    mixed = [np.where(np.arange(size) % 2, low, high), np.where(np.arange(size) % 2, high, low)]
    random = rng.integers(low, high + 1, (600, size)) >> rng.integers(0, source.width, (600, 1))
    return np.concatenate([ends, mixed, random])


@pytest.fixture(scope="module")
def compiled(keras: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One hls4ml project with a layer for each entry of ``SCALERS``, ``SCORES`` and ``DECISIONS``."""
    from l1ml.layers.keras import InputScaler, SumOfSquares, Thresholds

    inputs, outputs, options = [], [], {}

    def enter(name: str, size: int, fixed: str) -> Any:
        inputs.append(keras.Input((size,), name=name))
        options[name] = {"precision": {"result": fixed}}
        return inputs[-1]

    for name, (source, work, result, offset, offsets, shifts) in SCALERS.items():
        outputs.append(InputScaler(offsets, shifts, name=f"scale_{name}")(enter(f"x_{name}", len(shifts), source)))
        options[f"scale_{name}"] = {"precision": {"work": work, "result": result, "offset": offset}}
    for name, (size, source, accum, result) in SCORES.items():
        outputs.append(SumOfSquares(name=f"score_{name}")(enter(f"mu_{name}", size, source)))
        options[f"score_{name}"] = {"precision": {"accum": accum, "result": result}}
    for name, (score, level) in DECISIONS.items():
        outputs.append(Thresholds(name=f"bits_{name}")([enter(f"s_{name}", 1, score), enter(f"t_{name}", 4, level)]))
    graph = convert(keras.Model(inputs, outputs), tmp_path_factory.mktemp("layers"), options)
    compile_graph(graph)
    return graph


def by_definition(graph: Any, inputs: dict[str, NDArray[np.int64]]) -> NDArray[np.int64]:
    """Outputs of all layers of the project, by the definitions."""
    expected = []
    for layer in graph.get_layers():
        values = [inputs[name] for name in layer.inputs if name in inputs]
        if layer.class_name == "InputScaler":
            expected.append(InputScalerArithmetic.of(layer).run(*values))
        elif layer.class_name == "SumOfSquares":
            expected.append(SumOfSquaresArithmetic.of(layer).run(*values))
        elif layer.class_name == "Thresholds":
            expected.append(ThresholdsArithmetic.of(layer).run(*values))
    return np.concatenate(expected, axis=1)


def test_cpp_and_lowering_compute_what_the_definitions_say(compiled: Any) -> None:
    inputs = {}
    for number, name in enumerate(compiled.inputs):
        variable = compiled.get_layer_output_variable(name)
        source = FixedType.from_hls4ml(variable.type.precision)
        inputs[name] = events(source, variable.shape[0], number)
    for name in DECISIONS:  # some thresholds that scores hit
        inputs[f"t_{name}"][50:300, 0] = np.clip(inputs[f"s_{name}"][50:300, 0], *_ends(DECISIONS[name][1]))
    expected = by_definition(compiled, inputs)
    together = np.concatenate([inputs[name] for name in compiled.inputs], axis=1)
    np.testing.assert_array_equal(golden(compiled, together), expected)
    np.testing.assert_array_equal(lowered(compiled, together), expected)


def _ends(text: str) -> tuple[int, int]:
    fixed = FixedType.parse(text)
    return fixed.minimum, fixed.maximum


def test_a_graph_that_was_saved_computes_the_same(compiled: Any, tmp_path: Path) -> None:
    save_graph(compiled, tmp_path / "graph.fml")
    loaded = load_graph(tmp_path / "graph.fml")
    variables = {name: loaded.get_layer_output_variable(name) for name in loaded.inputs}
    types = {name: FixedType.from_hls4ml(v.type.precision) for name, v in variables.items()}
    inputs = {name: events(types[name], v.shape[0], 7) for name, v in variables.items()}
    np.testing.assert_array_equal(by_definition(loaded, inputs), by_definition(compiled, inputs))


def test_steps_of_the_scaler_by_hand() -> None:
    numbers = InputScalerArithmetic(
        source=FixedType.parse("fixed<13,13>"),
        offset=FixedType.parse("ufixed<9,8>"),
        work=FixedType.parse("fixed<18,13>"),
        result=FixedType.parse("fixed<8,6,RND_CONV,SAT>"),
        offsets=np.array([31, 0, 144, 0]),  # 15.5, 0, 72, 0
        shifts=np.array([3, 6, 0, -1]),
    )
    x = np.array([[0, 0, 0, 0], [18, 8, 80, 15], [4095, 24, -4096, 16]])
    # 2.5 / 8 is 1.25 LSB; 8 / 64 and 24 / 64 are ties of half an LSB; -4096 - 72 wraps to 4024, which clips.
    expected = [[-8, 0, -128, 0], [1, 0, 32, 120], [127, 2, 127, 127]]
    np.testing.assert_array_equal(numbers.run(x), expected)


@pytest.mark.parametrize(
    ("offsets", "fixed"),
    [([0.0], "ufixed<1,1>"), ([15.5, 72], "ufixed<8,7>"), ([-0.25, 3], "fixed<5,3>"), ([-4.0], "fixed<3,3>")],
)
def test_offsets_keep_every_fractional_bit_that_they_have(offsets: list[float], fixed: str) -> None:
    found = exact_type(np.array(offsets))
    assert str(found) == fixed
    np.testing.assert_array_equal(found.to_float(found.quantize(np.array(offsets))), offsets)


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("width", range(1, 15))
def test_squares_of_all_values(width: int, signed: bool) -> None:
    fixed = FixedType(width, width - 2, signed)
    x = np.arange(fixed.minimum, fixed.maximum + 1) * fixed.lsb
    value = symbol(x[0], x[-1], fixed.lsb)
    logic = trace_program([value], [square(value)])
    np.testing.assert_array_equal(logic.predict(x[:, None])[:, 0], x**2)
    assert exact_sum(1, fixed).to_float(exact_sum(1, fixed).quantize(x**2)).tolist() == (x**2).tolist()


def test_the_keras_layers_are_the_real_functions_and_survive_saving(keras: Any, tmp_path: Path) -> None:
    from l1ml.layers.keras import InputScaler, SumOfSquares, Thresholds, custom_objects

    x, levels = keras.Input((2,)), keras.Input((2,))
    score = SumOfSquares()(InputScaler([0.5, -1], [1, -2])(x))
    keras.Model([x, levels], [score, Thresholds()([score, levels])]).save(tmp_path / "model.h5")
    model = keras.models.load_model(tmp_path / "model.h5", custom_objects=custom_objects())
    scores, bits = model.predict([np.array([[2.5, 1.0]]), np.array([[65.0, 65.5]])], verbose=0)
    assert (scores.tolist(), bits.tolist()) == ([[65.0]], [[1.0, 0.0]])
    for arguments, reason in (
        (([1.0], [1, 2]), "1 offsets and 2 shifts"),
        (([np.inf], [1]), "offsets must be finite"),
        (([1.0], [0.5]), "shifts must be whole numbers"),
    ):
        with pytest.raises(ValueError, match=reason):
            InputScaler(*arguments)
    with pytest.raises(ValueError, match="3 inputs, but 2 offsets"):
        InputScaler([0.0, 0.0], [0, 0])(keras.Input((3,)))


@pytest.mark.parametrize(
    ("types", "reason"),
    [
        ({"result": "fixed<8,6>"}, r"layer 'scaler': precision 'work' is auto, but how it rounds and overflows"),
        ({"work": "fixed<18,13>"}, r"layer 'scaler': precision 'result' is auto"),
        ({"work": "fixed<6,6>", "result": "fixed<8,6>"}, r"'scaler': shift -6 of input 1 leaves nothing .* fixed<6,6>"),
    ],
)
def test_a_scaler_that_cannot_be_built_is_refused(keras: Any, tmp_path: Path, types: Any, reason: str) -> None:
    from l1ml.layers.keras import InputScaler

    x = keras.Input((2,), name="x")
    options = {"x": {"precision": {"result": "fixed<9,9>"}}, "scaler": {"precision": {"offset": "auto", **types}}}
    options["scaler"]["precision"] = {"work": "auto", "result": "auto", **options["scaler"]["precision"]}
    with pytest.raises(L1mlError, match=reason):
        convert(keras.Model(x, InputScaler([0.0, 1.0], [0, -6], name="scaler")(x)), tmp_path, options)


def test_offsets_of_too_many_bits_are_refused() -> None:
    with pytest.raises(L1mlError, match=r"constants need more than 24 bits; .* such as ufixed<9,8>"):
        exact_type(np.array([0.1]))


def test_a_score_of_inputs_without_a_type_or_too_wide_is_refused(keras: Any, tmp_path: Path) -> None:
    from l1ml.layers.keras import SumOfSquares, Thresholds

    x = keras.Input((2,), name="x")
    model = keras.Model(x, SumOfSquares(name="score")(keras.layers.Dense(2, name="mu")(x)))
    with pytest.raises(L1mlError, match=r"layer 'score': its input 'mu.*' has precision auto; give it one"):
        convert(model, tmp_path)
    alone = keras.Model(x, SumOfSquares(name="score")(x))
    options = {
        "x": {"precision": {"result": "fixed<25,3>"}},
        "score": {"precision": {"accum": "auto", "result": "auto"}},
    }
    with pytest.raises(L1mlError, match="layer 'score': inputs of 25 bits; at most 24 can be squared"):
        graph = convert(alone, tmp_path, options)
        graph.write()
        lowered(graph, np.zeros((1, 2), dtype=np.int64))
    with pytest.raises(L1mlError, match=r"layer 'bits': inputs of shape \[2\] and \[2\]; give one score and a list"):
        convert(keras.Model(x, Thresholds(name="bits")([x, x])), tmp_path)
