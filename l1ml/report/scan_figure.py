"""The figure of a scan: cells and time against the values of the key."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, LogLocator, MaxNLocator, NullLocator

from l1ml.report.figures import WIDE
from l1ml.report.formats import count, heading, metric_name, metric_scale, quantity, setting
from l1ml.report.scan import merit, merits_differ
from l1ml.report.scan_points import Scan
from l1ml.report.style import INK, PALETTE, Plot, plain_ticks

MANY = 12
"""More values than this do not get a tick each."""

WIDE_RANGE = 20
"""Ratio of the largest to the smallest number of a curve from which its axis is logarithmic."""


@dataclass(frozen=True)
class _Curve:
    label: str
    color: str
    marker: str
    values: list[float]
    errors: list[float] | None = None


@dataclass(frozen=True)
class _Panel:
    """Axes with what they show; ``second`` is a factor and the label of an axis on the right."""

    label: str
    curves: list[_Curve]
    second: tuple[float, str] | None = None
    zero: bool = field(default=True)


def scan_figure(scan: Scan) -> Plot:
    """Cells, latency and interval against the value, and the trigger's headline where the key changes it.

    Args:
        scan: With at least one point that has a build.
    """
    panels = _panels(scan)
    columns = 2 if len(panels) == 4 else len(panels)
    rows = len(panels) // columns
    values = [point.value for point in scan.built]
    wrong = [bool(point.mismatches) for point in scan.built]
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
    figure = Figure(figsize=(WIDE, rows * (3.7 if numbers else 1.5 + 0.55 * len(values))))
    figure.set_layout_engine("constrained", wspace=0.06, hspace=0.08)
    grid = figure.subplots(rows, columns, squeeze=False, sharey=False if numbers else "row")
    for axes, panel in zip(grid.ravel(), panels, strict=True):
        if numbers:
            _draw_curves(axes, panel, values, wrong)
            axes.set(xlabel=scan.key, ylabel=panel.label)
        else:
            _draw_bars(axes, panel)
            axes.set_xlabel(panel.label)
        _scale(axes, panel, "y" if numbers else "x")
        # Above the axes, where it hides nothing; two entries at most.
        corner = (0.0, 1.0 if numbers or not panel.second else 1.22)
        axes.legend(loc="lower left", bbox_to_anchor=corner, ncols=2, borderaxespad=0.2, columnspacing=1.2)
    if not numbers:
        names = [setting(v) + ("\nRTL ≠ C++" if bad else "") for v, bad in zip(values, wrong, strict=True)]
        for axes in grid[:, 0]:
            axes.set(ylim=(len(names) - 0.45, -0.55))
            axes.set_yticks(range(len(names)), [name.replace("_", "_\n") for name in names])
    elif any(wrong):
        mark = Line2D([], [], marker="X", color=INK, linestyle="none", markersize=9, label="RTL ≠ C++")
        figure.legend(handles=[mark], loc="outside lower center")
    return Plot(
        name="scan",
        title=f"What {scan.key} costs",
        figure=figure,
        caption=_caption(scan),
        alt=_alt(scan),
        wide=True,
    )


def _panels(scan: Scan) -> list[_Panel]:
    reports: list[dict[str, Any]] = [point.report for point in scan.built if point.report]

    def cells(key: str) -> list[float]:
        return [r["resources"][key] for r in reports]

    special = [
        _Curve(name, color, marker, cells(key))
        for key, name, color, marker in (
            ("dsp", "DSP", PALETTE[1], "^"),
            ("bram", "block RAM (36 kb)", PALETTE[3], "v"),
        )
        if any(cells(key))
    ]
    panels = [
        _Panel("Cells", [_Curve("LUT", PALETTE[0], "o", cells("lut")), _Curve("FF", PALETTE[4], "s", cells("ff"))])
    ]
    if special:
        panels.append(_Panel("Cells", special))
    latency = [r["rtl"]["latency_cycles"] for r in reports]
    interval = [r["rtl"]["initiation_interval"] for r in reports]
    clocks = [r["clock_ns"] for r in reports]
    second = (clocks[0], "Time [ns]") if len(set(clocks)) == 1 else None
    scale = [1.0] * len(clocks) if second else clocks
    panels.append(
        _Panel(
            "Clock cycles" if second else "Time [ns]",
            [
                _Curve("latency", PALETTE[2], "o", list(np.multiply(latency, scale))),
                _Curve("initiation interval", PALETTE[6], "s", list(np.multiply(interval, scale))),
            ],
            second,
        )
    )
    merits = [found for r in reports if (found := merit(scan, r))]
    if merits_differ(scan) and len(merits) == len(reports):
        name, (scale_of, unit) = metric_name(scan.headline), metric_scale(scan.headline)
        curve = _Curve(
            name, PALETTE[3], "o", [scale_of * value for value, _ in merits], [scale_of * (e or 0) for _, e in merits]
        )
        panels.append(_Panel(heading(f"{name} [{unit}]" if unit else name), [curve], zero=False))
    return panels


def _draw_curves(axes: Axes, panel: _Panel, values: list[float], wrong: list[bool]) -> None:
    order = np.argsort(values)
    x, bad = np.asarray(values, dtype=float)[order], np.asarray(wrong)[order]
    for curve in panel.curves:
        y = np.asarray(curve.values, dtype=float)[order]
        axes.plot(x, y, "-", marker=curve.marker, color=curve.color, markersize=6, label=curve.label)
        if curve.errors:
            axes.errorbar(x, y, np.asarray(curve.errors)[order], fmt="none", ecolor=curve.color, capsize=3)
        axes.plot(x[bad], y[bad], "X", color=INK, markersize=11, zorder=5)
    if _more_even(x):
        axes.set_xscale("log")
    if len(x) <= MANY:
        axes.xaxis.set_major_locator(FixedLocator(list(x)))
        axes.xaxis.set_major_formatter(lambda v, _: f"{v:g}")
        axes.xaxis.set_minor_locator(NullLocator())
    axes.margins(x=0.07, y=0.1)


def _draw_bars(axes: Axes, panel: _Panel) -> None:
    height = 0.8 / len(panel.curves)
    for position, curve in enumerate(panel.curves):
        places = np.arange(len(curve.values)) - 0.4 + height * (position + 0.5)
        if curve.errors:
            axes.errorbar(
                curve.values,
                places,
                xerr=curve.errors,
                fmt=curve.marker,
                color=curve.color,
                label=curve.label,
                capsize=3,
            )
        else:
            bars = axes.barh(places, curve.values, height * 0.92, color=curve.color, label=curve.label)
            texts = [count(round(v, 1)) for v in curve.values]
            axes.bar_label(bars, texts, padding=3, fontsize="x-small", color=INK)
    axes.margins(x=0.16)
    axes.minorticks_off()
    plain_ticks(axes, "y")


def _scale(axes: Axes, panel: _Panel, which: str) -> None:
    """The axis ``"x"`` or ``"y"`` of the numbers: from zero, or logarithmic where a curve spans much."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    second = None
    if panel.second:
        functions = (partial(np.multiply, panel.second[0]), partial(np.multiply, 1 / panel.second[0]))
        if which == "x":
            second = axes.secondary_xaxis("top", functions=functions)
        else:
            second = axes.secondary_yaxis("right", functions=functions)
        second.set(**{f"{which}label": panel.second[1]})
        axes.tick_params(axis=which, which="both", top=False, right=False)  # type: ignore[arg-type]
    spans = [max(c.values) / min(c.values) for c in panel.curves if min(c.values) > 0]
    logarithmic = which == "y" and len(spans) == len(panel.curves) and max(spans) > WIDE_RANGE
    if logarithmic:
        axes.set_yscale("log")
    elif panel.zero:
        axes.set(**{f"{which}lim": (0, None)})
    for each in [axis, *([second.xaxis if which == "x" else second.yaxis] if second else [])]:
        few = MaxNLocator(4 if which == "x" else 8, steps=[1, 2, 5, 10])
        each.set_major_locator(LogLocator(subs=(1, 2, 5)) if logarithmic else few)
        each.set_minor_locator(NullLocator())
        each.set_major_formatter(lambda v, _: f"{v:,.10g}")
    axes.grid(True, axis="both" if which == "y" else "x")


def _more_even(x: Any) -> bool:
    """Whether values lie more evenly on a logarithmic axis."""
    if len(x) < 3 or x[0] <= 0:
        return False
    linear, logarithmic = np.diff(x), np.diff(np.log(x))
    return bool(logarithmic.max() / logarithmic.min() < linear.max() / linear.min())


def _caption(scan: Scan) -> str:
    cells = (scan.built[0].report or {})["resources"]
    unused = [
        name
        for key, name in (("dsp", "DSP"), ("bram", "block RAM"))
        if not any((point.report or {})["resources"][key] for point in scan.built)
    ]
    text = f"Cells by {cells['tool']} ({cells['kind']}, {cells['family']})"
    text += f"; no {' and no '.join(unused)} used." if unused else "."
    failed = ", ".join(setting(point.value) for point in scan.failed)
    return f"{text} No result for {failed}." if failed else text


def _alt(scan: Scan) -> str:
    points = []
    for point in scan.built:
        report: dict[str, Any] = point.report or {}
        cells, cycles = report["resources"], report["rtl"]["latency_cycles"]
        points.append(
            f"{setting(point.value)}: {count(cells['lut'])} LUT, {count(cells['ff'])} FF, {count(cells['dsp'])} DSP, "
            f"latency {cycles} cycles or {quantity(cycles * report['clock_ns'])} ns, "
            f"interval {report['rtl']['initiation_interval']}"
        )
    return f"Curves of cells and latency against {scan.key}. " + "; ".join(points)
