"""What a trigger is: a data set, a network, figures of merit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from l1ml.datasets.parts import Prepared
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.spec import Spec

if TYPE_CHECKING:
    from l1ml.report.trigger import TriggerReport

Outputs = Mapping[str, NDArray[np.floating]]
"""Real outputs of a network by name, each of shape (n, elements)."""

Metrics = dict[str, Any]
"""Figures of merit of one model: numbers, or numbers by class. ``<name>_error`` is the statistical error of
``<name>``."""


@dataclass(frozen=True)
class Trained:
    """What training leaves.

    Attributes:
        model: Keras model that becomes firmware.
        types: Fixed-point type of each of its inputs, and of layers that do not know their own, by name; other types
            of a layer than its result as ``<layer>/<kind>``.
        outputs: Outputs for the test part, of the ``float`` and the ``quantized`` network.
        weights: Quantized weights and biases, as ``<layer>/weight`` and ``<layer>/bias``.
        history: Curves over the epochs, of the ``float`` and the ``quantized`` network.
        metrics: What only the training knows about the ``float`` and the ``quantized`` network.
        settings: Inputs that are the same for all events until somebody changes them, such as thresholds: real values
            by name, each of shape (elements,). They become registers.
    """

    model: Any
    types: dict[str, FixedType]
    outputs: dict[str, Outputs]
    weights: dict[str, NDArray[np.float64]]
    history: dict[str, dict[str, list[float]]]
    metrics: dict[str, Metrics] = field(default_factory=dict)
    settings: dict[str, NDArray[np.float64]] = field(default_factory=dict)

    def check(self) -> None:
        """See that names agree.

        Raises:
            L1mlError: If an input of the model has no type, or the two networks give outputs of other names.
        """
        inputs = [tensor.name for tensor in self.model.inputs]
        if missing := [name for name in inputs if name not in self.types]:
            raise L1mlError(
                f"training gives no type for the input {missing[0]!r} of the model, but for: {', '.join(self.types)}"
            )
        names = {model: sorted(outputs) for model, outputs in self.outputs.items()}
        if names.keys() != {"float", "quantized"} or names["float"] != names["quantized"]:
            raise L1mlError(f"training gives outputs {names}; give the same ones of the models 'float' and 'quantized'")


def named(module: Any, name: str) -> Any:
    """What a module of a trigger's folder must define.

    Raises:
        L1mlError: If it does not.
    """
    if not hasattr(module, name):
        raise L1mlError(f"{module.__name__} does not define {name}")
    return getattr(module, name)


@dataclass(frozen=True)
class Trigger:
    """One of the triggers: what is asked of it, and where in its folder the answer is.

    | file | what |
    | --- | --- |
    | ``__init__.py`` | ``TRIGGER``, an object of this class; light, as all folders are looked at |
    | ``spec.py`` | ``SPEC``, a subclass of `l1ml.spec.Spec` with the keys that only this trigger has |
    | ``preparation.py`` | ``prepare(spec)``: events, split into parts |
    | ``training.py`` | ``train(spec, data)``: the reference in floating point and the network that becomes firmware |
    | ``merit.py`` | ``metrics(spec, data, outputs)``: figures of merit |
    | ``report.py`` | ``REPORT``, a `l1ml.report.trigger.TriggerReport`: tables and figures of its own |
    | ``generator.py`` | ``generate(n, out, *, seed, workers)``: a simulation; only with ``simulates`` |
    | ``public.py`` | ``download(out)``; only with ``downloads`` |

    Attributes:
        package: Its package, ``__name__`` in the file that makes the object.
        headline: The metric that is shown first.
        data: What its events are called on the command line, such as ``jets``.
        simulates: How many events its simulation makes by default; 0 without one.
        downloads: Whether a public set can be downloaded.
    """

    package: str
    headline: str
    data: str = ""
    simulates: int = 0
    downloads: bool = False

    @property
    def name(self) -> str:
        """Its name in specs, which is that of its folder."""
        return self.package.rpartition(".")[2]

    def part(self, name: str) -> Any:
        """A module of its folder.

        Raises:
            L1mlError: If it is not there.
        """
        self._require(name)
        return import_module(f"{self.package}.{name}")

    def _require(self, name: str) -> None:
        if find_spec(f"{self.package}.{name}") is None:
            raise L1mlError(f"the trigger {self.name} has no file {name}.py")

    def check(self) -> None:
        """See that its folder has what stages ask for, before the first of them runs.

        Raises:
            L1mlError: If something is missing.
        """
        for part in ("preparation", "training", "merit", "report"):
            self._require(part)

    @property
    def spec(self) -> type[Spec]:
        """What its spec may say."""
        found: type[Spec] = named(self.part("spec"), "SPEC")
        return found

    def prepare(self, spec: Spec) -> Prepared:
        """Read events and split them.

        Raises:
            L1mlError: If the file of the data set is missing or damaged, or its events cannot be used.
        """
        prepared: Prepared = named(self.part("preparation"), "prepare")(spec)
        return prepared

    def train(self, spec: Spec, data: Prepared) -> Trained:
        """Train the reference in floating point and the network that becomes firmware."""
        trained: Trained = named(self.part("training"), "train")(spec, data)
        trained.check()
        return trained

    def metrics(self, spec: Spec, data: Prepared, outputs: Outputs) -> Metrics:
        """Figures of merit of the outputs for the test part."""
        found: Metrics = named(self.part("merit"), "metrics")(spec, data, outputs)
        if not {self.headline, f"{self.headline}_error"} <= found.keys():
            known = ", ".join(name for name in found if not name.endswith("_error"))
            raise L1mlError(
                f"the metrics of the trigger {self.name} lack {self.headline!r}, which is shown first, or its error "
                f"{self.headline + '_error'!r}; there are: {known}"
            )
        return found

    def report(self) -> TriggerReport:
        """Tables and figures of its own."""
        found: TriggerReport = named(self.part("report"), "REPORT")
        return found

    def summary(self, metrics: Metrics) -> str:
        """The headline in a few words."""
        name = self.headline
        return f"{name.replace('_', ' ')} {metrics[name]:.4f} ± {metrics[f'{name}_error']:.4f}"


def save_outputs(folder: Path, models: Mapping[str, Outputs]) -> None:
    """Write ``outputs.npz``: arrays ``<model>/<output>`` of shape (n, elements)."""
    arrays: Any = {f"{model}/{name}": values for model, found in models.items() for name, values in found.items()}
    np.savez(folder / "outputs.npz", **arrays)


def load_outputs(folder: Path) -> dict[str, dict[str, NDArray[np.float64]]]:
    """Read what `save_outputs` wrote."""
    found: dict[str, dict[str, NDArray[np.float64]]] = {}
    with np.load(folder / "outputs.npz") as file:
        for key in file:
            model, _, name = key.partition("/")
            found.setdefault(model, {})[name] = file[key]
    return found


def save_settings(folder: Path, settings: Mapping[str, NDArray[np.float64]]) -> None:
    """Write ``settings.npz``."""
    arrays: Any = settings
    np.savez(folder / "settings.npz", **arrays)


def load_settings(folder: Path) -> dict[str, NDArray[np.float64]]:
    """Read what `save_settings` wrote."""
    with np.load(folder / "settings.npz") as file:
        return dict(file)
