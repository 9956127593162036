"""Models of ours of what a Vitis project computes: from the model saved beside it, or from its C++.

The softmax of older versions of hls4ml gives other numbers: there, ours ends before it, and `OlderSoftmax` follows.
"""

from __future__ import annotations

import io
import json
import os
import re
import zipfile
from collections import Counter
from contextlib import redirect_stdout
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.fixed import FixedType
from l1ml.keras_setup import set_up_keras

LAYER = re.compile(
    r"nnet::(?P<kind>\w+)<(?P<types>[^>]*)>\((?P<source>\w+), (?P<target>\w+)(?:, (?P<w>w\d+), (?P<b>b\d+))?\);"
    r" // (?P<name>\w+)"
)
STRUCT = r"struct {} : .*?\n}};"
TYPE = re.compile(r"typedef ap_(u?(?:fixed|int)<[^;]*>) (\w+);")
PARTS = ("accum", "bias", "weight", "exp_table", "inv_table", "inv_inp", "inp_norm")
"""Types of a layer that its struct names."""


@dataclass(frozen=True)
class OlderSoftmax:
    """Softmax ``stable`` of older versions, in their ``nnet_activation.h``: tables of the highest bits of values."""

    source: FixedType
    exp: FixedType
    inverse: FixedType
    result: FixedType
    table_size: int

    def __call__(self, logits: NDArray[np.int64]) -> NDArray[np.int64]:
        """Integers of the probabilities of integers of logits, both of shape (events, classes)."""
        apart = FixedType(self.source.width, self.source.integer, True, "RND", "SAT")
        distance = np.maximum(logits - logits.max(axis=1, keepdims=True), apart.minimum)
        exp = self.exp.quantize(np.exp(self._cut(distance, apart).astype(np.float32)))
        total = self.exp.to_float(exp.sum(axis=1, keepdims=True))
        inverse = self.inverse.quantize(1 / self._cut(self.exp.quantize(total), self.exp).astype(np.float32))
        return self.result.quantize(self.exp.to_float(exp) * self.inverse.to_float(inverse))

    def _cut(self, integers: NDArray[np.int64], kind: FixedType) -> NDArray[np.float64]:
        """Values of which as many bits are left as tables have for an address."""
        dropped = kind.width - (self.table_size - 1).bit_length()
        return kind.to_float(integers >> dropped << dropped)


@dataclass(frozen=True)
class Ours:
    """Our graph of a project, with C++ and Verilog."""

    graph: Any
    source: str
    """What it was made of."""
    softmax: OlderSoftmax | None = None
    """What follows it."""


def ours(project: Path, folder: Path) -> Ours | None:
    """Our model of a project; None if it is not one of those that we read.

    Args:
        project: An ``output_dir`` of hls4ml.
        folder: Where to write ours.
    """
    set_up_keras()
    saved = project / "keras_model.keras"
    if saved.is_file() and (model := of_hgq(saved)) is not None:
        return Ours(compiled(model, {"Model": {"Precision": "fixed<16,6>", "ReuseFactor": 1}}, folder), "its model")
    if (read := of_cpp(project)) is None:
        return None
    model, config, softmax = read
    return Ours(compiled(model, config, folder), "its weights and types", softmax)


def of_hgq(saved: Path) -> Any | None:
    """A model of HGQ 1 as it was saved for hls4ml; None without that package, or if it is another one's.

    Keras cannot load the weights of such a file itself once the names of its variables have changed.
    """
    try:
        import h5py
        import HGQ.proxy  # noqa: F401 - registers its layers
    except ImportError:
        return None
    from tf_keras.models import model_from_json
    from tf_keras.src.utils.generic_utils import to_snake_case

    with zipfile.ZipFile(saved) as archive:
        config, weights = archive.read("config.json"), archive.read("model.weights.h5")
    if not any(layer["module"].startswith("HGQ.") for layer in json.loads(config)["config"]["layers"]):
        return None
    model = model_from_json(config)
    stored = h5py.File(io.BytesIO(weights))["_layer_checkpoint_dependencies"]
    seen: Counter[str] = Counter()
    for layer in model.layers:
        kind = to_snake_case(type(layer).__name__)
        variables = stored[f"{kind}_{seen[kind]}" if seen[kind] else kind]["vars"]
        layer.set_weights([variables[str(index)][()] for index in range(len(variables))])
        seen[kind] += 1
    return model


def of_cpp(project: Path) -> tuple[Any, dict[str, Any], OlderSoftmax | None] | None:
    """A Keras model, hls4ml's configuration and what follows, if a project is a chain of Dense, ReLU and softmax."""
    firmware = project / "firmware"
    layers = [match.groupdict() for match in LAYER.finditer((firmware / "myproject.cpp").read_text())]
    chain = all(layer["source"] == before["target"] for before, layer in pairwise(layers))
    if not layers or not chain or {layer["kind"] for layer in layers} - {"dense", "relu", "softmax"}:
        return None
    from tf_keras import Model
    from tf_keras.layers import Activation, Dense, Input

    types = {name: as_written(kind) for kind, name in TYPE.findall((firmware / "defines.h").read_text())}
    parameters = (firmware / "parameters.h").read_text()
    first = layers[0]
    tensor = inputs = Input((int(re.findall(r"\bn_in = (\d+);", parameters)[0]),), name=first["source"])
    options = {first["source"]: {"Precision": {"result": types[first["types"].split(",")[0]]}}}
    weights, softmax = {}, None
    for layer in layers:
        source, result, struct = (part.strip() for part in layer["types"].split(","))
        found = re.search(STRUCT.format(struct), parameters, re.DOTALL)
        assert found is not None, struct
        named = {part: name for name, part in re.findall(r"typedef (\w+) (\w+)_t;", found[0])}
        if layer["kind"] == "softmax" and "inv_inp" not in named:
            names = {"source": source, "exp": named["exp_table"], "inverse": named["inv_table"], "result": result}
            size = int(re.findall(r"\btable_size = (\d+);", found[0])[0])
            kinds = {role: FixedType.parse(types[name]) for role, name in names.items()}
            softmax = OlderSoftmax(table_size=size, **kinds)
            continue
        precision = {part: types[named[part]] for part in PARTS if named.get(part) in types}
        options[layer["name"]] = {"Precision": {"result": types[result], **precision}}
        if layer["kind"] == "dense":
            kernel, biases = (numbers(firmware / f"weights/{layer[key]}.txt") for key in ("w", "b"))
            weights[layer["name"]] = [kernel.reshape(-1, len(biases)), biases]
            tensor = Dense(len(biases), name=layer["name"])(tensor)
            options[f"{layer['name']}_linear"] = {"Precision": {"result": types[result]}}
        else:
            tensor = Activation(layer["kind"], name=layer["name"])(tensor)
    model = Model(inputs, tensor)
    for name, values in weights.items():
        model.get_layer(name).set_weights(values)
    return model, {"Model": {"Precision": "fixed<16,6>", "ReuseFactor": 1}, "LayerName": options}, softmax


def as_written(kind: str) -> str:
    """A type as hls4ml's configuration has it: without ``AP_`` and the saturation bits."""
    return re.sub(r",0>$", ">", kind.replace("AP_", "").replace(" ", ""))


def numbers(file: Path) -> NDArray[np.float64]:
    """Weights as hls4ml writes them."""
    return np.array([float(value) for value in file.read_text().split(",") if value.strip()])


def compiled(model: Any, config: dict[str, Any], folder: Path) -> Any:
    """Our graph of a model."""
    import hls4ml

    with Path(os.devnull).open("w") as sink, redirect_stdout(sink):  # hls4ml prints its progress
        graph = hls4ml.converters.convert_from_keras_model(
            model,
            hls_config=config,
            backend="Verilog",
            output_dir=str(folder),
            project_name="myproject",
            io_type="io_parallel",
        )
        graph.compile()
    return graph
