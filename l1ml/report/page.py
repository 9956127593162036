"""The HTML page: one file that carries its figures and needs nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from l1ml.estimation import parts
from l1ml.report import formats
from l1ml.report.firmware import FirmwarePart
from l1ml.report.inputs import MODELS, BuildData
from l1ml.report.style import Plot, inline
from l1ml.report.trigger import Metric
from l1ml.templates import render

TEMPLATE = "report/report.html.j2"


@dataclass(frozen=True)
class Tile:
    """A key number.

    Attributes:
        label: What it is.
        text: The number with its unit.
        note: What puts it into proportion.
        key: Where report.json has it.
        value: The number as report.json has it.
    """

    label: str
    text: str
    note: str
    key: str
    value: float


@dataclass(frozen=True)
class Section:
    """A part of the page: its figures, below tables that the template knows by ``key``."""

    key: str
    title: str
    figures: list[dict[str, Any]]


def render_page(
    report: dict[str, Any],
    data: BuildData,
    *,
    metrics: list[Metric],
    headline: str,
    sections: list[tuple[str, str, list[tuple[Plot, str]]]],
    commands: list[str],
    firmware: FirmwarePart,
) -> str:
    """The page of a build.

    Args:
        report: What report.json has; the page takes its numbers from here.
        data: The rest: layers, modules, the spec.
        metrics: Rows of the table of metrics.
        headline: Name of the metric among the key numbers.
        sections: Key, title and figures with their SVG, in the order of the page.
        commands: Shell commands that make this build again.
        firmware: What is told of the firmware beside its figures.
    """
    return render(
        TEMPLATE,
        report=report,
        data=data,
        verdict=_verdict(data),
        tiles=_tiles(report, next(m for m in metrics if m.name == headline), data.labels),
        metrics=_metric_rows(metrics),
        models=[data.labels[model] for model in MODELS],
        sections=[
            Section(key, title, [{"plot": plot, "svg": Markup(inline(plot, svg))} for plot, svg in figures])
            for key, title, figures in sections
        ],
        stages=_stages(report["seconds"]),
        commands=commands,
        firmware=firmware,
        count=formats.count,
        cycles=formats.cycles,
        duration=formats.duration,
        percent=formats.percent,
        quantity=formats.quantity,
    )


def _verdict(data: BuildData) -> dict[str, Any]:
    """Badge and sentence on whether the RTL gave the integers of the C++."""
    found = data.verification
    compared = f"{formats.count(found.events)} events × {formats.count(found.outputs)} outputs"
    kinds = ", ".join(f"{formats.count(n)} {name}" for name, n in found.families.items())
    speed = f"{formats.duration(found.seconds)} at {formats.count(round(found.events_per_second))} events/s"
    return {
        "passed": data.bit_exact,
        "badge": "BIT-EXACT" if data.bit_exact else "FAIL",
        "sentence": f"{compared}, 0 mismatches" if data.bit_exact else f"{found.mismatches:,} mismatches in {compared}",
        "detail": f"Verilog in {found.simulator} against hls4ml's C++, integer by integer"
        + (f" ({kinds} events)" if kinds else "")
        + f"; {speed}.",
        "mismatch": found.first_mismatch,
    }


def _tiles(report: dict[str, Any], headline: Metric, labels: dict[str, str]) -> list[Tile]:
    rtl, cells, clock = report["rtl"], report["resources"], report["clock_ns"]
    latency, interval = rtl["latency_cycles"], rtl["initiation_interval"]
    tiles = [
        Tile(
            "Latency",
            f"{formats.quantity(latency * clock)} ns",
            f"{formats.cycles(latency)} of {formats.quantity(clock)} ns",
            "rtl.latency_cycles",
            latency,
        ),
        Tile(
            "Initiation interval",
            formats.cycles(interval),
            formats.pace(interval * clock),
            "rtl.initiation_interval",
            interval,
        ),
    ]
    device = parts.device(report["part"])
    for key, label in (("lut", "LUT"), ("ff", "Flip-flops"), ("dsp", "DSP"), ("bram", "Block RAM (36 kb)")):
        used = parts.share(report["part"], key, cells[key])
        note = cells["kind"] if used is None else f"{formats.percent(used, 2)} of {device} ({cells['kind']})"
        tiles.append(Tile(label, formats.count(cells[key]), note, f"resources.{key}", cells[key]))
    value, error = headline.values["hls"]
    others = ", ".join(f"{labels[m]} {formats.metric(headline.name, *headline.values[m])}" for m in MODELS[:2])
    key = f"model.hls.{headline.key}"
    tiles.append(Tile(headline.label, formats.metric(headline.name, value, error), others, key, value))
    sparsity = report["model"]["sparsity"]
    tiles.append(Tile("Sparsity", formats.percent(sparsity), "of the weights are zero", "model.sparsity", sparsity))
    return tiles


def _metric_rows(metrics: list[Metric]) -> list[dict[str, Any]]:
    rows = []
    for metric in metrics:
        cells = []
        for model in MODELS:
            value, error = metric.values.get(model, (None, None))
            cells.append(
                {
                    "key": f"model.{model}.{metric.key}" if metric.key else "",
                    "value": value,
                    "text": "–" if value is None else formats.metric(metric.name, value, error),
                }
            )
        rows.append({"label": metric.label, "cells": cells})
    return rows


def _stages(seconds: dict[str, float]) -> list[dict[str, Any]]:
    longest = max([*seconds.values(), 1e-9])
    return [
        {"name": name, "text": formats.duration(time), "width": round(100 * time / longest, 1), "value": time}
        for name, time in seconds.items()
    ]
