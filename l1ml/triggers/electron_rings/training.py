"""Training of the electron trigger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from l1ml.console import console
from l1ml.datasets.parts import Events, Prepared
from l1ml.fixed import FixedType
from l1ml.layers.norm1.arithmetic import Norm1Arithmetic
from l1ml.learning.train import BINARY, Sample, TrainingOptions, quantized_weights, set_seed, train_model, train_pruned
from l1ml.triggers.electron_rings.data import DECISION, ELECTRON, ET, ETA, PILEUP, RINGS_INPUT, SCORE
from l1ml.triggers.electron_rings.merit import FAKE_RATES, efficiency_at, sp_index
from l1ml.triggers.electron_rings.network import RingerShape, firmware_model, float_model, quantized_model
from l1ml.triggers.electron_rings.spec import ElectronRingsSpec
from l1ml.triggers.electron_rings.thresholds import Candidates, ThresholdTable, fit
from l1ml.triggers.trigger import Metrics, Outputs, Trained


@dataclass(frozen=True)
class Ringer:
    """A trained pair of networks.

    Attributes:
        reference: In floating point.
        quantized: Quantized and pruned.
        history: Curves of both over the epochs.
    """

    reference: Any
    quantized: Any
    history: dict[str, dict[str, list[float]]]


@dataclass(frozen=True)
class Normalised:
    """Rings as the networks see them, shape (n, rings): divided exactly, and as the firmware divides."""

    exact: NDArray[np.float32]
    fixed: NDArray[np.float32]

    @classmethod
    def of(cls, spec: ElectronRingsSpec, energies: NDArray[np.float32]) -> Normalised:
        """Normalise energies in GeV."""
        smallest = spec.model.norm.smallest
        size = np.abs(energies.sum(axis=1, keepdims=True, dtype=np.float64))
        source, result = (FixedType.parse(text) for text in (spec.model.ring_precision, spec.model.norm.precision))
        norm = Norm1Arithmetic.default(energies.shape[1], source, result, smallest)
        fixed = result.to_float(norm.run(source.quantize(energies))).astype(np.float32)
        return cls((energies / np.maximum(size, smallest)).astype(np.float32), fixed)


def train(spec: ElectronRingsSpec, data: Prepared) -> Trained:
    """Cross validation; the fold with the best network gives the one for the firmware, and its thresholds."""
    known, test = data.parts["train"].join(data.parts["validation"]), data.parts["test"]
    x, x_test = (Normalised.of(spec, events.inputs[RINGS_INPUT]) for events in (known, test))
    ringers, indices = _cross_validate(spec, x, known.labels)
    best = int(np.argmax(indices["quantized"]))
    console.print(
        f"    SP index of {len(ringers)} folds: {np.mean(indices['quantized']):.4f} ± "
        f"{np.std(indices['quantized']):.4f}; fold {best + 1} is the best"
    )
    ringer = ringers[best]
    outputs: dict[str, Outputs] = {}
    for name, model, seen, unseen in (
        ("float", ringer.reference, x.exact, x_test.exact),
        ("quantized", ringer.quantized, x.fixed, x_test.fixed),
    ):
        table = _thresholds(spec, known, _scores(model, seen))
        score = _scores(model, unseen)
        outputs[name] = {SCORE: score[:, None], DECISION: table.decide(score, _candidates(test)).astype(np.float32)}
    metrics: dict[str, Metrics] = {
        name: {"folds": float(np.mean(found)), "folds_error": float(np.std(found))} for name, found in indices.items()
    }
    metrics["quantized"]["exact_normalisation"] = _efficiencies(
        test, _scores(ringer.quantized, _on_grid(spec, x_test.exact))
    )
    return Trained(
        model=firmware_model(ringer.quantized, x.fixed.shape[1], spec.model.norm.smallest, table),
        types=_types(spec),
        outputs=outputs,
        weights=quantized_weights(ringer.quantized),
        history=ringer.history,
        metrics=metrics,
    )


def _cross_validate(
    spec: ElectronRingsSpec, x: Normalised, labels: NDArray[np.int64]
) -> tuple[list[Ringer], dict[str, list[float]]]:
    """Train once for each fold. Returns the networks, and their SP index for the fold that was left out."""

    model, folds = spec.model, spec.training.folds
    shape = RingerShape(x.fixed.shape[1], model.hidden, model.activation, model.weight_bits, model.activation_bits)
    ringers: list[Ringer] = []
    indices: dict[str, list[float]] = {"float": [], "quantized": []}
    parts = StratifiedKFold(folds, shuffle=True, random_state=spec.training.seed).split(x.fixed, labels)
    for fold, (seen, unseen) in enumerate(parts, start=1):
        set_seed(spec.training.seed + fold)
        ringer = _fit(spec, shape, x, labels, seen, unseen, f"fold {fold} of {folds}")
        ringers.append(ringer)
        truth = labels[unseen] == ELECTRON
        indices["float"].append(sp_index(truth, _scores(ringer.reference, x.exact[unseen])))
        indices["quantized"].append(sp_index(truth, _scores(ringer.quantized, x.fixed[unseen])))
    return ringers, indices


def _fit(
    spec: ElectronRingsSpec,
    shape: Any,
    x: Normalised,
    labels: NDArray[np.int64],
    seen: NDArray[np.int64],
    unseen: NDArray[np.int64],
    title: str,
) -> Ringer:
    """Train on one part and watch the other: in floating point, and from its weights quantized and pruned."""

    reference, quantized = float_model(shape), quantized_model(shape)
    options = TrainingOptions.of(spec, [layer.name for layer in reference.layers])

    def sample(rows: NDArray[np.float32]) -> Sample:
        return Sample(rows[seen], labels[seen], rows[unseen], labels[unseen])

    first = train_model(reference, sample(x.exact), options, BINARY, f"Floating point, {title}")
    quantized.set_weights(reference.get_weights())
    quantized, second = train_pruned(quantized, sample(x.fixed), options, BINARY, f"Quantized, {title}")
    return Ringer(reference, quantized, {"float": first.epochs, "quantized": second.epochs})


def _scores(model: Any, x: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(model.predict(x, batch_size=16384, verbose=0)[:, 0])


def _candidates(events: Events) -> Candidates:
    return Candidates(*(events.inputs[name][:, 0] for name in (ET, ETA, PILEUP)))


def _thresholds(spec: ElectronRingsSpec, events: Events, score: NDArray[np.float32]) -> ThresholdTable:
    electrons = events.labels == ELECTRON
    asked = spec.thresholds
    return fit(
        score[electrons], _candidates(events.take(electrons)), asked.working_points, asked.et_edges, asked.eta_edges
    )


def _types(spec: ElectronRingsSpec) -> dict[str, FixedType]:
    asked = spec.thresholds
    texts = {
        RINGS_INPUT: spec.model.ring_precision,
        "norm": spec.model.norm.precision,
        ET: asked.et_precision,
        ETA: asked.eta_precision,
        PILEUP: asked.pileup_precision,
    }
    return {name: FixedType.parse(text) for name, text in texts.items()}


def _on_grid(spec: ElectronRingsSpec, normalised: NDArray[np.float32]) -> NDArray[np.float32]:
    return FixedType.parse(spec.model.norm.precision).rounded(normalised)


def _efficiencies(events: Events, score: NDArray[np.float32]) -> dict[str, float]:

    is_electron = events.labels == ELECTRON
    return {f"{rate:g}": efficiency_at(is_electron, score, rate) for rate in FAKE_RATES}
