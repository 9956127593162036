"""What came out of a scan, for its page, its figure and its table."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class ScanPoint:
    """The trigger for one value.

    Attributes:
        value: The value, as the spec has it.
        folder: Folder of its build, relative to that of the scan; empty if the spec refuses the value.
        report: The content of report.json, or as much of it as the last stage of the scan knows; None without a build.
        error: Why there is no build, in one line.
    """

    value: Any
    folder: str
    report: dict[str, Any] | None
    error: str | None = None

    @property
    def mismatches(self) -> int:
        """Outputs in which RTL and C++ differ; 0 if they were not compared."""
        return int(((self.report or {}).get("verification") or {}).get("mismatches", 0))


@dataclass(frozen=True)
class Scan:
    """What came out for every value.

    Attributes:
        project: The trigger.
        headline: The metric of the trigger that is shown first.
        key: Dotted key of the spec.
        until: Last stage of each build.
        points: In the order of the values.
        folder: Folder with ``scan.json``, ``scan.html``, its figure, and the builds.
    """

    project: str
    headline: str
    key: str
    until: str
    points: tuple[ScanPoint, ...]
    folder: Path

    @property
    def built(self) -> list[ScanPoint]:
        """Points that have a build."""
        return [point for point in self.points if point.report is not None]

    @property
    def failed(self) -> list[ScanPoint]:
        """Points that have none."""
        return [point for point in self.points if point.report is None]

    def as_dict(self) -> dict[str, Any]:
        """The content of scan.json."""
        points = [asdict(point) for point in self.points]
        return {
            "project": self.project,
            "headline": self.headline,
            "key": self.key,
            "until": self.until,
            "points": points,
        }
