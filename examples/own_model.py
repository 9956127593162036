"""Your own Keras model as firmware: a saved model file goes in, verified Verilog comes out.

    python examples/own_model.py train MODEL.h5              # stands in for your own training
    python examples/own_model.py convert MODEL.h5 DIR --reuse-factor 4

docs/tutorial.md goes on from there to wrappers and IP. It takes about two minutes and needs `pip install '.[train]'`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from l1ml.keras_setup import set_up_keras
from l1ml.triggers.jet_tagger import data as jets

set_up_keras()  # QKeras needs Keras 2; without QKeras, leave this out and bring a Keras 3 model


def train(file: Path, events: int = 40_000, epochs: int = 8) -> None:
    """Train a small quantized jet tagger on the shipped jets, and save it."""
    import tf_keras
    from qkeras import QActivation, QDense, quantized_bits, quantized_relu

    sample = jets.load()
    x = standardised(sample.features[:events])
    tf_keras.utils.set_random_seed(1)
    bits = {"kernel_quantizer": quantized_bits(6, 0, alpha=1), "bias_quantizer": quantized_bits(6, 0, alpha=1)}
    model = tf_keras.Sequential(
        [
            tf_keras.layers.Input((x.shape[1],), name="features"),
            QDense(24, name="hidden", **bits),
            QActivation(quantized_relu(6, 2), name="relu"),
            QDense(len(jets.CLASSES), name="scores", **bits),
        ]
    )
    loss = tf_keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=tf_keras.optimizers.Adam(0.01), loss=loss, metrics=["accuracy"])
    model.fit(x, sample.labels[:events], batch_size=512, epochs=epochs, verbose=2)
    model.save(file)


def convert(file: Path, folder: Path, reuse_factor: int) -> None:
    """From a model file to verified Verilog; docs/tutorial.md shows these lines."""
    x = standardised(jets.load().features[-2000:])  # events to verify with: yours, in the units of your training
    # begin
    import hls4ml
    from qkeras.utils import load_qmodel

    import l1ml

    model = load_qmodel(str(file), compile=False)
    config = hls4ml.utils.config_from_keras_model(model, granularity="name", backend="Verilog")
    config["LayerName"]["features"]["Precision"]["result"] = "fixed<10,4,RND,SAT>"
    for layer in ("hidden", "scores"):
        config["LayerName"][layer]["ReuseFactor"] = reuse_factor
        config["LayerName"][layer]["Strategy"] = "auto"
    hls_model = hls4ml.converters.convert_from_keras_model(
        model, hls_config=config, backend="Verilog", output_dir=str(folder), project_name="my_tagger", clock_period=2.8
    )
    hls_model.compile()
    checked = l1ml.verify(hls_model, x)
    print(f"{checked.events} events, {checked.mismatches} mismatches")
    print(f"latency {checked.simulation.latency} cycles, a new event every {checked.simulation.initiation_interval}")
    # end
    if checked.mismatches:
        raise SystemExit(f"RTL and C++ differ: {checked.first_mismatch}")


def standardised(features: np.ndarray) -> np.ndarray:
    """Features with mean 0 and width 1, as the network is trained with them."""
    whole = jets.load().features
    return (features - whole.mean(axis=0)) / whole.std(axis=0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    steps = parser.add_subparsers(dest="step", required=True)
    first = steps.add_parser("train")
    first.add_argument("model", type=Path)
    first.add_argument("--epochs", type=int, default=8)
    second = steps.add_parser("convert")
    second.add_argument("model", type=Path)
    second.add_argument("folder", type=Path)
    second.add_argument("--reuse-factor", type=int, default=1)
    options = parser.parse_args()
    if options.step == "train":
        train(options.model, epochs=options.epochs)
    else:
        convert(options.model, options.folder, options.reuse_factor)
