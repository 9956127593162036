"""The parts that every file of ``hls_projects/`` may have, with defaults and limits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.reserved import RESERVED


def _fixed_precision(text: str) -> str:
    try:
        FixedType.parse(text)
    except L1mlError as error:
        raise ValueError(str(error)) from None  # pydantic adds the key
    return text


def _precision(text: str) -> str:
    return text if text == "auto" else _fixed_precision(text)


def _free(name: str) -> str:
    if name in RESERVED:
        raise ValueError("is a keyword of Verilog or C++, and the name of the core; choose another name")
    return name


FixedPrecision = Annotated[str, AfterValidator(_fixed_precision)]
"""An ``ap_fixed`` such as ``fixed<16,6>`` or ``ufixed<6,0,RND_CONV,SAT>``."""

Precision = Annotated[str, AfterValidator(_precision)]
"""``auto`` or an ``ap_fixed``."""

Hidden = tuple[Annotated[int, Field(ge=1, le=4096)], ...]
"""Widths of the hidden layers."""

Strategy = Literal["auto", "Latency", "Resource", "distributed_arithmetic"]
"""How a layer multiplies; ``auto`` takes what needs the least logic."""


class Section(BaseModel):
    """Base of all parts of a spec: no unknown keys, no changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DatasetSpec(Section):
    """Where events come from and how they are split."""

    source: str = "sample"
    """``sample``: shipped with l1ml; ``generated``: made by ``l1ml data generate``; others are a trigger's own."""
    path: Path | None = None
    """File of any set but the ``sample``, relative to where l1ml is run."""
    validation_fraction: float = Field(0.1, gt=0, lt=0.5)
    test_fraction: float = Field(0.2, gt=0, lt=0.5)
    seed: int = Field(7, ge=0)

    @model_validator(mode="after")
    def _path_is_read(self) -> Self:
        if self.source == "sample" and self.path is not None:
            raise ValueError(f"path {str(self.path)!r} is not read by source 'sample'; give another source, or no path")
        return self

    @property
    def file(self) -> Path:
        """Where events are, for any source but the ``sample``.

        Raises:
            L1mlError: If the spec does not say.
        """
        if self.path is None:
            raise L1mlError(f"dataset.source is {self.source!r}: give its file or folder with dataset.path")
        return self.path


class ModelSpec(Section):
    """The network: hidden layers and bit widths."""

    hidden: Hidden
    weight_bits: int = Field(6, ge=2, le=16)
    activation_bits: int = Field(6, ge=1, le=16)


class TrainingSpec(Section):
    """How the network is trained."""

    epochs: int = Field(60, ge=1)
    batch_size: int = Field(1024, ge=1)
    learning_rate: float = Field(3e-3, gt=0, lt=1)
    patience: int = Field(8, ge=1)
    seed: int = Field(1, ge=0)


class PruningSpec(Section):
    """How many weights are removed."""

    sparsity: float = Field(0.75, ge=0, lt=1)
    ramp_epochs: int = Field(15, ge=1)
    block: Literal["weight", "multiplier"] = "weight"
    """``multiplier``: as many consecutive inputs of a neuron as the reuse factor of its layer, together."""


class LayerSpec(Section):
    """What one layer does otherwise than the rest."""

    strategy: Strategy | None = None
    reuse_factor: int | None = Field(None, ge=1)
    precision: Precision | None = None
    """Type of the layer's result."""


class HlsSpec(Section):
    """The conversion by hls4ml."""

    part: str = "xcvu13p-flga2577-2-e"
    clock_ns: float = Field(2.8, gt=0.1, lt=1000)
    clock_uncertainty: str = Field("12.5%", pattern=r"^\d+(\.\d+)?%?$")
    """Margin that HLS keeps: a share of the period such as ``12.5%``, or ns."""
    strategy: Strategy = "auto"
    reuse_factor: int = Field(1, ge=1)
    layers: dict[str, LayerSpec] = {}


class RtlSpec(Section):
    """How the Verilog is made."""

    stage_delay: float = Field(5.0, gt=0, le=100)
    """Longest logic between two registers, in adders one after the other."""


class VerificationSpec(Section):
    """How the Verilog is checked."""

    events: int = Field(12_000, ge=100)
    seed: int = Field(1, ge=0)
    time_limit: float | None = Field(None, gt=0)
    """Seconds after which a simulation is taken to hang; some that grow with its clock cycles by default."""


BusField = Literal["packed", "auto", 8, 16, 32, 64]
"""Bits of an element on a bus: those of its type, the fewest of 8, 16, 32 and 64 that hold it, or a number."""

Places = tuple[Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")], ...]
"""Link, frame and lowest bit of each element."""


class StreamSpec(Section):
    """The AXI4-Stream wrapper."""

    data_width: Literal[8, 16, 32, 64, 128, 256, 512, 1024] = 64
    field: BusField = "packed"


class EmpSpec(Section):
    """The wrapper for links of an EMP payload."""

    frames: int | None = Field(None, ge=1, le=256)
    """Words of an event on each input link; as many as ``clocks_per_bx`` by default."""
    output_frames: int | None = Field(None, ge=1, le=256)
    """Words of a result on each output link; no more than are needed by default."""
    field: BusField = "auto"
    input_map: Places = ()
    """A place for each element of an event; empty for one after the other."""
    output_map: Places = ()
    """The same for a result."""


class FirmwareSpec(Section):
    """What is put around the core."""

    wrappers: tuple[Literal["axi_stream", "axi_lite", "axi", "bunch_crossing", "emp"], ...] = ()
    """Empty for all that the core allows."""
    clocks_per_bx: int = Field(9, ge=2, le=64)
    stream: StreamSpec = StreamSpec()
    emp: EmpSpec = EmpSpec()


class Spec(Section):
    """A trigger: everything that its firmware is made from. Each trigger has a subclass with its own parts."""

    project: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$"), AfterValidator(_free)]
    trigger: str
    title: str = ""
    dataset: DatasetSpec = DatasetSpec()
    model: ModelSpec
    training: TrainingSpec = TrainingSpec()
    pruning: PruningSpec = PruningSpec()
    hls: HlsSpec = HlsSpec()
    rtl: RtlSpec = RtlSpec()
    verification: VerificationSpec = VerificationSpec()
    firmware: FirmwareSpec = FirmwareSpec()

    def reuse_factor(self, layer: str) -> int:
        """Clock cycles over which the work of a layer is spread."""
        exception = self.hls.layers.get(layer)
        return (exception.reuse_factor if exception else None) or self.hls.reuse_factor
