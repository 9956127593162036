"""The report stage: report.json, report.html and the figures of one build."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from l1ml.report import figures
from l1ml.report.firmware import firmware_part
from l1ml.report.inputs import BuildData, load
from l1ml.report.page import render_page
from l1ml.report.style import figure_style, save
from l1ml.report.trigger import PlotFunction, TriggerReport
from l1ml.report.vendor_numbers import vendor_numbers


def write_report(
    build: Path,
    out: Path,
    *,
    commands: list[str],
    trigger: TriggerReport,
    headline: str,
) -> dict[str, Any]:
    """Write ``report.json``, ``report.html`` and ``figures/*.png|svg``.

    Args:
        build: Folder of the build, one subfolder for each stage.
        out: Folder to write into, one in that of the build so that links lead somewhere; made if it is not there.
        commands: Shell commands that make this build again, for the page.
        trigger: The trigger's own metrics and figures.
        headline: Name of the metric that is shown at the top.

    Returns:
        The content of report.json.

    Raises:
        L1mlError: If a file of the build is missing, damaged or contradicts another one.
    """
    data = load(build)
    metrics = trigger.metrics(data)
    report = report_of(data) | {"vitis": vendor_numbers(build, data.design.name)}
    sections: list[tuple[str, str, tuple[PlotFunction, ...]]] = [
        ("physics", "Physics performance", trigger.figures),
        ("firmware", "Firmware", (figures.timeline, figures.resources)),
        ("model", "Model and training", (figures.history, figures.weights)),
    ]
    folder = out / "figures"
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    with figure_style():
        for key, title, functions in sections:
            plots = [function(data) for function in functions]
            drawn.append((key, title, [(plot, save(plot, folder)) for plot in plots]))
    page = render_page(
        report,
        data,
        metrics=metrics,
        headline=headline,
        sections=drawn,
        commands=commands,
        firmware=firmware_part(report, data, build),
    )
    (out / "report.html").write_text(page)
    (out / "report.json").write_text(json.dumps(report, indent=2) + "\n")
    return report


def report_of(data: BuildData) -> dict[str, Any]:
    """The content of report.json, the interface to CI and users' scripts."""
    verification = data.verification.model_dump(
        include={"simulator", "events", "outputs", "mismatches", "seconds", "events_per_second"}
    )
    if data.verification.first_mismatch is not None:
        verification["first_mismatch"] = data.verification.first_mismatch.model_dump()
    counted = data.resources
    return {
        "project": str(data.spec.get("project") or data.spec.get("name") or data.design.name),
        "reuse_factor": _setting(data, "reuse_factor"),
        "strategy": _setting(data, "strategy"),
        "part": data.design.part,
        "clock_ns": data.design.clock_ns,
        "model": {**data.metrics, "sparsity": data.sparsity},
        "labels": data.dataset.labels,
        "rtl": {
            "top": data.design.name,
            "latency_cycles": data.verification.latency_cycles,
            "initiation_interval": data.verification.initiation_interval,
        },
        "verification": verification,
        "deviation": data.deviation.model_dump(),
        "resources": {
            "tool": counted.tool,
            "family": counted.family,
            **counted.total.model_dump(),
            "kind": counted.kind,
            "definition": counted.definition,
            "timing": counted.timing.model_dump() if counted.timing else None,
        },
        "vitis": None,
        "seconds": data.seconds,
    }


def _setting(data: BuildData, name: str) -> int | str:
    """A setting of the conversion: what the spec asks of the whole network, else what its layers have."""
    asked = (data.spec.get("hls") or {}).get(name)
    if isinstance(asked, int | str):
        return asked
    found = {value for layer in data.layers if (value := getattr(layer, name)) is not None}
    if name == "reuse_factor":
        return max(found, default=1)
    return ", ".join(sorted(found))
