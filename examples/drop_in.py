"""Use l1ml from hls4ml: a small QKeras model, its Verilog, and the proof that the Verilog computes what the C++ does.

    python examples/drop_in.py [DIR]

It takes about a minute and needs `pip install '.[train]'`.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.keras_setup import set_up_keras

set_up_keras()  # QKeras needs Keras 2; without QKeras, leave this out and bring a Keras 3 model


def small_model(seed: int = 3) -> Any:
    """A quantized network of 8 inputs, 6 hidden nodes and 3 outputs with random weights."""
    import tf_keras
    from qkeras import QActivation, QDense, quantized_bits, quantized_relu

    tf_keras.utils.set_random_seed(seed)
    bits = {"kernel_quantizer": quantized_bits(5, 0, alpha=1), "bias_quantizer": quantized_bits(5, 0, alpha=1)}
    return tf_keras.Sequential(
        [
            tf_keras.layers.Input((8,), name="features"),
            QDense(6, name="hidden", **bits),
            QActivation(quantized_relu(5), name="relu"),
            QDense(3, name="scores", **bits),
        ]
    )


def small_events(events: int = 1000, seed: int = 1) -> NDArray[np.float32]:
    """Random inputs for `small_model`."""
    return np.random.default_rng(seed).normal(size=(events, 8)).astype(np.float32)


def run(folder: str, model: Any, x: NDArray[np.float32]) -> None:
    """What an hls4ml user does; README.md shows these lines."""
    # begin
    import hls4ml

    import l1ml

    config = hls4ml.utils.config_from_keras_model(model, granularity="name", backend="Verilog")
    config["LayerName"]["features"]["Precision"]["result"] = "fixed<8,3,RND,SAT>"
    hls_model = hls4ml.converters.convert_from_keras_model(
        model, hls_config=config, backend="Verilog", output_dir=folder, project_name="tagger"
    )
    hls_model.compile()  # writes C++ and Verilog, compiles the C++
    checked = l1ml.verify(hls_model, x)  # the same integers through both
    print(f"{checked.events} events, {checked.mismatches} mismatches")
    result = l1ml.simulate(hls_model, x)  # the Verilog alone, as predict()
    print(f"latency {result.latency} cycles, a new event every {result.initiation_interval}")
    print(hls_model.build()["VerilogReport"])  # lint, LUT, FF, DSP, BRAM
    # end
    assert checked.mismatches == 0, checked.first_mismatch
    assert np.array_equal(result.outputs, hls_model.predict(x))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        run(sys.argv[1] if len(sys.argv) > 1 else str(Path(scratch, "tagger")), small_model(), small_events())
