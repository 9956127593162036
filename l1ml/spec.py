"""What a file of ``hls_projects/`` may say, with defaults and limits."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.paths import shared
from l1ml.reserved import RESERVED


def _precision(text: str) -> str:
    if text != "auto":
        try:
            FixedType.parse(text)
        except L1mlError as error:
            raise ValueError(str(error)) from None  # pydantic adds the key
    return text


def _free(name: str) -> str:
    if name in RESERVED:
        raise ValueError("is a keyword of Verilog or C++, and the name of the core; choose another name")
    return name


Precision = Annotated[str, AfterValidator(_precision)]
"""``auto`` or an ``ap_fixed`` such as ``fixed<16,6>`` or ``ufixed<6,0,RND_CONV,SAT>``."""

Strategy = Literal["auto", "Latency", "Resource", "distributed_arithmetic"]
"""How a layer multiplies; ``auto`` takes what needs the least logic."""


class Section(BaseModel):
    """Base of all parts of a spec: no unknown keys, no changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DatasetSpec(Section):
    """Where events come from and how they are split."""

    source: Literal["sample", "generated", "public"] = "sample"
    """``sample``: shipped with l1ml; ``generated``: made by ``l1ml data generate``; ``public``: the public set."""
    path: Path | None = None
    """File of a ``generated`` or ``public`` set, relative to where l1ml is run."""
    validation_fraction: float = Field(0.1, gt=0, lt=0.5)
    test_fraction: float = Field(0.2, gt=0, lt=0.5)
    seed: int = Field(7, ge=0)


class ModelSpec(Section):
    """The network."""

    hidden: tuple[Annotated[int, Field(ge=1, le=4096)], ...] = (64, 32, 32)
    weight_bits: int = Field(6, ge=2, le=16)
    activation_bits: int = Field(6, ge=1, le=16)
    input_precision: Precision = "auto"
    """Type of the inputs; ``auto`` finds the narrowest one that costs less than 0.1 pp of accuracy."""


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

    stage_delay: float = Field(5.0, gt=1, le=100)
    """Longest logic between two registers, in adders one after the other."""


class VerificationSpec(Section):
    """How the Verilog is checked."""

    events: int = Field(12_000, ge=100)
    seed: int = Field(1, ge=0)


class Spec(Section):
    """A trigger: everything that its firmware is made from."""

    project: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$"), AfterValidator(_free)]
    trigger: Literal["jet_tagger"]
    title: str = ""
    dataset: DatasetSpec = DatasetSpec()
    model: ModelSpec = ModelSpec()
    training: TrainingSpec = TrainingSpec()
    pruning: PruningSpec = PruningSpec()
    hls: HlsSpec = HlsSpec()
    rtl: RtlSpec = RtlSpec()
    verification: VerificationSpec = VerificationSpec()

    def reuse_factor(self, layer: str) -> int:
        """Clock cycles over which the work of a layer is spread."""
        exception = self.hls.layers.get(layer)
        return (exception.reuse_factor if exception else None) or self.hls.reuse_factor


_SECTIONS = {key for key, field in Spec.model_fields.items() if isinstance(field.default, Section)}


def projects() -> dict[str, Path]:
    """The specs that come with l1ml, by name."""
    return {file.stem: file for file in sorted(shared("hls_projects").glob("*.yaml"))}


def load_spec(name: str | Path, overrides: dict[str, Any] | None = None) -> Spec:
    """Read a spec.

    Args:
        name: Path of a YAML file, or a name in ``hls_projects/``.
        overrides: Values by dotted key, such as ``{"hls.reuse_factor": 8}``.

    Raises:
        L1mlError: If there is no such file, it is not YAML, or a key or a value is not allowed.
    """
    file = projects().get(str(name), Path(name))
    try:
        values = yaml.safe_load(file.read_text())
    except FileNotFoundError:
        known = ", ".join(projects())
        raise L1mlError(f"there is no spec {str(name)!r}: give a path, or one of {known}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise L1mlError(f"{file} cannot be read: {error}") from None
    except (yaml.YAMLError, ValueError) as error:  # ValueError: what looks like a date, but is none
        raise L1mlError(f"{file} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(values, dict):
        raise L1mlError(f"{file} must hold keys and values, such as 'project: jet_tagger'")
    values = {key: {} if value is None and key in _SECTIONS else value for key, value in values.items()}
    for key, value in (overrides or {}).items():
        _set(values, key, value)
    try:
        return Spec.model_validate(values)
    except ValidationError as error:
        raise L1mlError(f"{file}: {_explain(error)}") from None


def parse_overrides(settings: list[str]) -> dict[str, Any]:
    """``["hls.reuse_factor=8"]`` → ``{"hls.reuse_factor": 8}``; values are read as YAML.

    Raises:
        L1mlError: If there is no ``=`` or the value is not YAML.
    """
    found = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not key:
            raise L1mlError(f"--set {setting!r} is not understood; write it like --set hls.reuse_factor=8")
        try:
            found[key.strip()] = yaml.safe_load(value)
        except (yaml.YAMLError, ValueError):
            raise L1mlError(f"--set {setting!r}: the value is not YAML") from None
    return found


def _set(values: dict[str, Any], dotted: str, value: Any) -> None:
    *path, last = dotted.split(".")
    for key in path:
        values = values.setdefault(key, {})
        if not isinstance(values, dict):
            raise L1mlError(f"--set {dotted}: {key!r} has no keys below it")
    values[last] = value


def _explain(error: ValidationError) -> str:
    """The first fault of a spec in one line."""
    fault = error.errors()[0]
    where = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        allowed = _allowed_keys(fault["loc"][:-1])
        near = difflib.get_close_matches(str(fault["loc"][-1]), allowed, 1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        return f"unknown key {where!r}; {hint}allowed: {', '.join(allowed)}"
    if fault["type"] == "missing":
        return f"key {where!r} is missing"
    if fault["type"] in ("model_type", "dict_type"):
        allowed = _allowed_keys(fault["loc"])
        hint = f"; allowed: {', '.join(allowed)}" if allowed else ""
        return f"{where}: should hold keys and values, got {fault['input']!r}{hint}"
    message = fault["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return f"{where}: {message}, got {fault['input']!r}"


def _allowed_keys(location: tuple[int | str, ...]) -> list[str]:
    model: Any = Spec
    for part in location:
        if isinstance(model, type) and issubclass(model, BaseModel) and part in model.model_fields:
            model = model.model_fields[str(part)].annotation
        else:  # a key of a dictionary of sections, such as the name of a layer
            model = get_args(model)[1]
    if isinstance(model, type) and issubclass(model, BaseModel):
        return list(model.model_fields)
    return []
