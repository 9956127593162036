"""The look of the figures: mplhep's, in sizes for a page, with colours that the page can swap."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import mplhep
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

INK, MUTED, FAINT, PAPER = "#1f2328", "#656d76", "#d4d9df", "#fefefe"
"""Text and axes; less important text; grid; background."""

PALETTE = ("#2f7ed8", "#d97706", "#b91c1c", "#7e30b0", "#0f8a7e", "#a4603f", "#717581")
"""Class k has colour k in every figure; told apart by people with any colour vision."""

THEME = {
    INK: "ink",
    MUTED: "muted",
    FAINT: "faint",
    PAPER: "paper",
    **{c: f"c{i}" for i, c in enumerate(PALETTE)},
}
"""Names of the style sheet's variables that stand for these colours in a figure on the page."""

LINES: dict[str, Any] = {"float": "--", "quantized": ":", "hls": "-"}
"""Line style of each model, in every figure."""

STROKES: dict[str, dict[str, Any]] = {
    "float": {"linewidth": 1.3, "zorder": 3},
    "quantized": {"linewidth": 2.0, "zorder": 4},
    "hls": {"linewidth": 3.6, "alpha": 0.4, "zorder": 2},
}
"""The firmware is a broad pale band, so that curves that coincide with it stay in sight on it."""


MODEL_COLORS = {"float": PALETTE[6], "quantized": PALETTE[0], "hls": INK}
"""Colour of each model where colour does not stand for the class."""

_SETTINGS: Any = {
    "font.size": 11.5,
    "figure.figsize": (7.0, 5.2),
    "figure.facecolor": PAPER,
    "figure.constrained_layout.use": True,
    "axes.facecolor": PAPER,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.linewidth": 1.1,
    "axes.titlesize": "medium",
    "axes.titlecolor": INK,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "text.color": INK,
    "grid.color": FAINT,
    "grid.linestyle": "-",
    "grid.linewidth": 0.7,
    "grid.alpha": 1.0,
    "legend.fontsize": "small",
    "legend.handlelength": 2.2,
    "lines.linewidth": 1.7,
    **{f"{axis}tick.color": INK for axis in "xy"},
    **{f"{axis}tick.labelsize": "small" for axis in "xy"},
    **{f"{axis}tick.major.size": 6 for axis in "xy"},
    **{f"{axis}tick.minor.size": 3 for axis in "xy"},
    **{f"{axis}tick.major.width": 0.9 for axis in "xy"},
    **{f"{axis}tick.minor.width": 0.7 for axis in "xy"},
    # Outlines instead of text: a page that carries its figures cannot count on the reader's fonts.
    "svg.fonttype": "path",
}


@dataclass(frozen=True)
class Plot:
    """A figure and what the page says about it.

    Attributes:
        name: Name of its files.
        title: Heading on the page.
        figure: The drawing.
        caption: One sentence below it.
        alt: What it shows, for readers who cannot see it.
        wide: Whether it takes the whole width of the page.
    """

    name: str
    title: str
    figure: Figure
    caption: str
    alt: str
    wide: bool = False


@contextmanager
def figure_style() -> Iterator[None]:
    """mplhep's style in sizes that fit a page; to be on while figures are drawn and saved."""
    with mpl.rc_context():
        mpl.rcParams.update(mplhep.style.ROOT)
        mpl.rcParams.update(_SETTINGS)
        yield


def header(axes: Axes, left: str, right: str = "") -> None:
    """The line above the axes: what is shown, and of what sample."""
    axes.set_title(left, loc="left", fontweight="bold")
    axes.set_title(right, loc="right", fontsize="small", color=MUTED)


def plain_ticks(axes: Axes, which: str) -> None:
    """No ticks on the axis ``"x"`` or ``"y"`` of names, where they would mean nothing."""
    axes.tick_params(axis=which, which="both", length=0)  # type: ignore[arg-type]


def save(plot: Plot, folder: Path) -> str:
    """Write ``<name>.png`` and ``<name>.svg``, equal bytes for equal data.

    Returns:
        The SVG.
    """
    FigureCanvasAgg(plot.figure)
    plot.figure.savefig(folder / f"{plot.name}.png", dpi=160, metadata={"Software": None})
    file = folder / f"{plot.name}.svg"
    with mpl.rc_context({"svg.hashsalt": plot.name}):
        plot.figure.savefig(file, metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return file.read_text()


def inline(plot: Plot, svg: str) -> str:
    """An SVG of `save` as a part of a page: own ids, described, its colours those of the page."""
    drawing = svg[svg.index("<svg ") :]
    drawing = re.sub(r"<metadata>.*?</metadata>", "", drawing, flags=re.DOTALL)
    drawing = re.sub(r'\bid="', f'id="{plot.name}-', drawing)
    drawing = re.sub(r'(href="#|url\(#)', rf"\g<1>{plot.name}-", drawing)
    for color, variable in THEME.items():
        drawing = drawing.replace(color, f"var(--{variable})")
    return drawing.replace("<svg ", f'<svg role="img" aria-label="{html.escape(plot.alt)}" ', 1)
