"""Report of a classifier of several classes, such as the jet tagger: ROC curves, confusion, AUC."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from l1ml.errors import L1mlError
from l1ml.learning.evaluate import roc_area
from l1ml.report.figures import sample_note
from l1ml.report.inputs import MODELS, BuildData
from l1ml.report.style import (
    FAINT,
    INK,
    LINES,
    PALETTE,
    PAPER,
    STROKES,
    Plot,
    header,
    plain_ticks,
)
from l1ml.report.trigger import Metric, TriggerReport

CURVE_POINTS = 400
"""Points of a drawn ROC curve; more cannot be seen. The AUC is that of all events."""


TOLERANCE = 0.002
"""Largest difference between a metric and its recomputation from the scores that rounding may explain."""


def log_odds(logits: NDArray[np.floating], index: int) -> NDArray[np.float64]:
    """Discriminant of one class against all others, log(p / (1 − p)) with p the softmax.

    It orders events as the softmax probability does, without the ties of probabilities rounded to 1.

    Args:
        logits: Shape (n, classes).
        index: The class.

    Returns:
        Shape (n,).
    """
    logits = np.asarray(logits, dtype=np.float64)
    others = np.delete(logits, index, axis=1)
    largest = others.max(axis=1)
    return logits[:, index] - largest - np.log(np.exp(others - largest[:, None]).sum(axis=1))


def class_metrics(data: BuildData) -> list[Metric]:
    """Accuracy, agreement with the firmware, and AUC of each class.

    Raises:
        L1mlError: If a stage left out a metric, or a class has no test events.
    """
    logits = {m: _logits(data, m) for m in MODELS}
    decided = {m: logits[m].argmax(axis=1) for m in MODELS}
    accuracy = {m: (_number(data, m, "accuracy"), _number(data, m, "accuracy_error")) for m in MODELS}
    for model in MODELS:
        _compare(model, "accuracy", accuracy[model][0], float(np.mean(decided[model] == data.truth)))
    rows = [Metric("accuracy", "Accuracy", accuracy, "accuracy")]
    for index, name in enumerate(data.dataset.classes):
        values = {}
        for model in MODELS:
            drawn, error = roc_area(_is(data, index), log_odds(_logits(data, model), index))
            stated = _number(data, model, "auc_error", name) if "auc_error" in data.metrics[model] else error
            values[model] = (_number(data, model, "auc", name), stated)
            _compare(model, f"auc.{name}", values[model][0], drawn)
        rows.append(Metric("auc", f"AUC, {data.class_label(name)}", values, f"auc.{name}"))
    agreement = {m: (float(np.mean(decided[m] == decided["hls"])), None) for m in ("float", "quantized")}
    rows.append(Metric("agreement", f"Same class as {data.labels['hls']}", agreement))
    return rows


def roc(data: BuildData) -> Plot:
    """ROC curve of each class against all others, for each model."""
    from sklearn.metrics import roc_curve

    figure = Figure(figsize=(6.4, 5.7))
    axes = figure.add_subplot()
    lowest = max(1e-4, 10.0 ** np.ceil(np.log10(10 / len(data.truth))))
    grid = np.geomspace(lowest, 1, CURVE_POINTS)
    entries = []
    for index, name in enumerate(data.dataset.classes):
        areas = []
        for model in MODELS:
            score = log_odds(_logits(data, model), index)
            background, signal, _ = roc_curve(_is(data, index), score)
            axes.plot(
                grid,
                np.interp(grid, background, signal),
                LINES[model],
                color=PALETTE[index % len(PALETTE)],
                **STROKES[model],
            )
            areas.append(roc_area(_is(data, index), score)[0])
        text = f"{data.class_label(name)}  " + " / ".join(f"{a:.4f}" for a in areas)
        entries.append((Line2D([], [], color=PALETTE[index % len(PALETTE)], linewidth=3), text, areas[-1]))
    axes.set(
        xscale="log",
        xlim=(lowest, 1),
        ylim=(0, 1.02),
        xlabel="Background efficiency",
        ylabel="Signal efficiency",
    )
    axes.grid(True)
    order = " / ".join(data.labels[m] for m in MODELS)
    classes = axes.legend([e[0] for e in entries], [e[1] for e in entries], title=f"AUC: {order}", loc="lower right")
    classes.set(frame_on=True)
    classes.get_title().set_fontsize("small")
    classes.get_frame().set(facecolor=PAPER, edgecolor="none", alpha=0.85)
    axes.add_artist(classes)
    styles = [Line2D([], [], color=INK, linestyle=LINES[m], **STROKES[m]) for m in MODELS]
    axes.legend(styles, [data.labels[m] for m in MODELS], loc="upper left")
    header(axes, data.design.name, sample_note(data))
    return Plot(
        name="roc",
        title="ROC curves",
        figure=figure,
        caption=(
            f"Each class against all others, by its softmax probability: float (dashed), quantized (dotted) and "
            f"{data.labels['hls']} (solid band)."
        ),
        alt="ROC curves of each class against all others. AUC of the firmware: "
        + ", ".join(f"{data.class_label(n)} {e[2]:.4f}" for n, e in zip(data.dataset.classes, entries, strict=True)),
    )


def confusion(data: BuildData) -> Plot:
    """Share of each true class that the firmware assigns to each class."""
    names = [data.class_label(name) for name in data.dataset.classes]
    size = len(names)
    decided = _logits(data, "hls").argmax(axis=1)
    counts = np.zeros((size, size))
    np.add.at(counts, (data.truth, decided), 1)
    for index in range(size):
        _is(data, index)
    shares = 100 * counts / counts.sum(axis=1, keepdims=True)
    figure = Figure(figsize=(6.4, 5.7))
    axes = figure.add_subplot()
    for row, column in np.ndindex(size, size):
        value = shares[row, column]
        axes.add_patch(
            Rectangle((column, row), 1, 1, facecolor=to_rgba(PALETTE[0], 0.6 * value / 100), edgecolor=FAINT)
        )
        axes.text(
            column + 0.5,
            row + 0.5,
            f"{value:.1f}",
            ha="center",
            va="center",
            fontweight="bold" if row == column else "normal",
        )
    places = np.arange(size) + 0.5
    axes.set(xlim=(0, size), ylim=(size, 0), xlabel="Predicted class", ylabel="True class", aspect="equal")
    axes.set_xticks(places, names)
    axes.set_yticks(places, names)
    for axis in "xy":
        plain_ticks(axes, axis)
    header(axes, data.design.name, f"% of each true class, {sample_note(data)}")
    return Plot(
        name="confusion",
        title="Confusion matrix",
        figure=figure,
        caption=f"Class assigned by the firmware ({data.labels['hls']}), in percent of each true class.",
        alt="Confusion matrix. Share of each class assigned rightly: "
        + ", ".join(f"{name} {shares[i, i]:.1f} %" for i, name in enumerate(names)),
    )


def _logits(data: BuildData, model: str) -> NDArray[np.float32]:
    found = data.outputs[model].get("logits")
    classes = len(data.dataset.classes)
    if found is None or found.shape[1] != classes:
        told = "no logits" if found is None else f"{found.shape[1]} logits"
        raise L1mlError(f"{_stage(model)}/outputs.npz has {told} of the {model} network for {classes} classes")
    return found


def _is(data: BuildData, index: int) -> NDArray[np.bool_]:
    chosen = data.truth == index
    if not chosen.any() or chosen.all():
        raise L1mlError(
            f"dataset/data.npz has {'only' if chosen.any() else 'no'} test events of class "
            f"{data.dataset.classes[index]!r}; a ROC curve needs signal and background"
        )
    return np.asarray(chosen)


def _number(data: BuildData, model: str, name: str, entry: str | None = None) -> float:
    value = data.metrics[model].get(name)
    if entry is not None and isinstance(value, dict):
        value = value.get(entry)
    if not isinstance(value, float | int):
        raise L1mlError(f"{_metrics_file(model)} has no number {'.'.join(filter(None, (model, name, entry)))}")
    return float(value)


def _compare(model: str, name: str, stated: float, found: float) -> None:
    """A table of metrics must not contradict the figures below it."""
    if abs(stated - found) > TOLERANCE:
        raise L1mlError(
            f"{_metrics_file(model)} has {model}.{name} = {stated:.4f}, but the scores beside it give {found:.4f}: "
            "they are of different models, or the AUC is not that of the softmax probability"
        )


def _metrics_file(model: str) -> str:
    return f"{_stage(model)}/metrics.json"


def _stage(model: str) -> str:
    return "convert" if model == "hls" else "train"


CLASSIFICATION = TriggerReport(metrics=class_metrics, figures=(roc, confusion))
"""The report of a multi-class trigger."""
