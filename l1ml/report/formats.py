"""Numbers as text, the same on the page and in the terminal."""

from __future__ import annotations

import json
from math import floor, log10
from typing import Any

BUNCH_CROSSING_NS = 25.0
"""Time between two bunch crossings of the LHC."""

PERCENT_METRICS = (
    *("accuracy", "agreement", "efficiency", "efficiency_at", "exact_normalisation", "fake_rate", "fpr", "tpr"),
)
"""Metrics that are shares of events and read better in percent."""

LIMITS = ("tpr_limit",)
"""Metrics that are upper limits on a share of events."""


UNITS = {"rate_khz": (1, 1, " kHz"), "threshold": (1, 2, "")}
"""Scale, digits and unit of other metrics."""


def count(number: float) -> str:
    """An integer with thousands separators; halves keep their digit."""
    return f"{number:,.0f}" if number == int(number) else f"{number:,.1f}"


def quantity(number: float) -> str:
    """A measured number without needless digits: 5, 2.5, 123.4."""
    return f"{number:.4g}" if abs(number) < 1000 else f"{number:,.0f}"


def cycles(number: int) -> str:
    """A number of clock cycles."""
    return f"{count(number)} cycle{'' if number == 1 else 's'}"


def percent(share: float, digits: int = 1) -> str:
    """A share in percent; a small share that is not zero does not read as zero."""
    smallest = 10.0**-digits
    return f"< {smallest:g} %" if 0 < share * 100 < smallest else f"{share * 100:.{digits}f} %"


def metric(name: str, value: float, error: float | None = None) -> str:
    """A metric with its statistical error, if there is one."""
    if name in LIMITS:
        return f"< {value * 100:.2f} %"
    scale, digits, unit = _form(name)
    plus_minus = "" if error is None else f" ± {error * scale:.{digits}f}"
    return f"{value * scale:.{digits}f}{plus_minus}{unit}"


def metric_name(name: str) -> str:
    """A metric as people write it: ``accuracy``, ``AUC signals``."""
    return name.replace("auc", "AUC").replace("_", " ")


def heading(name: str) -> str:
    """A name at the head of a column or an axis."""
    return name[0].upper() + name[1:]


def metric_scale(name: str) -> tuple[float, str]:
    """By what the values of a metric are multiplied to be shown, and their unit."""
    scale, _, unit = _form(name)
    return scale, unit.strip()


def _form(name: str) -> tuple[float, int, str]:
    return (100, 2, " %") if name in PERCENT_METRICS else UNITS.get(name, (1, 4, ""))


def duration(seconds: float) -> str:
    """A run time: 0.31 s, 42 s, 3 min 05 s, 2 h 10 min."""
    if seconds < 9.95:
        return f"{seconds:.2g} s" if seconds < 1 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes == 0:
        return f"{rest} s"
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def pace(interval_ns: float) -> str:
    """How an initiation interval compares with the LHC's bunch crossings."""
    if interval_ns > BUNCH_CROSSING_NS:
        cores = -int(-interval_ns // BUNCH_CROSSING_NS)
        return f"one event every {quantity(interval_ns)} ns: {cores} cores take every 25 ns bunch crossing"
    each = int(BUNCH_CROSSING_NS / interval_ns + 1e-9)
    return f"one event every {quantity(interval_ns)} ns: {each} for each 25 ns bunch crossing"


def setting(value: Any) -> str:
    """A value of a spec as one types it."""
    return value if isinstance(value, str) else json.dumps(value, default=str)


def scientific(value: float, error: float) -> str:
    """A small number with its error, such as (2.4 ± 0.8) × 10⁻⁴."""
    place = floor(log10(value))
    scale = 10.0**-place
    return f"({value * scale:.1f} ± {error * scale:.1f}) × {power_of_ten(place)}"


def power_of_ten(place: int) -> str:
    """10 with a raised exponent."""
    return "10" + str(place).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
