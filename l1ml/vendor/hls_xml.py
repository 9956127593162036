"""C-synthesis reports as XML: ``<top>_csynth.xml`` of Vivado HLS and Vitis HLS, ``csynth.xml`` of Vitis HLS."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

from l1ml.vendor.records import Instance, Synthesis
from l1ml.vendor.source import Source

LATENCY = "PerformanceEstimates/SummaryOfOverallLatency"
TIMING = "PerformanceEstimates/SummaryOfTimingAnalysis"


def read_csynth_xml(source: Source) -> Synthesis:
    """Read a C-synthesis report in XML.

    Raises:
        L1mlError: If it is cut off or a number is missing.
    """
    try:
        root = ElementTree.fromstring("\n".join(source.lines))
    except ElementTree.ParseError as error:
        raise source.missing(f"the end of the XML ({error})") from None
    version = _text(source, root, "ReportVersion/Version")
    return Synthesis(
        # The XML does not name its tool; 2020.1 was the last Vivado HLS.
        tool="Vitis HLS" if version >= "2020.2" else "Vivado HLS",
        version=version,
        top=_text(source, root, "UserAssignments/TopModelName"),
        part=_text(source, root, "UserAssignments/Part"),
        target_clock_ns=_period(source, root, "UserAssignments", "TargetClockPeriod"),
        estimated_clock_ns=_period(source, root, TIMING, "EstimatedClockPeriod"),
        clock_uncertainty_ns=_period(source, root, "UserAssignments", "ClockUncertainty"),
        latency_min=_cycles(source, root, f"{LATENCY}/Best-caseLatency"),
        latency_max=_cycles(source, root, f"{LATENCY}/Worst-caseLatency"),
        interval_min=_cycles(source, root, f"{LATENCY}/Interval-min"),
        interval_max=_cycles(source, root, f"{LATENCY}/Interval-max"),
        used=source.cells(_children(source, root, "AreaEstimates/Resources"), "the design"),
        available=source.cells(_children(source, root, "AreaEstimates/AvailableResources"), "the part"),
        instances=_instances(source, root),
    )


def _instances(source: Source, root: ElementTree.Element) -> tuple[Instance, ...]:
    """The blocks of the top module; only ``csynth.xml`` has them."""
    modules = {_text(source, module, "Name"): module for module in root.iterfind("ModuleInformation/Module")}
    found = []
    for node in root.iterfind("RTLDesignHierarchy/TopModule/InstancesList/Instance"):
        name, module = _text(source, node, "InstName"), _text(source, node, "ModuleName")
        known = _module(source, modules[module], module) if module in modules else {}
        found.append(Instance(name=name, module=module, **known))
    return tuple(found)


def _module(source: Source, node: ElementTree.Element, name: str) -> dict[str, Any]:
    """Latency, interval and cells of a module."""
    path = f"{LATENCY}/PipelineInitiationInterval"
    intervals = re.split(r" *~ *", _text(source, node, path))  # a range where it varies
    return {
        "latency_min": _cycles(source, node, f"{LATENCY}/Best-caseLatency"),
        "latency_max": _cycles(source, node, f"{LATENCY}/Worst-caseLatency"),
        "interval_min": source.cycles(intervals[0], path),
        "interval_max": source.cycles(intervals[-1], path),
        "used": source.cells(_children(source, node, "AreaEstimates/Resources"), name),
    }


def _text(source: Source, node: ElementTree.Element, path: str) -> str:
    text = node.findtext(path)
    if text is None:
        raise source.missing(f"<{path}>")
    return text.strip()


def _children(source: Source, node: ElementTree.Element, path: str) -> dict[str, str]:
    parent = node.find(path)
    if parent is None:
        raise source.missing(f"<{path}>")
    return {child.tag: child.text or "" for child in parent}


def _cycles(source: Source, node: ElementTree.Element, path: str) -> int | None:
    return source.cycles(_text(source, node, path), f"<{path}>")


def _period(source: Source, root: ElementTree.Element, section: str, name: str) -> float | None:
    """A time in ns, which the section gives in a unit of its own."""
    unit = _text(source, root, f"{section}/unit")
    return source.period(_text(source, root, f"{section}/{name}"), f"<{section}/{name}>", unit)
