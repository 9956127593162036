"""The models of the benchmarks: a trained 6-bit QKeras jet tagger of a third party, and layers of random weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from l1ml.keras_setup import set_up_keras

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "models"
"""Where the model lies, beside the checkout; it is not part of the project."""


def jet_6bit(
    out: Path,
    *,
    softmax: bool,
    strategy: str = "Latency",
    reuse_factor: int = 1,
    **options: Any,
) -> Any:
    """Convert ``qkeras_jet_6bit`` with its own configuration.

    Args:
        out: Folder for the project.
        softmax: Whether to keep the softmax behind the logits.
        strategy: How layers multiply.
        reuse_factor: Clock cycles over which a layer's multiplications are spread.
        options: More arguments for hls4ml's converter.

    Returns:
        hls4ml's ``ModelGraph``, not yet written.
    """
    set_up_keras()
    import hls4ml
    import tf_keras
    from qkeras.utils import _add_supported_quantized_objects
    from tensorflow_model_optimization.python.core.sparsity.keras.pruning_wrapper import PruneLowMagnitude

    objects: dict[str, Any] = {"PruneLowMagnitude": PruneLowMagnitude}
    _add_supported_quantized_objects(objects)
    model = tf_keras.models.load_model(SHARED / "qkeras_jet_6bit/keras_model.h5", custom_objects=objects, compile=False)

    class Loader(yaml.SafeLoader):
        """Reads hls4ml's file, which refers to the model by a tag."""

    Loader.add_constructor("!keras_model", lambda loader, node: node.value)
    config = yaml.load((SHARED / "qkeras_jet_6bit/hls4ml_config.yml").read_text(), Loader)
    config["HLSConfig"]["Model"].update(Strategy=strategy, ReuseFactor=reuse_factor)
    if not softmax:
        model = tf_keras.Model(model.inputs, model.layers[-2].output)
        del config["HLSConfig"]["LayerName"]["softmax"]
    return hls4ml.converters.convert_from_keras_model(
        model,
        hls_config=config["HLSConfig"],
        backend="Verilog",
        output_dir=str(out),
        part=config["Part"],
        clock_period=config["ClockPeriod"],
        **options,
    )


def random_dense(
    out: Path,
    widths: tuple[int, ...],
    *,
    weight_bits: int,
    zeros: float,
    input_type: str,
    strategy: str,
    reuse_factors: tuple[int, ...],
    **options: Any,
) -> Any:
    """Convert dense layers of random weights, with ReLU to 8 bits between them.

    Args:
        out: Folder for the project.
        widths: Number of inputs, of neurons of each layer.
        weight_bits: Bits of a weight, all but the sign behind the binary point.
        zeros: Share of weights that are zero.
        input_type: Type of the inputs.
        strategy: How layers multiply.
        reuse_factors: Of each layer.
        options: More arguments for hls4ml's converter.

    Returns:
        hls4ml's ``ModelGraph``, not yet written.
    """
    set_up_keras()
    import hls4ml
    import numpy as np
    import tf_keras

    rng = np.random.default_rng(1)
    values = inputs = tf_keras.layers.Input((widths[0],), name="x")
    last = len(widths) - 1
    for number, width in enumerate(widths[1:], 1):
        values = tf_keras.layers.Dense(width, name=f"fc{number}")(values)
        if number < last:
            values = tf_keras.layers.Activation("relu", name=f"relu{number}")(values)
    model = tf_keras.Model(inputs, values)
    gain = [min(1.0, 6 / np.sqrt((1 - zeros) * fan_in)) for fan_in in widths[:-1] for _ in range(2)]
    shapes = [w.shape for w in model.get_weights()]
    model.set_weights([rng.uniform(-g, g, s) * (rng.random(s) >= zeros) for g, s in zip(gain, shapes, strict=True)])
    config = hls4ml.utils.config_from_keras_model(model, granularity="name", backend="Verilog")
    layers = config["LayerName"]
    layers["x"]["Precision"]["result"] = input_type
    weight = f"fixed<{weight_bits},1>"
    for number, reuse_factor in enumerate(reuse_factors, 1):
        precision = {"weight": weight, "bias": weight, "accum": "auto", "result": "auto"}
        layers[f"fc{number}"].update(Precision=precision, Strategy=strategy, ReuseFactor=reuse_factor)
        if number < last:
            layers[f"relu{number}"]["Precision"] = {"result": "ufixed<8,2,RND,SAT>"}
    return hls4ml.converters.convert_from_keras_model(
        model, hls_config=config, backend="Verilog", output_dir=str(out), io_type="io_parallel", **options
    )
