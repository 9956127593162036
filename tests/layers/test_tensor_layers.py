"""Layers on tensors of several axes: dense ones at positions and steps of time, norms, embeddings, equations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from graphs import hold_real_inputs
from networks import columns, compile_graph, convert, quiet
from random_tensors import Tensors

import l1ml
from l1ml.compiler.network import Tensor
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.frontends.hls4ml.network import network_of

EVENTS = 400
FEW, MANY = 8, 12
"""Networks of a model."""


def verify(graph: Any) -> Any:
    """Hold the Verilog of a graph against its C++; the measured interval."""
    compile_graph(graph)
    result = l1ml.verify(graph, events=EVENTS)
    if result.first_mismatch is not None:
        wrong = columns(network_of(graph))[result.first_mismatch.output]
        pytest.fail(f"{result.mismatches} mismatches, the first in {wrong}: {result.first_mismatch}", pytrace=False)
    return result.simulation.initiation_interval


def check(keras: Any, folder: Path, seed: int, count: int, *, folds: bool) -> None:
    """Hold a model of random networks against its C++."""
    tensors = Tensors(keras, np.random.default_rng(seed))
    for _ in range(count):
        tensors.add(folds)
    model = tensors.model()
    for name, options in tensors.options.items():
        print(name, options)
    graph = convert(model, folder, tensors.options, write_rtl=True, unlisted=tensors.within)
    assert verify(graph) == max([1, *tensors.intervals])
    hold_real_inputs(graph)


@pytest.mark.parametrize("folds", [False, True])
def test_random_tensor_networks_give_what_the_cpp_gives(keras: Any, tmp_path: Path, folds: bool) -> None:
    check(keras, tmp_path, 5, FEW, folds=folds)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(12))
def test_many_random_tensor_networks_give_what_the_cpp_gives(keras: Any, tmp_path: Path, seed: int) -> None:
    check(keras, tmp_path, 100 + seed, MANY, folds=seed % 2 == 0)


EINSUM_DENSE = {
    "outer": ("i,j->ij", (5,), (3,), (5, 3), False),
    "biased": ("i,j->ij", (5,), (3,), (5, 3), True),
    "dense": ("i,io->o", (5,), (5, 4), (4,), True),
    "rows": ("ki,oi->ko", (2, 3), (4, 3), (2, 4), False),
    "mixed": ("abcd,bcde->aeb", (2, 3, 2, 2), (3, 2, 2, 3), (2, 3, 3), True),
}
"""Equation, shapes of input, constants and output, and whether there is a bias."""

EINSUM = {
    "product": ("ij,jk->ik", (3, 2), (2, 3), (3, 3), "fixed<18,8>", ("fixed<5,2>", "ufixed<4,2>")),
    "dot": ("ij,ij->i", (3, 2), (3, 2), (3,), "fixed<8,4,RND_CONV,SAT>", ("fixed<5,2>", "ufixed<4,2>")),
    "inplace": ("ij,kij->jk", (3, 2), (2, 3, 2), (2, 2), "fixed<7,3,TRN_ZERO>", ("fixed<5,2>", "ufixed<4,2>")),
    "wide": ("i,j->ij", (2,), (1,), (2, 1), "fixed<32,12>", ("fixed<32,12>", "fixed<32,12>")),
}
"""Equation, shapes of inputs and output, accumulator, types of inputs."""


def equations(folder: Path) -> Any:
    """A graph of layers that Keras 2 does not have, as hls4ml's converters of other programs give them."""
    import hls4ml
    from hls4ml.model.graph import ModelGraph

    rng, layers, options, inputs = np.random.default_rng(3), [], {}, []

    def give(name: str, shape: tuple[int, ...], kind: str) -> None:
        layers.append({"class_name": "InputLayer", "name": name, "input_shape": list(shape)})
        options[name] = {"Precision": {"result": kind}}
        inputs.append(name)

    ways = [("Latency", 1), ("Resource", 2), ("distributed_arithmetic", 3), ("auto", 2), ("resource_unrolled", 4)]
    for (name, (equation, shape, kernel, out, biased)), (strategy, factor) in zip(
        EINSUM_DENSE.items(), ways, strict=True
    ):
        give(f"{name}_x", shape, "fixed<5,2>")
        layers.append(
            {"class_name": "EinsumDense", "name": name, "inputs": [f"{name}_x"], "equation": equation,
             "weight_data": rng.normal(0, 1, kernel), "bias_data": rng.normal(0, 1, out) if biased else None,
             "inp_shape": shape, "out_shape": out}
        )  # fmt: skip
        types = {"weight": "fixed<5,2>", "bias": "fixed<5,2>", "accum": "fixed<18,8>", "result": "fixed<9,5,RND,SAT>"}
        options[name] = {"Precision": types, "Strategy": strategy, "ReuseFactor": factor}
    for name, (equation, first, second, out, accum, kinds) in EINSUM.items():
        give(f"{name}_x", first, kinds[0])
        give(f"{name}_y", second, kinds[1])
        layers.append(
            {"class_name": "Einsum", "name": name, "inputs": [f"{name}_x", f"{name}_y"], "equation": equation,
             "inp0_shape": first, "inp1_shape": second, "out_shape": out}
        )  # fmt: skip
        options[name] = {"Precision": {"accum": accum, "result": "fixed<9,5,RND,SAT>"}, "Strategy": "Resource"}
    config = {
        **hls4ml.backends.get_backend("Verilog").create_initial_config(),
        "Backend": "Verilog",
        "OutputDir": str(folder),
        "ProjectName": "net",
        "HLSConfig": {"Model": {"Precision": "fixed<16,6>", "ReuseFactor": 1}, "LayerName": options},
    }
    with quiet():
        return ModelGraph.from_layer_list(config, layers, inputs, [*EINSUM_DENSE, *EINSUM])


def test_equations_give_what_the_cpp_gives(keras: Any, tmp_path: Path) -> None:
    assert verify(equations(tmp_path)) == 4


def test_vectors_and_events_keep_to_the_rows_of_an_embedding(keras: Any, tmp_path: Path) -> None:
    x = keras.Input((4,), name="x")
    model = keras.Model(x, keras.layers.Embedding(11, 2, name="rows")(x))
    graph = convert(model, tmp_path, {"x": {"precision": {"result": "uint<4>"}}}, write_rtl=True)
    assert network_of(graph).inputs[0].limits == (0, 10)
    assert verify(graph) == 1
    real = np.random.default_rng(1).integers(0, 11, (50, 4)).astype(float)
    np.testing.assert_array_equal(l1ml.simulate(graph, real).outputs, graph.predict(real).reshape(50, -1))
    with pytest.raises(L1mlError, match="input x: 11 in event 0 is no index of a table that it goes to; give 0 to 10"):
        l1ml.simulate(graph, np.full((1, 4), 11.0))


def test_what_saturates_symmetrically_gets_no_lower_event_from_outside() -> None:
    """The C++ casts its inputs, and makes -7 of -8."""
    assert Tensor("x", 1, FixedType(4, 3, True, "RND", "SAT_SYM")).limits == (-7, 7)
    assert Tensor("x", 1, FixedType(4, 3)).limits == (-8, 7)


def test_an_index_that_may_be_none_is_refused(keras: Any, tmp_path: Path) -> None:
    x = keras.Input((4,), name="x")
    model = keras.Model(x, keras.layers.Embedding(11, 2, name="rows")(keras.layers.ReLU(name="relu")(x)))
    options = {"x": {"precision": {"result": "int<5>"}}, "relu": {"precision": {"result": "uint<4>"}}}
    with pytest.raises(L1mlError, match="layer 'rows': its index can be 0 to 15, and it has 11 rows"), quiet():
        convert(model, tmp_path, options, write_rtl=True).write()


@pytest.mark.parametrize("asked", ["ResourceUnrolled", "resource_unrolled", "Resource_Unrolled"])
def test_hls4ml_keeps_the_strategy_resource_unrolled(keras: Any, tmp_path: Path, asked: str) -> None:
    x = keras.Input((4,), name="x")
    model = keras.Model(x, keras.layers.Dense(3, name="dense")(x))
    graph = convert(model, tmp_path, {"dense": {"Strategy": asked, "ReuseFactor": 4}})
    (layer,) = [layer for layer in graph.get_layers() if layer.name == "dense"]
    assert (layer.get_attr("strategy"), layer.get_attr("reuse_factor")) == ("resource_unrolled", 4)
    assert "acc[0] +=" in str(layer.get_attr("resource_unrolled_dense_codegen").code)


def test_what_hls4ml_leaves_out_of_time_distributed_is_refused(keras: Any, tmp_path: Path) -> None:
    layers, x = keras.layers, keras.Input((3, 4), name="x")
    model = keras.Model(x, layers.TimeDistributed(layers.Dense(2, activation="relu", name="inner"), name="steps")(x))
    with pytest.raises(L1mlError, match="layer 'inner': hls4ml leaves out its activation 'relu' within TimeDistri"):
        convert(model, tmp_path, write_rtl=True)


def test_time_distributed_does_not_cast(keras: Any, tmp_path: Path) -> None:
    layers, x = keras.layers, keras.Input((3, 4), name="x")
    model = keras.Model(x, layers.TimeDistributed(layers.Dense(2, name="inner"), name="steps")(x))
    options = {"steps": {"precision": {"result": "fixed<8,3>"}}}
    told = r"layer 'steps': hls4ml's TimeDistributed casts nothing, but fixed<16,6> comes in and fixed<8,3> leaves"
    with pytest.raises(L1mlError, match=told):
        convert(model, tmp_path, options, write_rtl=True)


def test_time_distributed_on_more_axes_has_the_wrong_shape_in_hls4ml(keras: Any, tmp_path: Path) -> None:
    layers, x = keras.layers, keras.Input((2, 3, 4), name="x")
    model = keras.Model(x, layers.TimeDistributed(layers.Dense(2, name="inner"), name="steps")(x))
    with pytest.raises(L1mlError, match="layer 'steps': hls4ml gives TimeDistributed 24 outputs, of which 12 are comp"):
        convert(model, tmp_path, write_rtl=True)


def test_larger_kernels_are_refused(keras: Any, tmp_path: Path) -> None:
    x = keras.Input((5, 2), name="x")
    model = keras.Model(x, keras.layers.Conv1D(3, 2, name="wide")(x))
    with pytest.raises(L1mlError, match=r"wide \(Conv1D\); supported: .*Conv1D with a kernel of one position"):
        convert(model, tmp_path, write_rtl=True)
