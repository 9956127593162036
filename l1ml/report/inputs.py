"""What the stages of a build leave for its report, read and checked in one place."""

from __future__ import annotations

import json
import zipfile
import zlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
import yaml
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, NonNegativeInt, PositiveInt, TypeAdapter
from pydantic import ValidationError as Faults

from l1ml.errors import L1mlError
from l1ml.rtl.design import FILE_NAME as DESIGN_FILE
from l1ml.rtl.design import Design

MODELS = ("float", "quantized", "hls")
"""The three steps from training to firmware; ``hls`` is hls4ml's C++, and the RTL where it is verified."""

DAMAGE = (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile, zlib.error)
"""What numpy raises for an npz file that is cut off, changed or of another content."""

ModelMetrics = dict[str, FiniteFloat | dict[str, FiniteFloat]]
"""Metrics of one model as its trigger defines them: a number, or a number for each class.
``<name>_error`` is the statistical error of ``<name>``."""

Share = Annotated[float, Field(ge=0, le=1)]
T = TypeVar("T")


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class Dataset(_Record):
    """The data set: where it is from, its inputs and classes, and events in each part."""

    source: str
    features: list[str]
    classes: list[str]
    sizes: dict[str, NonNegativeInt]


class TrainingMetrics(_Record):
    """Metrics of the Keras models and the share of zero weights, all layers and each."""

    floating: ModelMetrics = Field(alias="float")
    quantized: ModelMetrics
    sparsity: Share
    layer_sparsity: dict[str, Share]


class HlsMetrics(_Record):
    """Metrics of hls4ml's C++."""

    hls: ModelMetrics


class Layer(_Record):
    """A layer of hls4ml's graph."""

    name: str
    kind: str = Field(alias="class")
    n_in: PositiveInt
    n_out: PositiveInt
    weights_type: str | None
    result_type: str
    strategy: str | None
    reuse_factor: PositiveInt | None


class Mismatch(_Record):
    """The first difference between C++ and RTL, integers in LSB."""

    event: NonNegativeInt
    output: NonNegativeInt
    golden: int
    rtl: int
    layer: str


class Verification(_Record):
    """Result of comparing RTL and C++ integer by integer."""

    simulator: str
    events: PositiveInt
    families: dict[str, NonNegativeInt] = {}
    outputs: PositiveInt
    mismatches: NonNegativeInt
    latency_cycles: NonNegativeInt
    initiation_interval: PositiveInt
    seconds: FiniteFloat
    events_per_second: int | FiniteFloat
    first_mismatch: Mismatch | None


class Cells(_Record):
    """Cells of an FPGA; block RAM in units of 36 kb."""

    lut: NonNegativeInt
    ff: NonNegativeInt
    dsp: NonNegativeInt
    bram: Annotated[float, Field(ge=0)]
    carry: NonNegativeInt


class ModuleCells(Cells):
    """Cells of a module and, where it is known, its longest path in ns."""

    path_ns: Annotated[FiniteFloat, Field(ge=0)] | None = None


class Timing(_Record):
    """The longest path of the core in ns, the module that has it, and what the delays are."""

    longest_path_ns: Annotated[FiniteFloat, Field(ge=0)]
    module: str
    tool: str
    delays: str


class Resources(_Record):
    """Cells of the core and of each of its modules, and the longest path between registers."""

    tool: str
    family: str
    kind: Literal["estimate", "vivado"]
    total: Cells
    timing: Timing | None = None
    modules: dict[str, ModuleCells]


@dataclass(frozen=True)
class BuildData:
    """Everything a report shows.

    Attributes:
        truth: Index of each test event's class, shape (n,).
        scores: Outputs of each of `MODELS`, float32, shape (n, outputs).
        history: For the float and the quantized model, curves over the epochs by name.
        weights: Quantized weights of each layer as real numbers, shape (n_in, n_out).
        metrics: Metrics of each of `MODELS`.
        sparsity: Share of zero weights.
        spec_text: The resolved spec as it lies in the build folder.
        seconds: Run time of each stage.
    """

    dataset: Dataset
    truth: NDArray[np.int64]
    scores: dict[str, NDArray[np.float32]]
    history: dict[str, dict[str, list[float]]]
    weights: dict[str, NDArray[np.float64]]
    metrics: dict[str, ModelMetrics]
    sparsity: float
    layer_sparsity: dict[str, float]
    layers: list[Layer]
    design: Design
    verification: Verification
    resources: Resources
    spec: dict[str, Any]
    spec_text: str
    seconds: dict[str, float]

    @property
    def bit_exact(self) -> bool:
        """Whether the RTL gave the integers of the C++ throughout."""
        return self.verification.mismatches == 0

    @property
    def labels(self) -> dict[str, str]:
        """What to call each of `MODELS`; RTL and C++ are one curve only where they are verified to be."""
        return {"float": "float", "quantized": "quantized", "hls": "HLS = RTL" if self.bit_exact else "HLS C++"}


def load(build: Path, resources: Path | None = None) -> BuildData:
    """Read a build folder.

    Args:
        build: Folder with one subfolder for each stage.
        resources: The resource counts, if not ``report/resources.json`` of the build.

    Raises:
        L1mlError: If a file is missing, damaged or contradicts another one.
    """
    train, convert = build / "train", build / "convert"
    trained = _json(train / "metrics.json", TrainingMetrics)
    dataset = _json(build / "dataset/dataset.json", Dataset)
    verification = _json(build / "verify/verification.json", Verification)
    design = _read(build / "rtl/verilog" / DESIGN_FILE, lambda file: Design.load(file.parent))
    _agree(design, verification, build / "verify/verification.json")
    truth, scores = _read(train / "scores.npz", partial(_trained_scores, classes=len(dataset.classes)))
    scores["hls"] = _read(convert / "scores.npz", partial(_table, name="hls", rows=len(truth)))
    spec_text = _read(build / "spec.yaml", Path.read_text)
    return BuildData(
        dataset=dataset,
        truth=truth,
        scores=scores,
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
        design=design,
        verification=verification,
        resources=_json(resources or build / "report/resources.json", Resources),
        spec=_read(build / "spec.yaml", lambda _: TypeAdapter(dict[str, Any]).validate_python(_yaml(spec_text))),
        spec_text=spec_text,
        seconds=_json(build / "seconds.json", dict[str, FiniteFloat]),
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


def _table(file: Path, name: str, rows: int | None = None) -> NDArray[np.float32]:
    with np.load(file) as arrays:
        table = arrays[name].astype(np.float32)
    if table.ndim != 2 or (rows is not None and len(table) != rows):
        raise ValueError(f"{name} has shape {table.shape}, expected ({rows or 'events'}, outputs)")
    if not np.isfinite(table).all():
        raise ValueError(f"{name} has values that are not finite")
    return table


def _trained_scores(file: Path, classes: int) -> tuple[NDArray[np.int64], dict[str, NDArray[np.float32]]]:
    with np.load(file) as arrays:
        truth = arrays["truth"]
    if truth.ndim != 1 or len(truth) == 0 or not np.issubdtype(truth.dtype, np.integer):
        raise ValueError(f"truth has shape {truth.shape} and type {truth.dtype}, expected one integer for each event")
    if truth.min() < 0 or truth.max() >= classes:
        raise ValueError(f"truth lies in {truth.min()}..{truth.max()}, but there are {classes} classes")
    return truth.astype(np.int64), {name: _table(file, name, len(truth)) for name in ("float", "quantized")}


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
