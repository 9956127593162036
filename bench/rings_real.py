"""Electrons and jets of our simulation against a public full simulation: does a network carry over, and do rings agree?

A small network is trained on our rings and applied, unchanged, to rings that were simulated with Geant4 by somebody
else (Lorenzetti, Comput. Phys. Commun. 286 (2023) 108671).

python bench/rings_real.py
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

import numpy as np
from _models import SHARED
from numpy.typing import NDArray
from rich.table import Table
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from l1ml.console import console
from l1ml.triggers.electron_rings import data as rings
from l1ml.triggers.electron_rings.data import CLASSES, RingDataset, layer_slices

REAL = SHARED.parent / "rings" / "lorenzetti_rings.npz"
"""Where the rings of the full simulation lie, beside the checkout; they are not part of the project."""
AIM = 0.85
BOOTSTRAPS = 1000

Array = NDArray[np.float64]


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ours", type=Path, help="our rings; the shipped sample if absent")
    parser.add_argument("--real", type=Path, default=REAL, help="the rings of the full simulation")
    parser.add_argument("--hidden", type=int, default=8, help="hidden nodes")
    parser.add_argument("--networks", type=int, default=5, help="networks with different seeds")
    parser.add_argument("--epochs", type=int, default=30)
    options = parser.parse_args()
    if not options.real.exists():
        console.print(f"skipped: {options.real} is not here")
        return
    ours, real = rings.load(options.ours), rings.load_lorenzetti(options.real)
    compare_networks(ours, real, options.hidden, options.networks, options.epochs)
    compare_layers(ours, real)
    compare_profiles(ours, real)


def normalised(data: RingDataset) -> Array:
    """Rings over the absolute value of their sum, ATLAS's "norm1"; a sum below 1 MeV counts as 1 MeV."""
    values = data.rings.astype(np.float64)
    return values / np.maximum(np.abs(values.sum(axis=1, keepdims=True)), 1.0)


def compare_networks(ours: RingDataset, real: RingDataset, hidden: int, networks: int, epochs: int) -> None:
    """Train on three quarters of ours; print areas under the ROC curve on the last quarter and on the real file."""
    x, x_real = normalised(ours), normalised(real)
    cut = len(x) * 3 // 4
    table = Table("trained on our simulation", "AUC, ours", "AUC, full simulation")
    areas = []
    for seed in range(networks):
        network = MLPClassifier((hidden,), alpha=1e-4, learning_rate_init=3e-3, max_iter=epochs, random_state=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            network.fit(x[:cut], ours.labels[:cut])
        score, score_real = network.predict_proba(x[cut:])[:, 1], network.predict_proba(x_real)[:, 1]
        areas.append(roc_auc_score(real.labels, score_real))
        table.add_row(
            f"100 → {hidden} → 1, seed {seed}",
            f"{roc_auc_score(ours.labels[cut:], score):.4f}",
            f"{areas[-1]:.3f} ± {spread(real.labels, score_real):.3f}",
        )
    own = cross_val_predict(
        make_pipeline(StandardScaler(), LogisticRegression(C=0.02)),
        x_real,
        real.labels,
        cv=10,
        method="predict_proba",
    )[:, 1]
    area = roc_auc_score(real.labels, own)
    table.add_row("logistic regression, full simulation", "", f"{area:.3f} ± {spread(real.labels, own):.3f}")
    console.print(table)
    lowest = min(areas)
    verdict = "reached" if lowest >= AIM else "missed"
    console.print(f"aim {AIM}: {verdict}, lowest of {networks} networks {lowest:.3f}, mean {np.mean(areas):.3f}")


def spread(labels: NDArray[np.int64], scores: Array) -> float:
    """Standard error of the area under the ROC curve, by resampling candidates."""
    rng = np.random.default_rng(0)
    areas = []
    for _ in range(BOOTSTRAPS):
        drawn = rng.integers(0, len(labels), len(labels))
        if 0 < labels[drawn].sum() < len(drawn):
            areas.append(roc_auc_score(labels[drawn], scores[drawn]))
    return float(np.std(areas))


def compare_layers(ours: RingDataset, real: RingDataset) -> None:
    """Print the share of energy in each layer, with the error of the mean on the real file."""
    table = Table("share of the layer, %", *(f"{name}s, {who}" for name in CLASSES for who in ("ours", "full sim.")))
    for layer, columns in layer_slices().items():
        row = []
        for label in range(len(CLASSES)):
            for data in (ours, real):
                share = 100 * normalised(data)[data.labels == label][:, columns].sum(axis=1)
                error = f" ± {share.std() / np.sqrt(len(share)):.1f}" if data is real else ""
                row.append(f"{np.median(share):.1f} (mean {share.mean():.1f}{error})")
        table.add_row(layer, *row)
    console.print(table)


def compare_profiles(ours: RingDataset, real: RingDataset, first: int = 8) -> None:
    """Print the mean share of energy in the first rings of each layer."""
    table = Table("mean share of rings, %", "", *(str(k) for k in range(first)))
    for label, name in enumerate(CLASSES):
        for layer, columns in layer_slices().items():
            for who, data in (("ours", ours), ("full sim.", real)):
                mean = 100 * normalised(data)[data.labels == label][:, columns].mean(axis=0)[:first]
                table.add_row(f"{name}s, {layer}" if data is ours else "", who, *(f"{v:.2f}" for v in mean))
        table.add_section()
    console.print(table)


if __name__ == "__main__":
    main()
