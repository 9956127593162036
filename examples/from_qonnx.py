"""From Brevitas to Verilog, through QONNX: quantized training in PyTorch, a file, hls4ml.

    python examples/from_qonnx.py [DIR]

It takes about a minute and needs `pip install '.[qonnx]'`.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import brevitas.nn as qnn
import numpy as np
import torch
from brevitas import quant
from brevitas.export import export_qonnx
from numpy.typing import NDArray
from torch import nn


def events(count: int = 1000, seed: int = 1) -> NDArray[np.float32]:
    """Random inputs for `small_model`, multiples of 1/512: hls4ml's default type of an input holds them exactly."""
    return (np.random.default_rng(seed).normal(size=(count, 8)) * 512).round().astype(np.float32) / 512


def small_model(x: NDArray[np.float32]) -> nn.Module:
    """8 inputs, 12 hidden nodes and 3 outputs, with random weights; its scales are powers of two, as hls4ml wants."""
    torch.manual_seed(3)
    signed, unsigned = quant.Int8ActPerTensorFixedPoint, quant.Uint8ActPerTensorFixedPoint
    weights = {"weight_quant": quant.Int8WeightPerTensorFixedPoint, "weight_bit_width": 6}
    biases = {"bias": True, "bias_quant": quant.Int16Bias}
    model = nn.Sequential(
        qnn.QuantIdentity(act_quant=signed, bit_width=8, return_quant_tensor=True),
        qnn.QuantLinear(8, 12, **weights, **biases),
        qnn.QuantReLU(act_quant=unsigned, bit_width=6, return_quant_tensor=True),
        qnn.QuantLinear(12, 3, **weights, **biases),
        qnn.QuantIdentity(act_quant=signed, bit_width=12),
    )
    model(torch.from_numpy(x))  # collects how far values go; your training goes here
    return model.eval()


def run(folder: str) -> None:
    """From a model to the proof that the Verilog computes what the C++ does."""
    x = events()
    model = small_model(x)
    file = str(Path(folder, "model.onnx"))
    Path(folder).mkdir(parents=True, exist_ok=True)
    # begin
    import hls4ml
    from qonnx.core.modelwrapper import ModelWrapper
    from qonnx.transformation.gemm_to_matmul import GemmToMatMul
    from qonnx.util.cleanup import cleanup_model

    import l1ml

    export_qonnx(model, torch.from_numpy(x[:1]), file)
    qonnx_model = cleanup_model(cleanup_model(ModelWrapper(file)).transform(GemmToMatMul()))
    config = hls4ml.utils.config_from_onnx_model(qonnx_model, granularity="name", backend="Verilog")
    hls_model = hls4ml.converters.convert_from_onnx_model(
        qonnx_model, hls_config=config, backend="Verilog", output_dir=folder, project_name="tagger"
    )
    hls_model.compile()
    checked = l1ml.verify(hls_model, x)
    print(f"{checked.events} events, {checked.mismatches} mismatches")
    # end
    assert checked.mismatches == 0, checked.first_mismatch
    with torch.no_grad():
        assert np.array_equal(hls_model.predict(x), model(torch.from_numpy(x)).numpy()), "the C++ differs from Brevitas"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        run(sys.argv[1] if len(sys.argv) > 1 else scratch)
