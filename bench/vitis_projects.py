"""Public projects of Vitis HLS: is their RTL, Verilog and VHDL, what their own C++ says, and what ours is?

python bench/vitis_projects.py PROJECT...

A PROJECT is an `output_dir` of hls4ml in which Vitis HLS has worked. Ours is made of the weights in it, if it is a
chain of Dense, ReLU and softmax and all types are the default.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import tempfile
from contextlib import redirect_stdout
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

import l1ml
from l1ml.console import console
from l1ml.errors import L1mlError
from l1ml.keras_setup import set_up_keras
from l1ml.vendor.reading import vendor_summary

DEFAULT = re.compile(r"typedef ap_fixed<([\d, ]+)> model_default_t;")
LAYER = re.compile(r"nnet::(?P<kind>\w+)<[^>]*>\((?P<source>\w+), (?P<target>\w+)(?:, (?P<w>w\d+), (?P<b>b\d+))?\)")


def main() -> None:
    """Print mismatches, and what the RTL and the reports say of the timing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("projects", nargs="+", type=Path, help="folders of hls4ml projects")
    parser.add_argument("--events", type=int, default=10_000, help="events for each")
    options = parser.parse_args()
    table = Table("project", "held", "against", "events × outputs", "mismatches", "timing")
    for project in options.projects:
        for language in ("verilog", "vhdl") if shutil.which("ghdl") else ("verilog",):
            for rtl in sorted(project.glob(f"**/syn/{language}")):
                done = l1ml.verify(project, rtl=rtl, events=options.events)
                table.add_row(project.name, language, "its C++", *told(done))
        model = ours(project)
        if model is not None:
            with tempfile.TemporaryDirectory() as folder:
                graph = compiled(model, project, Path(folder))
                table.add_row(
                    "", "its Verilog", "our C++", *told(l1ml.verify(graph, rtl=project, events=options.events))
                )
                table.add_row("", "our Verilog", "our C++", *told(l1ml.verify(graph, events=options.events)))
        table.add_row("", "C synthesis", "", "", "", reported(project))
    console.print(table)


def told(done: Any) -> tuple[str, str, str]:
    """Cells of a verdict."""
    return f"{done.events:,} × {done.outputs}", str(done.mismatches), done.simulation.timing


def reported(project: Path) -> str:
    """What C synthesis says."""
    try:
        found = vendor_summary(project)["synthesis"]
    except L1mlError as error:
        return f"not read: {str(error).rpartition('/')[2]}"
    used = ", ".join(f"{found['used'][key]:,} {key.upper()}" for key in ("lut", "ff", "dsp"))
    return f"latency {found['latency_max']}, II {found['interval_max']}; {used}; {found['tool']} {found['version']}"


def ours(project: Path) -> Any | None:
    """The Keras model of a project, if it is one of those that are described above."""
    firmware = project / "firmware"
    layers = [match.groupdict() for match in LAYER.finditer((firmware / "myproject.cpp").read_text())]
    layers = [layer for layer in layers if not layer["kind"].startswith("load")]
    types = set(re.findall(r"typedef (ap_u?fixed<[^;]*>) (?:input|result|layer\d+|model_default)_t;", defines(project)))
    chain = all(layer["source"] == before["target"] for before, layer in pairwise(layers))
    if len(types) != 1 or not chain or {layer["kind"] for layer in layers} - {"dense", "relu", "softmax"}:
        return None
    set_up_keras()
    from tf_keras import Model
    from tf_keras.layers import Activation, Dense, Input

    size = int(re.findall(r"\bn_in = (\d+);", (firmware / "parameters.h").read_text())[0])
    tensor = inputs = Input((size,), name=layers[0]["source"])
    weights = {}
    for layer in layers:
        name = f"{layer['kind']}_of_{layer['target']}"
        if layer["kind"] == "dense":
            kernel, biases = (numbers(firmware / f"weights/{layer[key]}.txt") for key in ("w", "b"))
            weights[name] = [kernel.reshape(-1, len(biases)), biases]
            tensor = Dense(len(biases), name=name)(tensor)
        else:
            tensor = Activation(layer["kind"], name=name)(tensor)
    model = Model(inputs, tensor)
    for name, values in weights.items():
        model.get_layer(name).set_weights(values)
    return model


def compiled(model: Any, project: Path, folder: Path) -> Any:
    """Our graph of a model, with C++ and Verilog."""
    import hls4ml

    default = DEFAULT.search(defines(project))
    assert default is not None
    with Path(os.devnull).open("w") as sink, redirect_stdout(sink):  # hls4ml prints its progress
        config = hls4ml.utils.config_from_keras_model(
            model, granularity="model", backend="Verilog", default_precision=f"fixed<{default[1]}>"
        )
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


def defines(project: Path) -> str:
    """The types of a project."""
    return (project / "firmware/defines.h").read_text()


def numbers(file: Path) -> NDArray[np.float64]:
    """Weights as hls4ml writes them."""
    return np.array([float(value) for value in file.read_text().split(",") if value.strip()])


if __name__ == "__main__":
    main()
