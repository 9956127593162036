"""From an ONNX file to Verilog: a network in floating point, and the fixed-point types that it gets afterwards.

    python examples/from_onnx.py [DIR]

It takes about a minute and needs `pip install '.[qonnx]'`.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper


def events(count: int = 1000, seed: int = 1) -> NDArray[np.float32]:
    """Random inputs for `small_model`."""
    return np.random.default_rng(seed).normal(size=(count, 8)).astype(np.float32)


def small_model(seed: int = 3) -> onnx.ModelProto:
    """8 inputs, 12 hidden nodes and 3 outputs, with random weights; stands in for a file of yours."""
    rng = np.random.default_rng(seed)
    shapes = {"w1": (8, 12), "b1": (12,), "w2": (12, 3), "b2": (3,)}
    weights = [numpy_helper.from_array(rng.normal(size=s).astype(np.float32) / 2, name) for name, s in shapes.items()]
    nodes = [
        helper.make_node("Gemm", ["features", "w1", "b1"], ["summed"], name="hidden"),
        helper.make_node("Relu", ["summed"], ["active"], name="relu"),
        helper.make_node("Gemm", ["active", "w2", "b2"], ["scores"], name="logits"),
    ]
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, n]) for name, n in (("features", 8), ("scores", 3))
    ]
    return helper.make_model(helper.make_graph(nodes, "small", ends[:1], ends[1:], weights))


def run(folder: str) -> None:
    """From a file to the proof that the Verilog computes what the C++ does."""
    x = events()
    Path(folder).mkdir(parents=True, exist_ok=True)
    file = str(Path(folder, "model.onnx"))
    onnx.save(small_model(), file)
    # begin
    import hls4ml
    from qonnx.core.modelwrapper import ModelWrapper
    from qonnx.transformation.gemm_to_matmul import GemmToMatMul
    from qonnx.util.cleanup import cleanup_model

    import l1ml

    # hls4ml wants constants in place, shapes known, and matrix products apart from biases.
    model = cleanup_model(cleanup_model(ModelWrapper(file)).transform(GemmToMatMul()))
    config = hls4ml.utils.config_from_onnx_model(
        model, granularity="name", backend="Verilog", default_precision="fixed<12,4,RND,SAT>"
    )
    hls_model = hls4ml.converters.convert_from_onnx_model(
        model, hls_config=config, backend="Verilog", output_dir=folder, project_name="tagger"
    )
    hls_model.compile()
    checked = l1ml.verify(hls_model, x)
    print(f"{checked.events} events, {checked.mismatches} mismatches")
    # end
    import onnxruntime

    session = onnxruntime.InferenceSession(file)
    scores = np.concatenate([session.run(None, {"features": event[None]})[0] for event in x])
    away = np.abs(hls_model.predict(x) - scores).max()
    print(f"at most {away:.3f} away from onnxruntime, latency {checked.simulation.latency} cycles")
    assert checked.mismatches == 0, checked.first_mismatch


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        run(sys.argv[1] if len(sys.argv) > 1 else scratch)
