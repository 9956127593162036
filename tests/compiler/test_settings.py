"""What a user asks for beside the model: refused in one line where it cannot be had, before anything slow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import compile_graph, convert

import l1ml
from l1ml.errors import L1mlError
from l1ml.frontends.hls4ml.network import network_of
from l1ml.verification.emulator import Emulator, quantize_inputs


def small(keras: Any) -> Any:
    """A dense layer and a softmax."""
    x = keras.Input((4,), name="x")
    model = keras.Model(x, keras.layers.Softmax(name="softmax")(keras.layers.Dense(3, name="dense")(x)))
    rng = np.random.default_rng(3)
    model.set_weights([rng.integers(-16, 16, w.shape) / 8 for w in model.get_weights()])
    return model


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("wire", "'wire' is a keyword of Verilog or C.*; choose another, such as wire_core"),
        ("delete", "'delete' is a keyword"),
        ("nnet", "'nnet' is a keyword"),
        ("", "'': give letters, digits and underscores, a letter first"),
        ("1tag", "'1tag': give letters"),
        ("my tag", "'my tag': give letters"),
        ("_tag", "'_tag': give letters"),
        ("étiquette", "'étiquette': give letters"),
    ],
)
def test_a_project_is_named_as_a_module_can_be(keras: Any, tmp_path: Path, name: str, told: str) -> None:
    with pytest.raises(L1mlError, match=f"project_name={told}"):
        convert(small(keras), tmp_path, project_name=name)


def test_all_layers_without_verilog_are_named_at_once_and_nothing_is_written(keras: Any, tmp_path: Path) -> None:
    layers = keras.layers
    x = keras.Input((8, 3), name="x")
    hidden = layers.Conv1D(4, 2, name="scan")(x)
    model = keras.Model(x, layers.Dense(2, name="top")(layers.LSTM(3, name="cell")(hidden)))
    with pytest.raises(
        L1mlError,
        match=r"2 layers have no Verilog: scan \(Conv1D\), cell \(LSTM\); supported: .*Dense.*; for one of your own",
    ):
        convert(model, tmp_path / "out", write_rtl=True)
    assert not (tmp_path / "out/firmware").exists()


@pytest.mark.parametrize("delay", ["x", 0, -1, float("nan"), float("inf"), None])
def test_the_longest_logic_of_a_stage_is_a_number_above_0(keras: Any, tmp_path: Path, delay: Any) -> None:
    with pytest.raises(L1mlError, match=rf"stage_delay={delay!r}: give a number above 0, in adders"):
        convert(small(keras), tmp_path, stage_delay=delay)


@pytest.mark.parametrize(("delay", "implementation"), [(0.1, "stable"), (5.0, "latency"), (1.7, "latency")])
def test_operations_longer_than_a_stage_are_stages_of_their_own(
    keras: Any, tmp_path: Path, delay: float, implementation: str
) -> None:
    options = {
        "x": {"precision": {"result": "fixed<8,4>"}},
        "dense": {"precision": {"weight": "fixed<5,2>", "bias": "fixed<5,2>", "result": "fixed<8,5,RND,SAT>"}},
        "dense_linear": {"precision": {"result": "fixed<8,5,RND,SAT>"}},
        "softmax": {"Implementation": implementation, "precision": {"result": "ufixed<8,0,RND,SAT>"}},
    }
    graph = convert(small(keras), tmp_path, options, stage_delay=delay, write_rtl=True)
    compile_graph(graph)
    result = l1ml.verify(graph, events=300)
    assert (result.mismatches, result.first_mismatch) == (0, None)


def test_a_reuse_factor_far_beyond_the_work_is_refused(keras: Any, tmp_path: Path) -> None:
    told = r"layer 'dense' .*: reuse factor 1000000000 is more than its 12 multiplications; give at most 1024"
    with pytest.raises(L1mlError, match=told):
        convert(small(keras), tmp_path, {"dense": {"ReuseFactor": 10**9}})


def test_sums_wider_than_a_double_are_verified_by_integers(keras: Any, tmp_path: Path) -> None:
    x = keras.Input((4,), name="x")
    model = keras.Model(x, keras.layers.Dense(3, name="dense")(x))
    model.set_weights([np.full((4, 3), 3 + 2.0**-20), np.zeros(3)])
    types = {"weight": "fixed<24,3>", "bias": "fixed<24,3>", "accum": "fixed<60,28>", "result": "fixed<60,28>"}
    options = {"x": {"precision": {"result": "fixed<30,20>"}}, "dense": {"precision": types}}
    options["dense_linear"] = {"precision": {"result": "fixed<60,28>"}}
    graph = convert(model, tmp_path, options, write_rtl=True)
    compile_graph(graph)
    large = np.full((100, 4), 4e5 + 2.0**-10)
    assert l1ml.verify(graph, large).mismatches == 0
    network = network_of(graph)
    emulator = Emulator.of_project(tmp_path, network)
    small = np.random.default_rng(1).integers(-(2**20), 2**20, (200, 4))
    exact = emulator.run(small)
    emulator._integers = None  # as in projects that hls4ml or an older l1ml wrote
    np.testing.assert_array_equal(emulator.run(small), exact)
    with pytest.raises(L1mlError, match=r"dense\w* \(fixed<60,28>\) has more than 53 significant bits in event 0"):
        emulator.run(quantize_inputs(large, network))


@pytest.mark.parametrize(
    ("types", "told"),
    [
        ({"x": "fixed<70,40>"}, r"input x \(fixed<70,40>\) has values of 70 bits; at most 62 are supported: give"),
        (
            {"x": "fixed<62,40>", "result": "fixed<80,50>"},
            r"output \w+ \(fixed<80,50>\) has values of \d+ bits; at most",
        ),
    ],
)
def test_ports_that_no_vector_holds_are_refused(keras: Any, tmp_path: Path, types: dict[str, str], told: str) -> None:
    x = keras.Input((4,), name="x")
    model = keras.Model(x, keras.layers.Dense(3, name="dense")(x))
    options: dict[str, Any] = {"x": {"precision": {"result": types["x"]}}}
    result = types.get("result", "fixed<16,6>")
    precision = {"weight": "fixed<16,6>", "bias": "fixed<16,6>", "accum": "auto", "result": result}
    options |= {"dense": {"precision": precision}, "dense_linear": {"precision": {"result": result}}}
    with pytest.raises(L1mlError, match=told):
        convert(model, tmp_path, options, write_rtl=True).write()
