"""AXOL1TL, the anomaly trigger that CMS ran: its structure from given weights and types, for any version of it.

The names of weights and types are those of the hls4ml project that CMS's emulator compiles (``defines.h``): dense
layer n has the weights ``wn`` and ``bn`` and the types ``weightn_t``, ``biasn_t`` and ``layern_t``, its ReLU
``layer(n+1)_t``. Accumulators are named after Keras layers, in the order of these.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.keras_setup import set_up_keras
from l1ml.triggers.anomaly_vae.network import firmware_model


@dataclass(frozen=True)
class DenseParameters:
    """A dense layer and the types around it.

    Attributes:
        weights: Shape (n_in, n_out).
        biases: Shape (n_out,).
        weight_type: Type of the weights.
        bias_type: Type of the biases.
        accum: Type of the accumulators.
        result: Type of the sums.
        output: Type behind the ReLU; of the last layer, which has none, that of the means μ.
    """

    weights: NDArray[np.float64]
    biases: NDArray[np.float64]
    weight_type: FixedType
    bias_type: FixedType
    accum: FixedType
    result: FixedType
    output: FixedType


@dataclass(frozen=True)
class AxolParameters:
    """All numbers of a version of AXOL1TL.

    Attributes:
        offsets: Offsets of the inputs, in hardware units.
        shifts: Places to the right, negative ones to the left.
        layers: The encoder's dense layers.
        work: Type in which the scaler subtracts and shifts.
        offset: Type of the offsets; None for the narrowest that holds them.
        scaled: Type of the encoder's inputs.
        score: Type of squares, score and thresholds.
        thresholds: Integers in LSB of the score, by the name of the trigger bit.
    """

    offsets: NDArray[np.float64]
    shifts: NDArray[np.int64]
    layers: tuple[DenseParameters, ...]
    work: FixedType
    offset: FixedType | None
    scaled: FixedType
    score: FixedType
    thresholds: dict[str, int]

    @classmethod
    def load(cls, file: Path) -> AxolParameters:
        """Read a ``.npz``.

        Its arrays are ``offsets``, ``shifts``, ``names``, ``thresholds``, for each dense layer ``wn`` (row-major, n_in
        by n_out) and ``bn``, and the JSON text ``types``: the types by the names above, with ``unscaled_t`` for the
        scaler, ``input_t``, ``result_t`` for μ, ``resultsq_t`` for the score and, if the offsets are to lose fractional
        bits, ``offset_t``.

        Raises:
            L1mlError: If the file is missing or something of it.
        """
        try:
            with np.load(file) as arrays:
                return cls._of(dict(arrays))
        except (OSError, ValueError) as error:
            raise L1mlError(f"{file} is not a file of AXOL1TL: {error}") from None
        except KeyError as error:
            raise L1mlError(f"{file} is not a file of AXOL1TL: {error.args[0]} is missing") from None

    @classmethod
    def _of(cls, arrays: dict[str, Any]) -> AxolParameters:
        types = {name: FixedType.parse(text) for name, text in json.loads(str(arrays["types"])).items()}
        numbers = sorted(int(name[1:]) for name in arrays if re.fullmatch(r"w\d+", name))
        accums = [fixed for name, fixed in types.items() if name.endswith("_accum_t")]
        if not numbers or len(accums) != len(numbers):
            raise ValueError(f"{len(numbers)} dense layers, but {len(accums)} types of accumulators")
        layers = []
        for n, accum in zip(numbers, accums, strict=True):
            biases = arrays[f"b{n}"].astype(np.float64)
            layers.append(
                DenseParameters(
                    weights=arrays[f"w{n}"].astype(np.float64).reshape(-1, len(biases)),
                    biases=biases,
                    weight_type=types[f"weight{n}_t"],
                    bias_type=types[f"bias{n}_t"],
                    accum=accum,
                    result=types[f"layer{n}_t"],
                    output=types["result_t"] if n == numbers[-1] else types[f"layer{n + 1}_t"],
                )
            )
        return cls(
            offsets=arrays["offsets"].astype(np.float64),
            shifts=arrays["shifts"].astype(np.int64),
            layers=tuple(layers),
            work=types["unscaled_t"],
            offset=types.get("offset_t"),
            scaled=types["input_t"],
            score=types["resultsq_t"],
            thresholds={str(n): int(t) for n, t in zip(arrays["names"], arrays["thresholds"], strict=True)},
        )

    @property
    def objects(self) -> FixedType:
        """Type of the hardware integers: those that the scaler's working type holds."""
        return FixedType(self.work.integer, self.work.integer, self.work.signed)


def axol1tl_model(parameters: AxolParameters) -> Any:
    """The Keras model, from hardware integers and thresholds to score and bits."""
    set_up_keras()
    from tf_keras import Sequential
    from tf_keras.layers import Activation, Dense, Input

    encoder = Sequential([Input((len(parameters.offsets),), name="scaled")], name="encoder")
    names = _dense_names(parameters)
    for name, layer in zip(names, parameters.layers, strict=True):
        dense = Dense(len(layer.biases), name=name)
        encoder.add(dense)
        dense.set_weights([layer.weights, layer.biases])
        if name != names[-1]:
            encoder.add(Activation("relu", name=f"{name}_relu"))
    return firmware_model(encoder, parameters.offsets.tolist(), parameters.shifts.tolist(), len(parameters.thresholds))


def axol1tl_config(model: Any, parameters: AxolParameters, *, strategy: str, reuse_factor: int) -> dict[str, Any]:
    """hls4ml's configuration, with the types of every layer.

    Args:
        model: Result of ``axol1tl_model``.
        parameters: The types.
        strategy: How dense layers multiply.
        reuse_factor: Clock cycles over which their multiplications are spread.
    """
    import hls4ml

    config: dict[str, Any] = hls4ml.utils.config_from_keras_model(model, granularity="name", backend="Verilog")
    config["Model"].update(Strategy=strategy, ReuseFactor=reuse_factor)
    for name, types in _precisions(parameters).items():
        config["LayerName"][name]["Precision"].update({key: str(fixed) for key, fixed in types.items()})
        if "ReuseFactor" in config["LayerName"][name]:
            config["LayerName"][name].update(Strategy=strategy, ReuseFactor=reuse_factor)
    return config


def convert_axol1tl(
    parameters: AxolParameters, out: Path, *, strategy: str, reuse_factor: int, project: str = "axol1tl", **options: Any
) -> Any:
    """Convert with the Verilog backend.

    Args:
        parameters: Weights and types.
        out: Folder for the HLS project.
        strategy: How dense layers multiply.
        reuse_factor: Clock cycles over which their multiplications are spread.
        project: Name of the top function and of the core.
        options: More arguments for hls4ml's converter.

    Returns:
        hls4ml's ``ModelGraph``, not yet written.
    """
    model = axol1tl_model(parameters)
    import hls4ml

    return hls4ml.converters.convert_from_keras_model(
        model,
        hls_config=axol1tl_config(model, parameters, strategy=strategy, reuse_factor=reuse_factor),
        backend="Verilog",
        output_dir=str(out),
        project_name=project,
        io_type="io_parallel",
        **options,
    )


def _precisions(parameters: AxolParameters) -> dict[str, dict[str, FixedType]]:
    """Types of each layer by hls4ml's names."""
    scaler = {"work": parameters.work, "result": parameters.scaled}
    found = {
        "objects": {"result": parameters.objects},
        "thresholds": {"result": parameters.score},
        "scaler": scaler if parameters.offset is None else {**scaler, "offset": parameters.offset},
        "score": {"accum": parameters.score, "result": parameters.score},
    }
    names = _dense_names(parameters)
    for name, layer in zip(names, parameters.layers, strict=True):
        last = name == names[-1]
        found[name] = {
            "weight": layer.weight_type,
            "bias": layer.bias_type,
            "accum": layer.accum,
            "result": layer.result,
        }
        # hls4ml makes a layer of the activation that every dense layer of Keras has; here a linear one.
        found[f"{name}_linear"] = {"result": layer.output if last else layer.result}
        if not last:
            found[f"{name}_relu"] = {"result": layer.output}
    return found


def _dense_names(parameters: AxolParameters) -> list[str]:
    return [*(f"fc{number}" for number in range(1, len(parameters.layers))), "mu"]
