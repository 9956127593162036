"""What differs from one trigger's report to another's: its metrics and its figures of merit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from l1ml.report.inputs import BuildData
from l1ml.report.style import Plot

PlotFunction = Callable[[BuildData], Plot]


@dataclass(frozen=True)
class Metric:
    """A row of the table of metrics.

    Attributes:
        name: Kind of metric, such as ``accuracy``; sets the number format.
        label: Heading of the row.
        values: For each model, the value and its statistical error, or None if it has none.
        key: Where report.json has it under each model, such as ``auc.g``; empty if it has not.
    """

    name: str
    label: str
    values: Mapping[str, tuple[float, float | None]]
    key: str = ""


@dataclass(frozen=True)
class TriggerReport:
    """The trigger's own part of a report; the firmware part is the same for all.

    Attributes:
        metrics: Gives the rows of the table of metrics.
        figures: Draw its figures of merit, in the order of the page.
    """

    metrics: Callable[[BuildData], list[Metric]]
    figures: tuple[PlotFunction, ...]
