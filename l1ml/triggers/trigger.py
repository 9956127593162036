"""What a trigger is: a data set, a network, figures of merit."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from l1ml.datasets.parts import Prepared
from l1ml.fixed import FixedType
from l1ml.spec import Spec

if TYPE_CHECKING:
    from l1ml.report.trigger import TriggerReport

Outputs = Mapping[str, NDArray[np.floating]]
"""Real outputs of a network by name, each of shape (n, elements)."""

Metrics = dict[str, Any]
"""Figures of merit of one model: numbers, or numbers by class. ``<name>_error`` is the statistical error of
``<name>``."""

S = TypeVar("S", bound=Spec)


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


class Trigger(ABC, Generic[S]):
    """One of the triggers. Its methods import what they need, so that none of it burdens the others.

    Attributes:
        outputs: Names of the outputs of its firmware, in order.
        headline: The metric that is shown first.
    """

    outputs: ClassVar[tuple[str, ...]]
    headline: ClassVar[str]

    @abstractmethod
    def prepare(self, spec: S) -> Prepared:
        """Read events and split them.

        Raises:
            L1mlError: If the file of the data set is missing or damaged, or its events cannot be used.
        """

    @abstractmethod
    def train(self, spec: S, data: Prepared) -> Trained:
        """Train the reference in floating point and the network that becomes firmware."""

    @abstractmethod
    def metrics(self, spec: S, data: Prepared, outputs: Outputs) -> Metrics:
        """Figures of merit of the outputs for the test part."""

    @abstractmethod
    def report(self) -> TriggerReport:
        """Tables and figures of the trigger's own."""

    def summary(self, metrics: Metrics) -> str:
        """The headline in a few words."""
        name = self.headline
        return f"{name.replace('_', ' ')} {metrics[name]:.4f} ± {metrics[f'{name}_error']:.4f}"


def save_outputs(folder: Path, models: Mapping[str, Outputs]) -> None:
    """Write ``outputs.npz``: arrays ``<model>/<output>`` of shape (n, elements)."""
    arrays: Any = {f"{model}/{name}": values for model, found in models.items() for name, values in found.items()}
    np.savez(folder / "outputs.npz", **arrays)


def save_settings(folder: Path, settings: Mapping[str, NDArray[np.float64]]) -> None:
    """Write ``settings.npz``."""
    arrays: Any = settings
    np.savez(folder / "settings.npz", **arrays)


def load_settings(folder: Path) -> dict[str, NDArray[np.float64]]:
    """Read what `save_settings` wrote."""
    with np.load(folder / "settings.npz") as file:
        return dict(file)
