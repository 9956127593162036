"""What the stages of a build leave for its report, read and checked in one place."""

from __future__ import annotations

import json
import zipfile
import zlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import yaml
from numpy.typing import NDArray
from pydantic import FiniteFloat, TypeAdapter
from pydantic import ValidationError as Faults

from l1ml.compiler.design import FILE_NAME as DESIGN_FILE
from l1ml.compiler.design import Design
from l1ml.datasets.parts import Events
from l1ml.errors import L1mlError
from l1ml.report.records import (
    Dataset,
    Deviation,
    HlsMetrics,
    Layer,
    Manifest,
    ModelMetrics,
    Resources,
    TrainingMetrics,
    Verification,
)

MODELS = ("float", "quantized", "hls")
"""The three steps from training to firmware; ``hls`` is hls4ml's C++, and the RTL where it is verified."""

DAMAGE = (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile, zlib.error)
"""What numpy raises for an npz file that is cut off, changed or of another content."""

T = TypeVar("T")

STAGES = ("dataset", "train", "convert", "rtl", "verify")
"""The stages before the report."""


@dataclass(frozen=True)
class BuildData:
    """Everything a report shows.

    Attributes:
        test: Events of the test part.
        outputs: For each of `MODELS`, real outputs for them by name, float32, shape (n, elements).
        history: For the float and the quantized model, curves over the epochs by name.
        weights: Quantized weights of each layer as real numbers, shape (n_in, n_out).
        metrics: Metrics of each of `MODELS`.
        sparsity: Share of zero weights.
        spec_text: The resolved spec as it lies in the build folder.
        seconds: Run time of each stage.
    """

    dataset: Dataset
    test: Events
    outputs: dict[str, dict[str, NDArray[np.float32]]]
    history: dict[str, dict[str, list[float]]]
    weights: dict[str, NDArray[np.float64]]
    metrics: dict[str, ModelMetrics]
    sparsity: float
    layer_sparsity: dict[str, float]
    layers: list[Layer]
    deviation: Deviation
    design: Design
    verification: Verification
    resources: Resources
    spec: dict[str, Any]
    spec_text: str
    seconds: dict[str, float]

    @property
    def truth(self) -> NDArray[np.int64]:
        """Index of each test event's class, shape (n,)."""
        return self.test.labels

    def class_label(self, name: str) -> str:
        """What people call a class."""
        return self.dataset.labels.get(name, name)

    @property
    def bit_exact(self) -> bool:
        """Whether the RTL gave the integers of the C++ throughout."""
        return self.verification.mismatches == 0

    @property
    def labels(self) -> dict[str, str]:
        """What to call each of `MODELS`; RTL and C++ are one curve only where they are verified to be."""
        return {"float": "float", "quantized": "quantized", "hls": "HLS = RTL" if self.bit_exact else "HLS C++"}


def load(build: Path) -> BuildData:
    """Read a build folder.

    Args:
        build: Folder with one subfolder for each stage.

    Raises:
        L1mlError: If a file is missing, damaged or contradicts another one.
    """
    train, convert = build / "train", build / "convert"
    trained = _json(train / "metrics.json", TrainingMetrics)
    dataset = _json(build / "dataset/dataset.json", Dataset)
    verification = _json(build / "verify/verification.json", Verification)
    design = _read(build / "rtl/verilog" / DESIGN_FILE, lambda file: Design.load(file.parent))
    _agree(design, verification, build / "verify/verification.json")
    test = _read(build / "dataset/data.npz", partial(_test_events, dataset=dataset))
    outputs = _read(train / "outputs.npz", partial(_outputs, models=MODELS[:2], rows=len(test)))
    outputs |= _read(convert / "outputs.npz", partial(_outputs, models=MODELS[2:], rows=len(test)))
    spec_text = _read(build / "spec.yaml", Path.read_text)
    return BuildData(
        dataset=dataset,
        test=test,
        outputs=outputs,
        history=_json(train / "history.json", dict[str, dict[str, list[FiniteFloat]]]),
        weights=_read(train / "weights.npz", _weights),
        metrics={
            "float": trained.floating,
            "quantized": trained.quantized,
            "hls": _json(convert / "metrics.json", HlsMetrics).hls,
        },
        sparsity=trained.sparsity,
        layer_sparsity=trained.layer_sparsity,
        layers=_json(convert / "layers.json", list[Layer]),
        deviation=_json(convert / "deviation.json", Deviation),
        design=design,
        verification=verification,
        resources=_json(build / "rtl/resources.json", Resources),
        spec=_read(build / "spec.yaml", lambda _: TypeAdapter(dict[str, Any]).validate_python(_yaml(spec_text))),
        spec_text=spec_text,
        seconds={stage: _json(build / stage / "manifest.json", Manifest).seconds for stage in STAGES},
    )


def _read(file: Path, reader: Any) -> Any:
    """Result of ``reader(file)``, whatever goes wrong told as an L1mlError with the file's name."""
    try:
        return reader(file)
    except FileNotFoundError:
        raise L1mlError(f"{file} is missing: run the stage that writes it again (l1ml build)") from None
    except Faults as error:
        fault = error.errors()[0]
        place = ".".join(str(step) for step in fault["loc"]) or "content"
        raise L1mlError(f"{file} is damaged: {place}: {fault['msg']}") from None
    except DAMAGE as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise L1mlError(f"{file} is damaged: {reason}") from None


def _json(file: Path, kind: type[T]) -> T:
    # Python's parser also takes NaN, which FiniteFloat then refuses by the name of its field.
    return _read(file, lambda f: TypeAdapter(kind).validate_python(json.loads(f.read_text())))


def _yaml(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from None


def _test_events(file: Path, dataset: Dataset) -> Events:
    with np.load(file) as arrays:
        inputs = {name: arrays[f"test/{name}"] for name in dataset.inputs}
        labels = arrays["test/labels"]
    if labels.ndim != 1 or len(labels) == 0 or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"labels have shape {labels.shape} and type {labels.dtype}, expected integers in one row")
    classes = len(dataset.classes)
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(f"labels lie in {labels.min()}..{labels.max()}, but there are {classes} classes")
    for name, values in inputs.items():
        if len(values) != len(labels):
            raise ValueError(f"{name} has shape {values.shape} for {len(labels)} labels")
    return Events(inputs, labels.astype(np.int64))


def _outputs(file: Path, models: tuple[str, ...], rows: int) -> dict[str, dict[str, NDArray[np.float32]]]:
    found: dict[str, dict[str, NDArray[np.float32]]] = {model: {} for model in models}
    with np.load(file) as arrays:
        for key in arrays:
            model, _, name = key.partition("/")
            values = found[model][name] = arrays[key].astype(np.float32)
            if values.ndim != 2 or len(values) != rows:
                raise ValueError(f"{key} has shape {values.shape}, expected ({rows}, elements)")
            if not np.isfinite(values).all():
                raise ValueError(f"{key} has values that are not finite")
    for model, outputs in found.items():
        if not outputs:
            raise ValueError(f"no array is named {model}/<output>")
    return found


def _weights(file: Path) -> dict[str, NDArray[np.float64]]:
    with np.load(file) as arrays:
        weights = {n.removesuffix("/weight"): arrays[n].astype(np.float64) for n in arrays if n.endswith("/weight")}
    if not weights:
        raise ValueError("no array is named <layer>/weight")
    for name, values in weights.items():
        if values.size == 0 or not np.isfinite(values).all():
            raise ValueError(f"{name}/weight is empty or not finite")
    return weights


def _agree(design: Design, verification: Verification, file: Path) -> None:
    """A verification of another design must not adorn this one."""
    measured = (verification.latency_cycles, verification.initiation_interval, verification.outputs)
    declared = (design.latency, design.initiation_interval, sum(tensor.size for tensor in design.outputs))
    if measured != declared:
        raise L1mlError(
            f"{file} has latency, initiation interval and outputs {measured}, but {DESIGN_FILE} has {declared}: "
            "they are of different designs; run the verification again"
        )
    if (verification.mismatches > 0) != (verification.first_mismatch is not None):
        raise L1mlError(f"{file} is damaged: {verification.mismatches} mismatches, but first_mismatch says otherwise")
