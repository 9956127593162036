"""Report of a trigger that tells electrons from jets: efficiencies, fake rates, and what it sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from l1ml.errors import L1mlError
from l1ml.report.inputs import MODELS, BuildData
from l1ml.report.trigger import Metric, TriggerReport
from l1ml.triggers.electron_rings import figures


def detector_rows(data: BuildData) -> list[Metric]:
    """Rows of the table of metrics.

    Raises:
        L1mlError: If a stage left out a metric.
    """
    trained = ("float", "quantized")
    rows = [
        _row(data, "auc", "AUC"),
        _row(data, "sp_index", "SP index"),
        _row(data, "folds", "SP index, mean and spread of the folds", models=trained),
    ]
    for rate in _entries(data, "efficiency_at"):
        label = f"Efficiency at {100 * float(rate):g} % fakes"
        rows.append(_row(data, "efficiency_at", label, rate))
        rows.append(_row(data, "exact_normalisation", f"{label}, norm in floating point", rate, models=trained[1:]))
    for point in _entries(data, "efficiency"):
        rows.append(_row(data, "efficiency", f"Efficiency, {point}", point))
        rows.append(_row(data, "fake_rate", f"Fake rate, {point}", point))
    return rows


def _entries(data: BuildData, name: str) -> Mapping[str, float]:
    values = data.metrics["hls"].get(name)
    if not isinstance(values, dict) or not values:
        raise L1mlError(f"convert/metrics.json has no numbers hls.{name}")
    return values


def _row(data: BuildData, name: str, label: str, entry: str | None = None, models: Sequence[str] = MODELS) -> Metric:
    values: dict[str, tuple[float, float | None]] = {}
    for model in models:
        value = _number(data, model, name, entry)
        if value is None:
            raise L1mlError(
                f"the metrics of {model} lack {'.'.join(filter(None, (name, entry)))}: run l1ml build again"
            )
        values[model] = (value, _number(data, model, f"{name}_error", entry))
    return Metric(name, label, values, f"{name}.{entry}" if entry else name)


def _number(data: BuildData, model: str, name: str, entry: str | None) -> float | None:
    found = data.metrics[model].get(name)
    value = found.get(entry or "") if isinstance(found, dict) else found
    return None if value is None else float(value)


REPORT = TriggerReport(
    metrics=detector_rows,
    figures=(figures.roc, figures.scores, figures.efficiencies, figures.profiles),
)
"""The report of the electron trigger."""
