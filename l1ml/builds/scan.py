"""One trigger for several values of a key of its spec, side by side in one folder.

Each value has a build of its own below the folder of the scan. What the key does not touch is made by the first
of them and copied by the others, so every point is whole, and an interrupted scan carries on where it was.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

from l1ml.builds import flow
from l1ml.builds.build import Build
from l1ml.builds.specs import load_spec
from l1ml.console import console
from l1ml.errors import L1mlError
from l1ml.folders import MARKER, claimed
from l1ml.report.formats import setting
from l1ml.report.scan_points import Scan, ScanPoint
from l1ml.spec import Spec
from l1ml.triggers import trigger_of

UNTIL = ("rtl", "verify", "report")
"""Stages that a scan may end with."""


def parse_values(text: str) -> tuple[str, list[Any]]:
    """``"hls.reuse_factor=1,2"`` → ``("hls.reuse_factor", [1, 2])``; values are read as YAML.

    A comma between brackets or quotes belongs to its value: ``[64,32],[32]`` and ``fixed<8,3>,fixed<6,2>`` are two.

    Raises:
        L1mlError: If there is no key, no value, or one that is not YAML.
    """
    key, _, listed = text.partition("=")
    values = re.findall(r"""(?:[^,<\[{"']|<[^>]*>|\[[^\]]*\]|\{[^}]*\}|"[^"]*"|'[^']*')+""", listed)
    if not key.strip() or not values or ",".join(values) != listed:
        raise L1mlError(f"{text!r} is not understood; write it like hls.reuse_factor=1,2,4")
    try:
        return key.strip(), [yaml.safe_load(value) for value in values]
    except (yaml.YAMLError, ValueError):
        raise L1mlError(f"{text!r}: a value is not YAML") from None


def run_scan(
    spec: str | Path,
    key: str,
    values: Iterable[Any],
    overrides: dict[str, Any] | None = None,
    out: Path | None = None,
    until: str = "report",
) -> Scan:
    """Bring the builds for all values up to date and compare them.

    Args:
        spec: A name in ``hls_projects/`` or the path of a spec.
        key: Dotted key of the spec.
        values: What it is set to, one after the other.
        overrides: Other changes to the spec by dotted key.
        out: Folder of the scan, ``build/<project>-scan-<last part of the key>`` by default.
        until: Last stage of each build, one of `UNTIL`.

    Returns:
        All points; a value that fails is one of them, with its error.

    Raises:
        L1mlError: If the spec takes none of the values, the folder holds something else or is in use.
    """
    from l1ml.report.scan import write_scan

    if until not in UNTIL:
        raise L1mlError(f"a scan ends with one of {', '.join(UNTIL)}, not {until!r}")
    specs = _specs(spec, key, values, overrides or {})
    first = next(loaded for _, loaded in specs if isinstance(loaded, Spec))
    project = first.project
    folder = Path(out or Path("build") / f"{project}-scan-{key.rpartition('.')[2]}").resolve()
    points: list[ScanPoint] = []
    with claimed(folder, f"{project} (scan)"):
        for value, loaded in specs:
            console.print(f"[bold blue]{len(points) + 1} of {len(specs)}:[/] ", end="")
            console.print(f"{key} = {setting(value)}", markup=False, soft_wrap=True)
            others = [*sorted(file.parent for file in folder.glob(f"*/{MARKER}")), Path("build") / project]
            points.append(_point(value, loaded, folder, _folder_name(key, value), others, until))
        scan = Scan(project, trigger_of(first).headline, key, until, tuple(points), folder)
        write_scan(scan)
    return scan


def _specs(
    name: str | Path, key: str, values: Iterable[Any], overrides: dict[str, Any]
) -> list[tuple[Any, Spec | L1mlError]]:
    """Each value once, as the spec understands it, with its spec or what is wrong with it."""
    found: dict[str, tuple[Any, Spec | L1mlError]] = {}
    for value in values:
        try:
            loaded = load_spec(name, {**overrides, key: value})
            understood: Any = loaded.model_dump(mode="json")
            for part in key.split("."):
                understood = understood[part]
            found[json.dumps(understood)] = understood, loaded
        except L1mlError as error:
            found[repr(value)] = value, error
    if not found:
        raise L1mlError(f"there are no values to scan {key} over")
    errors = [loaded for _, loaded in found.values() if isinstance(loaded, L1mlError)]
    if len(errors) == len(found):
        raise errors[0]
    return list(found.values())


def _point(value: Any, spec: Spec | L1mlError, root: Path, name: str, others: Sequence[Path], until: str) -> ScanPoint:
    """Build one point; what is wrong with its value is part of the result."""
    try:
        if isinstance(spec, L1mlError):
            raise spec
        return ScanPoint(value, name, _report(flow.run(spec, root / name, until, others), until))
    except L1mlError as error:
        console.print("    [red]failed:[/] ", end="")
        console.print(str(error), markup=False, soft_wrap=True)
        return ScanPoint(value, name if isinstance(spec, Spec) else "", None, str(error))


def _report(build: Build, until: str) -> dict[str, Any]:
    """The content of report.json, or as much of it as there is before the report."""

    def read(file: str) -> Any:
        return json.loads((build.root / file).read_text())

    if until == "report":
        report: dict[str, Any] = read("report/report.json")
        return report
    design, resources = build.design(), read("rtl/resources.json")
    report = {
        "project": build.spec.project,
        "part": design.part,
        "clock_ns": design.clock_ns,
        "model": read("train/metrics.json") | read("convert/metrics.json"),
        "rtl": {
            "top": design.name,
            "latency_cycles": design.latency,
            "initiation_interval": design.initiation_interval,
        },
        "resources": {**{k: v for k, v in resources.items() if k not in ("total", "modules")}, **resources["total"]},
    }
    return report | ({"verification": read("verify/verification.json")} if until == "verify" else {})


def _folder_name(key: str, value: Any) -> str:
    """Name of a point's folder: that of its value, as far as a file may have it and people can read it."""
    text = setting(value)
    plain = re.sub(r"[^\w.+-]+", "_", text, flags=re.ASCII).strip("_")[:40]
    name = f"{key.rpartition('.')[2]}-{plain}"
    return name if plain == text else f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:6]}"
