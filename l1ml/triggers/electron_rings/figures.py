"""Figures of the electron trigger: ROC curve, scores, efficiency against kinematics, ring profiles."""

from __future__ import annotations

import mplhep
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from l1ml.learning.evaluate import roc_area
from l1ml.report.figures import WIDE, sample_note
from l1ml.report.formats import percent
from l1ml.report.inputs import MODELS, BuildData
from l1ml.report.style import FAINT, LINES, MUTED, PALETTE, STROKES, Plot, header, plain_ticks
from l1ml.triggers.electron_rings.data import CLASSES, layer_slices

ELECTRON, JET = CLASSES.index("electron"), CLASSES.index("jet")

COLORS = {ELECTRON: PALETTE[0], JET: PALETTE[1]}
NAMES = {ELECTRON: "electrons", JET: "jets"}

VARIABLES = (("et", "Transverse energy [GeV]"), ("eta", "Absolute pseudorapidity"), ("pileup", "Mean collisions"))
BINS = 10
"""Bins in each variable, of equal numbers of candidates."""


def roc(data: BuildData) -> Plot:
    """Electron efficiency against fake rate for each model, with the firmware's working points."""
    from sklearn.metrics import roc_curve

    figure = Figure(figsize=(6.4, 5.7))
    axes = figure.add_subplot()
    is_electron = data.truth == ELECTRON
    for model in MODELS:
        score = data.outputs[model]["score"][:, 0]
        fake, found, _ = roc_curve(is_electron, score)
        area, error = roc_area(is_electron, score)
        label = f"{data.labels[model]}: AUC {area:.4f} ± {error:.4f}"
        axes.plot(fake, found, LINES[model], color=PALETTE[0], label=label, **STROKES[model])
    points = data.metrics["hls"]["efficiency"], data.metrics["hls"]["fake_rate"]
    for k, (name, found_rate) in enumerate(points[0].items()):  # type: ignore[union-attr]
        fake_rate = points[1][name]  # type: ignore[index]
        axes.plot(fake_rate, found_rate, "o", color=PALETTE[2 + k], markersize=8, zorder=5, label=name)
    axes.set(xscale="log", xlim=(3e-3, 1), ylim=(0.6, 1.005), xlabel="Fake rate (jets)", ylabel="Electron efficiency")
    axes.grid(True)
    axes.legend(loc="lower right")
    header(axes, data.design.name, sample_note(data))
    return Plot(
        name="roc",
        title="ROC curve",
        figure=figure,
        caption="Dots are the working points of the firmware; thresholds depend on ET, pseudorapidity and pile-up.",
        alt="ROC curve. Working points of the firmware: "
        + ", ".join(
            f"{name} {percent(value)} efficiency at {percent(points[1][name], 2)} fakes"  # type: ignore[index]
            for name, value in points[0].items()  # type: ignore[union-attr]
        ),
    )


def scores(data: BuildData) -> Plot:
    """Distribution of the firmware's score for electrons and jets."""
    figure = Figure(figsize=(6.4, 5.7))
    axes = figure.add_subplot()
    score = data.outputs["hls"]["score"][:, 0]
    edges = np.linspace(np.percentile(score, 0.2), np.percentile(score, 99.8), 61)
    clipped = np.clip(score, edges[0], edges[-1])
    for label in (JET, ELECTRON):
        counts, _ = np.histogram(clipped[data.truth == label], edges)
        mplhep.histplot(counts, edges, ax=axes, histtype="fill", color=COLORS[label], alpha=0.35)
        mplhep.histplot(counts, edges, ax=axes, color=COLORS[label], label=NAMES[label], yerr=False)
    axes.set(yscale="log", ylim=(0.6, None), xlim=(edges[0], edges[-1]), xlabel="Score", ylabel="Candidates")
    axes.legend(loc="upper center", ncols=2)
    header(axes, data.design.name, sample_note(data))
    return Plot(
        name="scores",
        title="Scores",
        figure=figure,
        caption=f"Output of the network in the firmware ({data.labels['hls']}); the outer bins hold the rest.",
        alt="Histogram of the scores. Median: "
        + ", ".join(f"{NAMES[k]} {np.median(score[data.truth == k]):.2f}" for k in (ELECTRON, JET)),
    )


def efficiencies(data: BuildData) -> Plot:
    """Electron efficiency and fake rate of each working point against ET, eta and pile-up."""
    figure = Figure(figsize=(WIDE, 6.2))
    panels = figure.subplots(2, len(VARIABLES), sharex="col", sharey="row")
    points = list(data.metrics["hls"]["efficiency"])  # type: ignore[arg-type]
    decisions = data.outputs["hls"]["decision"] > 0
    for column, (name, title) in enumerate(VARIABLES):
        values = np.abs(data.test.inputs[name][:, 0])
        for row, label in enumerate((ELECTRON, JET)):
            axes, chosen = panels[row, column], data.truth == label
            edges = np.unique(np.quantile(values[chosen], np.linspace(0, 1, BINS + 1)))
            for k, point in enumerate(points):
                _shares(axes, values[chosen], decisions[chosen, k], edges, PALETTE[2 + k], point)
            axes.grid(True)
        panels[1, column].set(xlabel=title, xscale="log" if name == "et" else "linear", yscale="log", ylim=(1e-3, 1))
    panels[0, 0].set_ylabel("Electron efficiency")
    panels[1, 0].set_ylabel("Fake rate (jets)")
    header(panels[0, 0], data.design.name)
    header(panels[0, -1], "", sample_note(data))
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(points))
    return Plot(
        name="efficiency",
        title="Efficiency and fake rate",
        figure=figure,
        caption=f"Decisions of the firmware ({data.labels['hls']}); bins of equal numbers, bars are binomial errors.",
        alt="Electron efficiency and fake rate of each working point against transverse energy, pseudorapidity and "
        "pile-up, in bins of equal numbers of candidates.",
        wide=True,
    )


def _shares(
    axes: Axes,
    values: NDArray[np.float32],
    passed: NDArray[np.bool_],
    edges: NDArray[np.float32],
    color: str,
    label: str,
) -> None:
    """Share of candidates that passed in each bin, with its binomial error."""
    total, _ = np.histogram(values, edges)
    kept, _ = np.histogram(values[passed], edges)
    share = kept / np.maximum(total, 1)
    error = np.sqrt(np.maximum(share * (1 - share), 1 / np.maximum(total, 1) ** 2) / np.maximum(total, 1))
    centres, halves = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    axes.errorbar(centres, share, error, halves, fmt="o", color=color, markersize=4, linewidth=1.3, label=label)


def profiles(data: BuildData) -> Plot:
    """Mean share of the energy in each ring."""
    figure = Figure(figsize=(WIDE, 3.9))
    axes = figure.add_subplot()
    energies = data.test.inputs["rings"].astype(np.float64)
    shares = energies / np.maximum(np.abs(energies.sum(axis=1, keepdims=True)), 1.0)
    rings = np.arange(shares.shape[1] + 1)
    lowest = 1e-4
    for label in (JET, ELECTRON):
        chosen = shares[data.truth == label]
        mean, error = chosen.mean(axis=0), chosen.std(axis=0) / np.sqrt(len(chosen))
        axes.stairs(np.maximum(mean, lowest), rings, color=COLORS[label], linewidth=1.7)
        low, high = np.maximum(mean - error, lowest), np.maximum(mean + error, lowest)
        axes.fill_between(rings, np.append(low, low[-1]), np.append(high, high[-1]), step="post", color=COLORS[label],
                          alpha=0.3, linewidth=0)  # fmt: skip
    for name, place in layer_slices().items():
        if place.start:
            axes.axvline(place.start, color=FAINT, linewidth=1.0, zorder=0.5)
        axes.text((place.start + place.stop) / 2, 0.96, name.upper(), transform=axes.get_xaxis_transform(),
                  ha="center", va="top", fontsize="small", color=MUTED)  # fmt: skip
    axes.set(yscale="log", xlim=(0, rings[-1]), ylim=(lowest, 1.5), xlabel="Ring", ylabel="Mean share of the energy")
    plain_ticks(axes, "x")
    axes.tick_params(axis="x", labelbottom=True)
    handles = [Line2D([], [], color=COLORS[k], linewidth=2, label=NAMES[k]) for k in (ELECTRON, JET)]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    header(axes, data.design.name, sample_note(data))
    core = {k: shares[data.truth == k][:, layer_slices()["em2"].start].mean() for k in (ELECTRON, JET)}
    return Plot(
        name="profiles",
        title="Ring profiles",
        figure=figure,
        caption="Rings of each layer from its hottest cell outwards, over the sum of all; bands: errors of the mean.",
        alt="Mean share of the energy in each of the rings. Hottest cell of EM2: "
        + ", ".join(f"{NAMES[k]} {percent(value)}" for k, value in core.items()),
        wide=True,
    )
