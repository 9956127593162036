"""Report of a trigger that looks for anomalies: how it tells signals it was never shown, and how often it fires."""

from __future__ import annotations

from collections.abc import Mapping
from math import log10

from l1ml.errors import L1mlError
from l1ml.report.formats import LIMITS, power_of_ten, scientific
from l1ml.report.inputs import MODELS, BuildData
from l1ml.report.trigger import Metric, TriggerReport
from l1ml.triggers.anomaly_vae import figures
from l1ml.triggers.anomaly_vae.merit import CONFIDENCE, TARGET_FPR


def anomaly_rows(data: BuildData) -> list[Metric]:
    """Rows of the table of metrics.

    Raises:
        L1mlError: If a stage left out a metric.
    """
    fpr, error = (data.metrics["hls"].get(name) for name in ("fpr", "fpr_error"))
    if not isinstance(fpr, float) or not isinstance(error, float):
        raise L1mlError("convert/metrics.json has no number hls.fpr with its error")
    measured, wanted = scientific(fpr, error), power_of_ten(round(log10(TARGET_FPR)))
    rows = [_row(data, "auc_signals", "AUC, all signals")]
    for name, label in (
        ("auc", "AUC, {}"),
        ("tpr", f"Efficiency at {measured} false positives, {{}}"),
        ("tpr_limit", f"Efficiency at {wanted} false positives, limit at {CONFIDENCE * 100:.0f} % confidence, {{}}"),
    ):
        rows += [_row(data, name, label.format(data.class_label(entry)), entry) for entry in _entries(data, name)]
    for point in _entries(data, "rate_khz"):
        rows += [_threshold(data, point), _row(data, "rate_khz", f"Rate, {point}", point)]
    return rows


def _threshold(data: BuildData, point: str) -> Metric:
    """The threshold of a working point; the firmware has that of the quantized network."""
    values = {}
    for model, source in zip(MODELS, ("float", "quantized", "quantized"), strict=True):
        value, error = (_number(data.metrics[source].get(key), point) for key in ("threshold", "threshold_error"))
        if value is None or error is None:
            raise L1mlError(f"the metrics of {source} lack threshold.{point} or its error: run l1ml build again")
        values[model] = (value, error)
    return Metric("threshold", f"Threshold on the score, {point}", values)


def _row(data: BuildData, name: str, label: str, entry: str = "") -> Metric:
    values: dict[str, tuple[float, float | None]] = {}
    for model in MODELS:
        value, error = (_number(data.metrics[model].get(key), entry) for key in (name, f"{name}_error"))
        if value is None or (error is None and name not in LIMITS):
            lacking = f"{name}.{entry}".strip(".")
            raise L1mlError(f"the metrics of {model} lack {lacking} or its error: run l1ml build again")
        values[model] = (value, error)
    return Metric(name, label, values, f"{name}.{entry}" if entry else name)


def _number(found: float | Mapping[str, float] | None, entry: str) -> float | None:
    return found.get(entry) if isinstance(found, Mapping) else found


def _entries(data: BuildData, name: str) -> Mapping[str, float]:
    values = data.metrics["hls"].get(name)
    if not isinstance(values, dict) or not values:
        raise L1mlError(f"convert/metrics.json has no numbers hls.{name}")
    return values


REPORT = TriggerReport(
    metrics=anomaly_rows,
    figures=(figures.roc, figures.scores, figures.rates, figures.latent, figures.occupancies),
)
"""The report of the anomaly trigger."""
