"""How far hls4ml's C++ is from the model that was brought, and what is said of the reasons."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from networks import compile_graph, convert
from numpy.typing import NDArray

import l1ml
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.frontends.hls4ml.reference import known_deviations, reference_outputs

ACCUM = FixedType(10, 4)
EVENTS = 400


@pytest.fixture(scope="module")
def overflowing(keras: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    """A Keras model and its conversion, in which one accumulator wraps around, one result saturates, and the softmax
    has tables of few bits."""
    keras.utils.set_random_seed(2)
    x = keras.Input((8,), name="x")
    wrapping = keras.layers.Dense(6, name="wrapping")(x)
    saturating = keras.layers.Dense(5, name="saturating")(x)
    scores = keras.layers.Activation("softmax", name="scores")(saturating)
    model = keras.Model(x, [wrapping, scores])
    for layer in model.layers:  # on the grid of their types, so that only accumulators and results differ
        layer.set_weights([np.round(4 * w * 32) / 32 for w in layer.get_weights()])
    types = {"weight": "fixed<9,4>", "bias": "fixed<9,4>"}
    options = {
        "x": {"precision": {"result": "fixed<8,3>"}},
        "wrapping": {"precision": {**types, "accum": str(ACCUM), "result": "fixed<16,8>"}},
        "saturating": {"precision": {**types, "accum": "fixed<24,12>", "result": "fixed<8,4,RND,SAT>"}},
        "scores": {"types": {"exp_table": "ufixed<4,1>", "inv_table": "ufixed<4,1>", "result": "ufixed<3,0>"}},
    }
    graph = convert(model, tmp_path_factory.mktemp("deviation"), options, write_rtl=True)
    compile_graph(graph)
    return model, graph


@pytest.fixture(scope="module")
def x() -> NDArray[np.float32]:
    """Events on the grid of the input."""
    values = np.random.default_rng(3).integers(-128, 128, (EVENTS, 8)) / 32
    return values.astype(np.float32)


@pytest.fixture(scope="module")
def checked(overflowing: tuple[Any, Any], x: NDArray[np.float32]) -> Any:
    """The model's C++ beside it."""
    model, graph = overflowing
    found = l1ml.verify(graph, x, reference=model)
    assert found.mismatches == 0
    return found.reference


def test_deviations_are_those_of_predict(overflowing: tuple[Any, Any], x: NDArray[np.float32], checked: Any) -> None:
    model, graph = overflowing
    assert checked.events == EVENTS
    pairs = zip(checked.outputs, graph.predict(x), model.predict(x, verbose=0), strict=True)
    for output, found, wanted in pairs:
        away = np.abs(found.astype(np.float64) - wanted)
        assert output.largest == pytest.approx(away.max(), rel=1e-6)
        assert output.rms == pytest.approx(np.sqrt((away**2).mean()), rel=1e-6)
        assert output.other_argmax == np.mean(found.argmax(axis=1) != wanted.argmax(axis=1)) > 0


def test_accumulators_that_wrap_are_told_from_results_that_saturate(
    overflowing: tuple[Any, Any], x: NDArray[np.float32], checked: Any
) -> None:
    sums = {name: x @ w + b for name in ("wrapping", "saturating") for w, b in [_weights(overflowing[0], name)]}
    beyond = {name: np.mean((values >= 8) | (values < -8)) for name, values in sums.items()}
    found = {(o.layer, o.what): (o.share, o.wraps) for o in checked.overflows}
    assert found["wrapping", "accum"] == (pytest.approx(beyond["wrapping"]), True) and beyond["wrapping"] > 0.05
    assert found.keys() == {("wrapping", "accum"), ("saturating", "result")}
    share, wraps = found["saturating", "result"]
    assert not wraps and share == pytest.approx(beyond["saturating"], abs=0.01)  # what rounds to 8 is beyond, too
    said = str(checked)
    assert "wrapping: accum fixed<10,4> overflows and wraps around in" in said and "saturates" not in said
    assert "granularity='name'" in said


def test_a_softmax_says_in_how_many_events_it_changes_the_order(checked: Any) -> None:
    (remark,) = (hint for hint in checked.hints if hint.startswith("scores: in "))
    assert "% of events its tables make another output the largest" in remark
    assert 0 < float(remark.split()[2]) <= 100


def test_the_reference_may_be_a_function_or_its_outputs(overflowing: tuple[Any, Any]) -> None:
    model, graph = overflowing
    drawn = l1ml.verify(graph, events=50, reference=model).reference  # of events that l1ml draws
    by_function = l1ml.verify(graph, events=50, reference=lambda x: [v.numpy() for v in model(x)]).reference
    assert [o.name for o in drawn.outputs] == ["wrapping_linear", "scores"]
    assert [o.largest for o in drawn.outputs] == pytest.approx([o.largest for o in by_function.outputs], rel=1e-4)
    with pytest.raises(L1mlError, match=r"the reference gives \(2,\), \(5,\) for an event, where net gives \[6, 5\]"):
        l1ml.verify(graph, events=50, reference=[np.zeros((50, 2)), np.zeros((50, 5))])
    with pytest.raises(L1mlError, match="the reference gives 3 events of wrapping_linear, where 50 were sent"):
        l1ml.verify(graph, events=50, reference=[np.zeros((3, 6)), np.zeros((3, 5))])
    with pytest.raises(L1mlError, match="reference=str: give a Keras model, a PyTorch module, a function"):
        reference_outputs("model", np.zeros((1, 8)))


def test_quantizers_that_hls4ml_reads_otherwise_are_named(keras: Any) -> None:
    from qkeras import QDense, quantized_bits

    right, unsigned = quantized_bits(4, 0, alpha=1), quantized_bits(4, 0, keep_negative=0, alpha=1)
    model = keras.Sequential(
        [
            keras.Input((3,)),
            QDense(2, name="scaled", kernel_quantizer=right, bias_quantizer=quantized_bits(4, 0, alpha="auto_po2")),
            QDense(
                2,
                name="unsigned",
                kernel_quantizer=unsigned,
                bias_quantizer=right,
            ),
            QDense(2, name="plain", kernel_quantizer=right, bias_quantizer=right),
        ]
    )
    first, second = known_deviations(model)
    assert first.startswith("scaled: bias_quantizer with alpha='auto_po2': scaled biases wrap around")
    assert second.startswith("unsigned: kernel_quantizer with keep_negative=0: hls4ml's type for it has a sign")


def test_a_module_of_pytorch_is_asked_in_evaluation_mode() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    module = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Dropout(0.9))
    x = np.eye(3, dtype=np.float64)
    (found,) = reference_outputs(module, x)
    linear = module[0]
    np.testing.assert_allclose(found, x @ linear.weight.detach().numpy().T + linear.bias.detach().numpy(), rtol=1e-5)
    assert module.training


def _weights(model: Any, name: str) -> list[NDArray[np.float32]]:
    return model.get_layer(name).get_weights()
