"""The JSON files that the stages of a build leave for its report, and what may stand in them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, NonNegativeInt, PositiveFloat, PositiveInt

ModelMetrics = dict[str, FiniteFloat | dict[str, FiniteFloat]]
"""Metrics of one model as its trigger defines them: a number, or a number for each class.
``<name>_error`` is the statistical error of ``<name>``."""

Share = Annotated[float, Field(ge=0, le=1)]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class Manifest(_Record):
    """What is known of a finished stage."""

    seconds: FiniteFloat


class Dataset(_Record):
    """The data set: where it is from, its inputs, its classes and what people call them, and events in each part."""

    source: str
    inputs: list[str]
    features: list[str]
    classes: list[str]
    labels: dict[str, str] = {}
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
    name: str = ""
    lsb: PositiveFloat = 1.0


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


class OutputDeviation(_Record):
    """An output of hls4ml's C++ beside that of the quantized Keras model."""

    name: str
    largest: Annotated[FiniteFloat, Field(ge=0)]
    rms: Annotated[FiniteFloat, Field(ge=0)]
    range: Annotated[FiniteFloat, Field(ge=0)]
    other_argmax: Share | None


class Overflow(_Record):
    """A cast in which values overflow (``wraps``) or saturate, with their share."""

    layer: str
    what: str
    type: str
    share: Share
    wraps: bool


class Deviation(_Record):
    """How far hls4ml's C++ is from the quantized Keras model on the test events."""

    events: PositiveInt
    outputs: list[OutputDeviation]
    overflows: list[Overflow]
    hints: list[str]
    summary: list[str]


class Cells(_Record):
    """Cells of an FPGA; block RAM in units of 36 kb."""

    lut: NonNegativeInt
    ff: NonNegativeInt
    dsp: NonNegativeInt
    bram: Annotated[float, Field(ge=0)]
    carry: NonNegativeInt


class ModuleCells(Cells):
    """Cells of a module and, where they are known, its longest path in ns and the levels of logic on it."""

    path_ns: Annotated[FiniteFloat, Field(ge=0)] | None = None
    levels: NonNegativeInt | None = None


class Timing(_Record):
    """The longest path of the core in ns with its levels of logic, the slowest module, and what the delays are."""

    longest_path_ns: Annotated[FiniteFloat, Field(ge=0)]
    logic_levels: NonNegativeInt | None = None
    module: str
    tool: str
    delays: str


class Resources(_Record):
    """Cells of the core and of each of its modules alone, what these counts are, and the longest path of the core."""

    tool: str
    family: str
    kind: Literal["estimate", "vivado"]
    definition: str = ""
    total: Cells
    timing: Timing | None = None
    modules: dict[str, ModuleCells]
