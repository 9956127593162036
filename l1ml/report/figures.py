"""Figures that every trigger's report has: timing, resources, weights and training."""

from __future__ import annotations

from functools import partial
from typing import Any

import mplhep
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, MaxNLocator
from numpy.typing import NDArray

from l1ml.report.formats import BUNCH_CROSSING_NS, count, cycles, percent, quantity
from l1ml.report.inputs import BuildData
from l1ml.report.style import FAINT, INK, LINES, MODEL_COLORS, PALETTE, Plot, header, plain_ticks

WIDE = 10.4
"""Width of a figure that takes the whole page, in inches."""

SPREAD: dict[str, Any] = {"wspace": 0.05}
"""Room between panels, so that the header of one does not read on into the next."""

TIMELINE_EVENTS = 4
"""Consecutive events in the timeline."""

MAX_LEVELS = 160
"""Most quantization levels that a weight histogram shows one by one."""


def sample_note(data: BuildData) -> str:
    """The events from which figures of merit are computed, for their headers."""
    return f"{count(len(data.truth))} test events"


def timeline(data: BuildData) -> Plot:
    """Which module works on which event in which clock cycle, for consecutive events."""
    design = data.design
    rows, lane = len(design.modules), 0.84 / TIMELINE_EVENTS
    figure = Figure(figsize=(WIDE, 1.7 + 0.62 * rows))
    axes = figure.add_subplot()
    end = design.latency + (TIMELINE_EVENTS - 1) * design.initiation_interval
    for row, module in enumerate(design.modules):
        for event in range(TIMELINE_EVENTS):
            top = row - 0.42 + event * lane
            start = module.start + event * design.initiation_interval
            # A module of wires takes no cycle; a hairline keeps it in sight.
            width = max(module.latency, 0.004 * end)
            axes.barh(top + lane / 2, width, lane * 0.86, left=start, color=PALETTE[event], linewidth=0)
        if row:
            axes.axhline(row - 0.5, color=FAINT, linewidth=0.7, zorder=0.4)
    axes.axvline(design.latency, color=INK, linestyle=(0, (4, 3)), linewidth=1.2)
    total_ns = design.latency * design.clock_ns
    axes.set(
        xlim=(0, end * 1.02),
        ylim=(rows - 0.46, -0.54),
        xlabel=f"Clock cycle of {quantity(design.clock_ns)} ns after the first event enters",
    )
    labels = [f"{_short(module.layers)}\n{cycles(module.latency)}" for module in design.modules]
    axes.set_yticks(range(rows), labels)
    plain_ticks(axes, "y")
    axes.xaxis.set_major_locator(MaxNLocator(16, integer=True))
    axes.minorticks_off()
    axes.tick_params(axis="x", top=False)
    nanoseconds = axes.secondary_xaxis(
        "top", functions=(partial(np.multiply, design.clock_ns), partial(np.multiply, 1 / design.clock_ns))
    )
    nanoseconds.set_xlabel("Time [ns]")
    crossings = np.arange(0, end * 1.02 * design.clock_ns, BUNCH_CROSSING_NS)
    if len(crossings) <= 24:
        nanoseconds.xaxis.set_major_locator(FixedLocator(list(crossings)))
        nanoseconds.xaxis.set_minor_locator(FixedLocator([]))
        for time in crossings[1:]:
            axes.axvline(time / design.clock_ns, color=PALETTE[6], linewidth=0.7, zorder=0.5, alpha=0.55)
    handles = [Patch(color=PALETTE[e], label=f"event {e + 1}") for e in range(TIMELINE_EVENTS)]
    result = f"result of event 1: {cycles(design.latency)}, {quantity(total_ns)} ns"
    figure.legend(
        handles=[*handles, Line2D([], [], color=INK, linestyle=(0, (4, 3)), linewidth=1.2, label=result)],
        loc="outside lower center",
        ncols=TIMELINE_EVENTS + 1,
    )
    every = "in every cycle" if design.initiation_interval == 1 else f"every {cycles(design.initiation_interval)}"
    lines = f"; grey lines are {quantity(BUNCH_CROSSING_NS)} ns bunch crossings" if len(crossings) <= 24 else ""
    return Plot(
        name="timeline",
        title="Latency timeline",
        figure=figure,
        caption=f"Consecutive events on their way through the modules, a new one {every}{lines}.",
        alt=f"Timeline of the modules: the result leaves after {cycles(design.latency)} or {quantity(total_ns)} ns. "
        + "; ".join(f"{_short(m.layers)}: start {m.start}, {cycles(m.latency)}" for m in design.modules),
        wide=True,
    )


def resources(data: BuildData) -> Plot:
    """Cells of each module."""
    modules = {m.name: _short(m.layers) for m in data.design.modules}
    names = [name for name in modules if name in data.resources.modules]
    names += [name for name in data.resources.modules if name not in modules]
    cells = [data.resources.modules[name] for name in names]
    special = [k for k in ("dsp", "bram") if any(getattr(c, k) for c in cells)]
    groups = [["lut", "ff"]] + ([special] if special else [])
    figure = Figure(figsize=(WIDE, 1.4 + 0.5 * len(names)))
    columns = figure.subplots(1, len(groups), sharey=True, squeeze=False, width_ratios=[1.6, 1.0][: len(groups)])[0]
    colors = {"lut": PALETTE[0], "ff": PALETTE[4], "dsp": PALETTE[1], "bram": PALETTE[3]}
    for axes, keys in zip(columns, groups, strict=True):
        for position, key in enumerate(keys):
            values = [getattr(c, key) for c in cells]
            height = 0.8 / len(keys)
            places = np.arange(len(names)) - 0.4 + height * (position + 0.5)
            bars = axes.barh(places, values, height * 0.92, color=colors[key], label=_cell_name(key))
            axes.bar_label(bars, [count(v) for v in values], padding=3, fontsize="x-small", color=INK)
        axes.set(xlabel="Cells", ylim=(len(names) - 0.4, -0.6))
        axes.margins(x=0.12)
        axes.xaxis.set_major_locator(MaxNLocator(6 if len(groups) == 1 else 4, integer=True))
        axes.xaxis.set_major_formatter(lambda v, _: f"{v:,.0f}")
        axes.minorticks_off()
        plain_ticks(axes, "y")
        axes.grid(True, axis="x")
    columns[0].set_yticks(range(len(names)), [modules.get(name, "top level") for name in names])
    figure.legend(loc="outside upper center", ncols=4)
    unused = [_cell_name(k) for k in ("dsp", "bram") if k not in special]
    total = data.resources.total
    return Plot(
        name="resources",
        title="Resources of the modules",
        figure=figure,
        caption=(
            f"Cells by {data.resources.tool} ({data.resources.kind}, {data.resources.family})"
            + (f"; no {' and no '.join(unused)} used." if unused else ".")
        ),
        alt=f"Bars of the cells of each module; in total {count(total.lut)} LUT, {count(total.ff)} FF, "
        f"{count(total.dsp)} DSP and {count(total.bram)} block RAM.",
        wide=True,
    )


def weights(data: BuildData) -> Plot:
    """Histogram of the quantized weights of each layer."""
    columns = min(4, len(data.weights))
    rows = -(-len(data.weights) // columns)
    figure = Figure(figsize=(WIDE if columns > 2 else 3.2 * columns, 0.5 + 2.3 * rows))
    figure.set_layout_engine("constrained", **SPREAD)
    panels = figure.subplots(rows, columns, squeeze=False, sharey=True).ravel()
    shares, highest = {}, 1
    for axes, (name, values) in zip(panels, data.weights.items(), strict=False):
        edges, centre = _levels(values)
        counts, _ = np.histogram(values, edges)
        pruned = np.where(np.arange(len(counts)) == centre, counts, 0)
        mplhep.histplot(counts - pruned, edges, ax=axes, histtype="fill", color=PALETTE[0])
        mplhep.histplot(pruned, edges, ax=axes, histtype="fill", color=PALETTE[1])
        shares[name] = float(np.mean(values == 0))
        highest = max(highest, int(counts.max()))
        axes.set(yscale="log", xlim=(edges[0], edges[-1]), xlabel="Weight")
        header(axes, name, f"{percent(shares[name])} of {count(values.size)} zero")
    for axes in panels[::columns]:
        axes.set_ylabel("Weights")
    for axes in panels[len(data.weights) :]:
        axes.set_axis_off()
    panels[0].set_ylim(0.6, 3 * highest)
    figure.legend(
        handles=[Patch(color=PALETTE[0], label="weights that cost logic"), Patch(color=PALETTE[1], label="zeros")],
        loc="outside lower center",
        ncols=2,
    )
    return Plot(
        name="weights",
        title="Quantized weights",
        figure=figure,
        caption=f"Every level of each layer's weights; {percent(data.sparsity)} of all are zero and cost nothing.",
        alt="Histograms of the weights. Zeros: " + ", ".join(f"{n} {percent(s)}" for n, s in shares.items()),
        wide=columns > 2,
    )


def history(data: BuildData) -> Plot:
    """Training curves over the epochs, of the float and the quantized model."""
    names = sorted(
        dict.fromkeys(n.removeprefix("val_") for curves in data.history.values() for n in curves),
        key=lambda n: (n != "loss", n == "sparsity"),
    )
    figure = Figure(figsize=(WIDE, 3.3))
    figure.set_layout_engine("constrained", **SPREAD)
    panels = figure.subplots(1, len(names), squeeze=False)[0]
    for axes, name in zip(panels, names, strict=True):
        for model, curves in data.history.items():
            color, style = MODEL_COLORS.get(model, INK), LINES.get(model, "-")
            training, validation = curves.get(name, []), curves.get(f"val_{name}", [])
            epochs = np.arange(1, 1 + len(training))
            scale = 100 if name == "sparsity" else 1
            axes.plot(epochs, scale * np.asarray(training), style, color=color, alpha=0.5 if validation else 1)
            axes.plot(np.arange(1, 1 + len(validation)), validation, style, color=color, linewidth=2.2)
        axes.set(xlabel="Epoch", ylabel=f"{name.capitalize()}{' [%]' if name == 'sparsity' else ''}")
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]))
        axes.minorticks_off()
        if name == "sparsity":
            axes.set_ylim(0, 100)
        axes.grid(True)
    figure.legend(handles=_history_legend(data), loc="outside lower center", ncols=4)
    return Plot(
        name="history",
        title="Training",
        figure=figure,
        caption="Strong lines are the validation sample, faint ones the training sample.",
        alt="Curves over the training epochs: " + ", ".join(names),
        wide=True,
    )


def _history_legend(data: BuildData) -> list[Line2D]:
    handles = []
    for model in data.history:
        color, style = MODEL_COLORS.get(model, INK), LINES.get(model, "-")
        for part, alpha, width in (("training", 0.5, 1.7), ("validation", 1.0, 2.2)):
            label = f"{data.labels.get(model, model)}, {part}"
            handles.append(Line2D([], [], color=color, linestyle=style, alpha=alpha, linewidth=width, label=label))
    return handles


def _levels(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], int]:
    """Bin edges, one bin for each level of a quantized array if there are not too many; the bin of 0."""
    levels = np.unique(np.append(values, 0.0))
    low, high = levels[0], levels[-1]
    step = float(np.diff(levels).min()) if len(levels) > 1 else 1.0
    step = max(step, (high - low) / MAX_LEVELS)
    below, above = (int(np.ceil(abs(end) / step - 0.5 - 1e-9)) + 1 for end in (low, high))
    return step * (np.arange(-below, above + 2) - 0.5), below


def _cell_name(key: str) -> str:
    return "block RAM (36 kb)" if key == "bram" else key.upper()


def _short(layers: tuple[str, ...]) -> str:
    """The layers of a module, few enough for an axis."""
    return " → ".join(layers if len(layers) <= 3 else (layers[0], "…", layers[-1]))
