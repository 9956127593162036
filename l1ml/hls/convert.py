"""Conversion by hls4ml: from a trained QKeras model to a compiled HLS C++ project and its graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from l1ml.console import captured
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.keras_setup import set_up_keras
from l1ml.tools import require


@dataclass(frozen=True)
class LayerOptions:
    """What one layer does otherwise than the rest; None leaves it as it is."""

    strategy: str | None = None
    reuse_factor: int | None = None
    precision: str | None = None


@dataclass(frozen=True)
class ConvertOptions:
    """How hls4ml converts.

    Attributes:
        project: Name of the top function and of the core.
        part: FPGA part.
        clock_ns: Clock period in ns.
        clock_uncertainty: Margin that HLS keeps, as hls4ml takes it.
        strategy: How layers multiply.
        reuse_factor: Clock cycles over which a layer's multiplications are spread.
        stage_delay: Longest logic between two registers of the RTL, in adders one after the other.
        layers: Exceptions by layer name.
    """

    project: str
    part: str
    clock_ns: float
    clock_uncertainty: str
    strategy: str
    reuse_factor: int
    stage_delay: float
    layers: Mapping[str, LayerOptions] = field(default_factory=dict)


def load_model(file: Path) -> Any:
    """Load the trained model that a build keeps."""
    from l1ml.layers.keras import custom_objects

    set_up_keras()
    from qkeras.utils import load_qmodel

    return load_qmodel(str(file), custom_objects(), compile=False)


def convert(model: Any, types: Mapping[str, FixedType], options: ConvertOptions, out: Path) -> Any:
    """Convert a (Q)Keras model with the Verilog backend and compile its C++.

    Args:
        model: Trained model of ``tf_keras``.
        types: Type of the result of each input and of layers that Keras does not know the type of, by name; other
            types of a layer as ``<layer>/<kind>``.
        options: How to convert.
        out: Folder for the HLS project.

    Returns:
        hls4ml's ``ModelGraph``, written and compiled.

    Raises:
        L1mlError: If a layer in the options does not exist, a strategy or reuse factor is not valid, or g++ fails.
    """
    set_up_keras()
    require("g++")
    import hls4ml

    try:
        with captured() as said:  # hls4ml prints its progress, and what the compiler says
            config = hls4ml.utils.config_from_keras_model(model, granularity="name", backend="Verilog")
            config["Model"].update(Strategy=options.strategy, ReuseFactor=options.reuse_factor)
            layers = config["LayerName"]
            for name, fixed in types.items():
                layer, _, kind = name.partition("/")
                layers[layer].setdefault("Precision", {})[kind or "result"] = str(fixed)
            for name, layer in layers.items():
                if "ReuseFactor" in layer or name in options.layers:
                    layer.update(Strategy=options.strategy, ReuseFactor=options.reuse_factor)
            _apply_exceptions(layers, options.layers)
            graph = hls4ml.converters.convert_from_keras_model(
                model,
                hls_config=config,
                backend="Verilog",
                output_dir=str(out),
                project_name=options.project,
                part=options.part,
                clock_period=options.clock_ns,
                clock_uncertainty=options.clock_uncertainty,
                io_type="io_parallel",
                stage_delay=options.stage_delay,
                write_rtl=False,
                write_weights_txt=False,  # compiled in, so that the finished project can be moved
            )
            graph.compile()
    except Exception as error:
        if type(error) is not Exception:  # hls4ml refuses with plain ones; others have their own meaning
            raise
        raise L1mlError(f"hls4ml: {_one_line(error)}{_compiler_error(said.getvalue())}") from error
    config_file = out / "hls4ml_config.yml"
    config_file.write_text(config_file.read_text().replace(str(out), "."))  # the project may be moved
    return graph


def _one_line(error: Exception) -> str:
    return " ".join(str(error).removeprefix("ERROR: ").split())


def _compiler_error(output: str) -> str:
    """What the compiler says is wrong, to follow hls4ml's own message; nothing if it was not the compiler."""
    faults = [line.strip() for line in output.splitlines() if "error:" in line.lower()]
    return f": {faults[0]}" if faults else ""


def _apply_exceptions(layers: dict[str, Any], exceptions: Mapping[str, LayerOptions]) -> None:
    for name, exception in exceptions.items():
        if name not in layers:
            raise L1mlError(f"hls.layers names {name!r}, which is no layer of the model; it has {', '.join(layers)}")
        if exception.strategy is not None:
            layers[name]["Strategy"] = exception.strategy
        if exception.reuse_factor is not None:
            layers[name]["ReuseFactor"] = exception.reuse_factor
        if exception.precision is not None:
            layers[name]["Precision"]["result"] = exception.precision
