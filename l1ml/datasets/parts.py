"""What the first stage of a build leaves for the others: events in parts, as the firmware will see them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from l1ml.errors import L1mlError

PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Events:
    """Inputs of the firmware before they are cast to fixed-point types, and labels.

    Attributes:
        inputs: Real values by name of the input, each of shape (n, elements).
        labels: Indices of classes, shape (n,).
    """

    inputs: dict[str, NDArray[np.float32]]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Events:
        """Some of the events."""
        return Events({name: values[rows] for name, values in self.inputs.items()}, self.labels[rows])

    def with_settings(self, settings: Mapping[str, NDArray[np.float64]]) -> Events:
        """These events with inputs that are the same for all of them, each of shape (elements,)."""
        same = {name: np.tile(values.astype(np.float32), (len(self), 1)) for name, values in settings.items()}
        return Events({**self.inputs, **same}, self.labels)

    def join(self, other: Events) -> Events:
        """These events and others."""
        inputs = {name: np.concatenate([values, other.inputs[name]]) for name, values in self.inputs.items()}
        return Events(inputs, np.concatenate([self.labels, other.labels]))


@dataclass(frozen=True)
class Prepared:
    """A data set that is ready for training.

    Attributes:
        parts: Events of each of `PARTS`.
        classes: Names of the labels.
        features: Names of the elements of all inputs, in order.
        source: Where the events come from.
        labels: What people call those classes whose names are short.
        constants: Arrays that whoever stands before the core needs to know.
    """

    parts: dict[str, Events]
    classes: tuple[str, ...]
    features: tuple[str, ...]
    source: str
    labels: dict[str, str] = field(default_factory=dict)
    constants: dict[str, NDArray[Any]] = field(default_factory=dict)

    def save(self, folder: Path) -> None:
        """Write ``data.npz`` (arrays ``<part>/<input>``, ``<part>/labels``, constants) and ``dataset.json``.

        Raises:
            L1mlError: If a part is missing or empty, a value not finite, a label or the number of features wrong, or a
                class without an event for the test.
        """
        self._check()
        arrays = {
            f"{part}/{name}": values
            for part, events in self.parts.items()
            for name, values in {**events.inputs, "labels": events.labels}.items()
        }
        np.savez(folder / "data.npz", **arrays, **self.constants)  # type: ignore[arg-type]
        about = {
            "source": self.source,
            "inputs": list(self.parts["train"].inputs),
            "features": list(self.features),
            "classes": list(self.classes),
            "labels": self.labels,
            "sizes": {part: len(self.parts[part]) for part in PARTS},
        }
        (folder / "dataset.json").write_text(json.dumps(about, indent=2))

    def _check(self) -> None:
        if self.parts.keys() != {*PARTS}:
            raise L1mlError(f"events are wanted in the parts {', '.join(PARTS)}, got {', '.join(self.parts)}")
        sizes = {part: len(events) for part, events in self.parts.items()}
        if not all(sizes.values()):
            part, all_of_them = next(part for part, size in sizes.items() if not size), sum(sizes.values())
            raise L1mlError(f"of {all_of_them} events, there is none for the part {part}; give more events")
        for part, events in self.parts.items():
            for name, values in events.inputs.items():
                if not np.isfinite(values).all():
                    row = int(np.argwhere(~np.isfinite(values))[0][0])
                    raise L1mlError(f"input {name!r} of event {row} of the part {part} is not finite; leave it out")
            if events.labels.min() < 0 or events.labels.max() >= len(self.classes):
                raise L1mlError(f"labels of the part {part} are not below {len(self.classes)}, the number of classes")
        there = np.bincount(self.parts["test"].labels, minlength=len(self.classes))
        if not there.all():
            raise L1mlError(
                f"none of the {len(self.parts['test'])} events for the test is of class "
                f"{self.classes[int(np.argmin(there))]!r}; give more events, some of each class"
            )
        elements = sum(values.shape[1] for values in self.parts["train"].inputs.values())
        if elements != len(self.features):
            raise L1mlError(f"there are names for {len(self.features)} features, but {elements} elements of inputs")

    @classmethod
    def load(cls, folder: Path) -> Prepared:
        """Read what ``save`` wrote."""
        about = json.loads((folder / "dataset.json").read_text())
        with np.load(folder / "data.npz") as file:
            arrays = dict(file)
        return cls(
            parts={
                part: Events({n: arrays[f"{part}/{n}"] for n in about["inputs"]}, arrays[f"{part}/labels"])
                for part in PARTS
            },
            classes=tuple(about["classes"]),
            features=tuple(about["features"]),
            source=about["source"],
            labels=about["labels"],
            constants={name: values for name, values in arrays.items() if "/" not in name},
        )


def split(events: int, test: float, validation: float, seed: int) -> dict[str, NDArray[np.int64]]:
    """Which events go into which part, by chance.

    Args:
        events: Number of events.
        test: Share of the events for the test.
        validation: Share for validation.
        seed: For the random numbers.

    Returns:
        Row indices of each of `PARTS`.
    """
    order = np.random.default_rng(seed).permutation(events)
    n_test, n_validation = round(test * events), round(validation * events)
    rows = np.split(order, [n_test, n_test + n_validation])
    return dict(zip(("test", "validation", "train"), rows, strict=True))
