"""What has no Verilog is refused with a sentence that names the culprit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import compile_graph, convert, lowered

import l1ml
from l1ml.errors import L1mlError


def write(graph: Any) -> None:
    """Write the project and its Verilog."""
    graph.write()


def dense(keras: Any, size: int = 3) -> Any:
    """A dense layer, and nothing else."""
    x = keras.Input((4,), name="x")
    return keras.Model(x, keras.layers.Dense(size, name="dense")(x))


def test_streaming_is_refused(keras: Any, tmp_path: Path) -> None:
    with pytest.raises(L1mlError, match="io_type='io_parallel'"):
        convert(dense(keras), tmp_path, io_type="io_stream", write_rtl=True)
    convert(dense(keras), tmp_path, io_type="io_stream", write_rtl=False)  # the C++ alone is as hls4ml's


def test_floating_point_is_refused(keras: Any, tmp_path: Path) -> None:
    graph = convert(dense(keras), tmp_path, {"x": {"precision": {"result": "float"}}}, write_rtl=True)
    with pytest.raises(L1mlError, match=r"precision float is not fixed-point"):
        write(graph)


def test_a_table_that_is_too_large_is_refused(keras: Any, tmp_path: Path) -> None:
    x = keras.Input((4,), name="x")
    types = {
        "x": {"precision": {"result": "fixed<24,8>"}},
        "tanh": {"precision": {"result": "fixed<18,2>"}, "TableSize": 65536},
    }
    graph = convert(keras.Model(x, keras.layers.Activation("tanh", name="tanh")(x)), tmp_path, types)
    write(graph)
    with pytest.raises(L1mlError, match=r"layer 'tanh': a table of 65536 entries; set TableSize to 1..4096"):
        lowered(graph, np.zeros((1, 4), dtype=np.int64))


def test_the_models_of_other_backends_are_refused(keras: Any, tmp_path: Path) -> None:
    import hls4ml

    model = dense(keras)
    config = hls4ml.utils.config_from_keras_model(model, granularity="name", backend="Vitis")
    graph = hls4ml.converters.convert_from_keras_model(model, hls_config=config, backend="Vitis", output_dir=tmp_path)
    for function in (l1ml.verify, l1ml.simulate):
        with pytest.raises(L1mlError, match=r"backend Vitis; convert it with backend='Verilog'"):
            function(graph, np.zeros((1, 4)))


def test_a_model_that_is_not_written_or_not_compiled_is_refused(keras: Any, tmp_path: Path) -> None:
    graph = convert(dense(keras), tmp_path, write_rtl=True)
    with pytest.raises(L1mlError, match=r"design.json is missing: write the Verilog first"):
        l1ml.simulate(graph, np.zeros((1, 4)))
    write(graph)
    with pytest.raises(L1mlError, match=r"holds no compiled C\+\+: call hls_model.compile\(\)"):
        l1ml.verify(graph, np.zeros((1, 4)))


def test_inputs_that_do_not_fit_are_refused(keras: Any, tmp_path: Path) -> None:
    graph = convert(dense(keras), tmp_path, write_rtl=True)
    compile_graph(graph)
    for wrong, message in {
        "shape": (np.zeros((2, 3)), r"input x takes 4 values an event; got an array of \(2, 3\)"),
        "empty": (np.zeros((0, 4)), r"input x takes 4 values an event; got an array of \(0, 4\)"),
        "nan": (np.full((1, 4), np.nan), r"input x: cannot cast NaN or infinite values"),
        "many": ([np.zeros((1, 4))] * 2, r"net has 1 inputs, got 2 arrays"),
    }.values():
        for function in (l1ml.verify, l1ml.simulate):
            with pytest.raises(L1mlError, match=message):
                function(graph, wrong)
