"""Figures of the anomaly trigger: ROC curves, scores, rates, latent space, occupancies."""

from __future__ import annotations

import mplhep
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter
from numpy.typing import NDArray

from l1ml.errors import L1mlError
from l1ml.learning.evaluate import roc_area
from l1ml.report.figures import WIDE, sample_note
from l1ml.report.formats import metric
from l1ml.report.inputs import MODELS, BuildData
from l1ml.report.style import FAINT, INK, LINES, MUTED, PALETTE, STROKES, Plot, header, plain_ticks
from l1ml.triggers.anomaly_vae.hardware_objects import AXES, OBJECTS
from l1ml.triggers.anomaly_vae.merit import CONFIDENCE, TARGET_FPR
from l1ml.triggers.anomaly_vae.rates import input_rate
from l1ml.triggers.electron_rings.merit import share

BACKGROUND_COLOR = PALETTE[6]
SHOWN = 1500
"""Most events of a class in the scatter plot."""
THRESHOLDS = 400
"""Thresholds at which rates are drawn."""


def roc(data: BuildData) -> Plot:
    """Efficiency for each signal against the false positive rate, for each model."""
    from sklearn.metrics import roc_curve

    figure = Figure(figsize=(6.4, 6.4))
    axes = figure.add_subplot()
    background = data.truth == 0
    areas = {}
    for label, name in _signals(data).items():
        either = background | (data.truth == label)
        for model in MODELS:
            score = data.outputs[model]["score"][either, 0]
            fake, found, _ = roc_curve(data.truth[either] > 0, score)
            seen = fake > 0
            axes.plot(fake[seen], found[seen], LINES[model], color=_color(label), **STROKES[model])
        areas[label] = f"{name}: {metric('auc', *roc_area(data.truth[either] > 0, score))}"
    limits = _limits(data)
    for label, entry in _entries(data).items():
        # Lower than this the threshold is not known, so that the efficiency has an upper limit alone.
        axes.errorbar(TARGET_FPR, limits[entry], yerr=0.3 * limits[entry], uplims=True, color=_color(label),
                      marker="_", markersize=9, capsize=3, linestyle="none")  # fmt: skip
    axes.axvline(TARGET_FPR, color=INK, linewidth=1.0, linestyle=(0, (4, 3)))
    axes.text(TARGET_FPR * 1.15, 0.98, f"{TARGET_FPR:g}", color=MUTED, fontsize="small", va="top",
              transform=axes.get_xaxis_transform())  # fmt: skip
    lowest = min([1e-3, *(limit / 2 for limit in limits.values())])
    axes.set(xscale="log", yscale="log", xlim=(TARGET_FPR / 2, 1), ylim=(lowest, 1.3))
    axes.set(xlabel="False positive rate (background)", ylabel="Signal efficiency")
    axes.grid(True)
    handles = [Line2D([], [], color=_color(label), linewidth=2.4, label=text) for label, text in areas.items()]
    handles += [Line2D([], [], color=INK, linestyle=LINES[m], label=data.labels[m]) for m in MODELS]
    axes.legend(handles=handles, loc="lower right", fontsize="x-small")
    header(axes, data.design.name, sample_note(data))
    return Plot(
        name="roc",
        title="ROC curves",
        figure=figure,
        caption=f"AUC of the firmware. Curves begin at one of {background.sum():,} background events. Arrows at "
        f"{TARGET_FPR:g}, the dashed line, are upper limits at {CONFIDENCE * 100:.0f} % confidence.",
        alt="ROC curves. AUC of the firmware: "
        + ", ".join(areas.values())
        + f". Efficiency at {TARGET_FPR:g} false positives: "
        + ", ".join(f"{name} {metric('tpr_limit', limits[_entries(data)[k]])}" for k, name in _signals(data).items()),
    )


def scores(data: BuildData) -> Plot:
    """Distribution of the firmware's score for each class, with the thresholds."""
    figure = Figure(figsize=(6.4, 6.4))
    axes = figure.add_subplot()
    score = data.outputs["hls"]["score"][:, 0]
    lowest = 0.5
    edges = np.geomspace(lowest, max(float(score.max()), 1.0) * 1.01, 31)
    clipped = np.maximum(score, lowest)
    for label, name in {0: "background", **_signals(data)}.items():
        chosen = clipped[data.truth == label]
        counts, _ = np.histogram(chosen, edges)
        shares, errors = counts / len(chosen), np.sqrt(counts) / len(chosen)
        if label == 0:
            mplhep.histplot(shares, edges, ax=axes, histtype="fill", color=BACKGROUND_COLOR, alpha=0.35)
        mplhep.histplot(shares, edges, ax=axes, color=_color(label), label=name, yerr=errors)
    for value in _thresholds(data).values():
        axes.axvline(value, color=INK, linewidth=1.0, linestyle=(0, (4, 3)))
    axes.set(xscale="log", yscale="log", xlim=(edges[0], edges[-1]), xlabel="Score", ylabel="Share of the events")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.legend(loc="best", fontsize="x-small")
    header(axes, data.design.name, sample_note(data))
    return Plot(
        name="scores",
        title="Scores",
        figure=figure,
        caption=f"Score of the firmware ({data.labels['hls']}); dashed lines are the thresholds, bars statistical "
        "errors, the first bin holds what is below.",
        alt="Histogram of the scores. Median: "
        + ", ".join(f"{n} {_median(score[data.truth == k])}" for k, n in {0: "background", **_signals(data)}.items()),
    )


def rates(data: BuildData) -> Plot:
    """Rate of the background and efficiency for each signal against the threshold."""
    figure = Figure(figsize=(WIDE, 4.4))
    left, right = figure.subplots(1, 2)
    score = data.outputs["hls"]["score"][:, 0]
    background = np.sort(score[data.truth == 0])
    top = float(background[-2])
    thresholds = np.geomspace(0.5, max(top, 1.0), THRESHOLDS)
    each = input_rate(int(data.spec["thresholds"]["filled_bunches"])) / len(background)
    fired = _at_or_above(background, thresholds)
    rate, error = fired * each, np.sqrt(fired) * each
    left.plot(thresholds, rate, color=PALETTE[0])
    left.fill_between(thresholds, np.maximum(rate - error, each / 10), rate + error, color=PALETTE[0], alpha=0.25)
    lines, errors = [], _thresholds(data, "threshold_error")
    for k, (point, value) in enumerate(_thresholds(data).items()):
        found = metric("rate_khz", data.metrics["hls"]["rate_khz"][point], data.metrics["hls"]["rate_khz_error"][point])  # type: ignore[index]
        lines.append(f"{point}: score from {metric('threshold', value, errors[point])}, {found}")
        for axes in (left, right):
            axes.axvline(value, color=PALETTE[2 + k], linewidth=1.3, label=lines[-1] if axes is left else None)
    for label, name in _signals(data).items():
        chosen = np.sort(score[data.truth == label])
        found_share = _at_or_above(chosen, thresholds) / len(chosen)
        spread = np.sqrt(found_share * (1 - found_share) / len(chosen))
        right.plot(thresholds, found_share, color=_color(label), label=name)
        right.fill_between(
            thresholds, np.maximum(found_share - spread, 1e-5), found_share + spread, color=_color(label), alpha=0.25
        )
    left.set(yscale="log", ylabel="Rate of the background [kHz]")
    right.set(yscale="log", ylim=(1e-4, 1.3), ylabel="Signal efficiency")
    for axes in (left, right):
        axes.set(xscale="log", xlim=(thresholds[0], thresholds[-1]), xlabel="Threshold on the score")
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.grid(True)
        axes.legend(loc="lower left", fontsize="x-small")
    header(left, data.design.name)
    header(right, "", sample_note(data))
    return Plot(
        name="rates",
        title="Rates",
        figure=figure,
        caption="Rates if each crossing of filled bunches gave a background event of the sample; bands: statistical "
        "errors.",
        alt="Rate of the background and efficiency for signals against the threshold. " + "; ".join(lines),
        wide=True,
    )


def latent(data: BuildData) -> Plot:
    """The two means μ of the widest spread, for some events of each class."""
    figure = Figure(figsize=(6.4, 6.4))
    axes = figure.add_subplot()
    means = data.outputs["quantized"].get("means")
    if means is None:
        raise L1mlError("train/outputs.npz has no array quantized/means: run l1ml build again")
    first, second = np.argsort(means[data.truth == 0].std(axis=0))[::-1][:2]
    for label, name in {0: "background", **_signals(data)}.items():
        x, y = means[data.truth == label][:SHOWN][:, [first, second]].T
        axes.plot(x, y, ".", color=_color(label), markersize=3.5, alpha=0.5, label=name, zorder=2 + label)
    axes.set(xlabel=f"Mean of dimension {first + 1}", ylabel=f"Mean of dimension {second + 1}")
    axes.grid(True)
    axes.legend(loc="best", fontsize="x-small", markerscale=3)
    header(axes, data.design.name)
    return Plot(
        name="latent",
        title="Latent space",
        figure=figure,
        caption=f"The means with the widest spread, of up to {SHOWN:,} events of each class, by the quantized encoder.",
        alt=f"Scatter plot of means {first + 1} and {second + 1} of the latent space.",
    )


def occupancies(data: BuildData) -> Plot:
    """Share of the events of each class in which each object is there."""
    figure = Figure(figsize=(WIDE, 3.9))
    axes = figure.add_subplot()
    there = data.test.inputs["objects"][:, :: len(AXES)] > 0
    classes = {0: "background", **_signals(data)}
    lowest = 1e-4
    for k, (label, name) in enumerate(classes.items()):
        chosen = there[data.truth == label]
        shares = chosen.mean(axis=0)
        error = np.sqrt(shares * (1 - shares) / len(chosen))
        place = np.arange(len(OBJECTS)) + 0.16 * (k - (len(classes) - 1) / 2)
        seen = shares > 0
        axes.errorbar(place[seen], shares[seen], error[seen], fmt="o", color=_color(label), markersize=4, label=name)
    for k in range(1, len(OBJECTS)):
        axes.axvline(k - 0.5, color=FAINT, linewidth=0.7, zorder=0.5)
    axes.set_xticks(range(len(OBJECTS)), [name.replace("_", " ") for name in OBJECTS], rotation=45)
    axes.set(yscale="log", ylim=(lowest, 1.5), xlim=(-0.5, len(OBJECTS) - 0.5), ylabel="Share of the events")
    plain_ticks(axes, "x")
    figure.legend(loc="outside lower center", ncols=len(classes), fontsize="small")
    header(axes, data.design.name, sample_note(data))
    muons = OBJECTS.index("mu_0")
    return Plot(
        name="occupancies",
        title="Occupancies",
        figure=figure,
        caption="Events in which an object is there; bars are binomial errors.",
        alt="Share of events with each object. At least one muon: "
        + ", ".join(f"{name} {metric('tpr', *share(there[data.truth == k, muons]))}" for k, name in classes.items()),
        wide=True,
    )


def _signals(data: BuildData) -> dict[int, str]:
    """Labels of the signals and what to call them."""
    return {k: data.class_label(name) for k, name in enumerate(data.dataset.classes) if k > 0}


def _color(label: int) -> str:
    return PALETTE[label - 1] if label else BACKGROUND_COLOR


def _entries(data: BuildData) -> dict[int, str]:
    """Labels of the signals and their names in the metrics."""
    return {k: name for k, name in enumerate(data.dataset.classes) if k > 0}


def _thresholds(data: BuildData, name: str = "threshold") -> dict[str, float]:
    found = data.metrics["quantized"].get(name)
    if not isinstance(found, dict):
        raise L1mlError(f"train/metrics.json has no numbers quantized.{name}: run l1ml build again")
    return found


def _limits(data: BuildData) -> dict[str, float]:
    found = data.metrics["hls"].get("tpr_limit")
    if not isinstance(found, dict):
        raise L1mlError("convert/metrics.json has no numbers hls.tpr_limit: run l1ml build again")
    return found


def _median(score: NDArray[np.float32]) -> str:
    """Median with half of what the events between whose places it lies differ by."""
    places = np.clip(0.5 + np.array([-0.5, 0.0, 0.5]) / np.sqrt(len(score)), 0, 1)
    low, value, high = np.quantile(score, places)
    return f"{value:.2f} ± {(high - low) / 2:.2f}"


def _at_or_above(ordered: NDArray[np.float32], thresholds: NDArray[np.float64]) -> NDArray[np.int64]:
    return len(ordered) - np.searchsorted(ordered, thresholds, "left")
