"""Which report a file is, and all reports of a folder together."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from l1ml.errors import L1mlError
from l1ml.vendor.cosimulation import read_cosimulation
from l1ml.vendor.hls_text import read_csynth_rpt, read_csynth_summary
from l1ml.vendor.hls_xml import read_csynth_xml
from l1ml.vendor.records import Cosimulation, Record, Synthesis, Timing, Utilization
from l1ml.vendor.source import Source
from l1ml.vendor.vivado import read_timing, read_utilization


class _Form(NamedTuple):
    """A form of report: how it is recognised, what it is called and what reads it."""

    sign: re.Pattern[str]
    name: str
    read: Callable[[Source], Record]


FORMS = (
    _Form(re.compile(r"\A\s*(<\?xml[^>]*>\s*)?<profile>"), "C-synthesis report", read_csynth_xml),
    _Form(re.compile(r"^== V(ivado|itis) HLS Report for '", re.M), "C-synthesis report", read_csynth_rpt),
    _Form(re.compile(r"^== Synthesis Summary Report of '", re.M), "C-synthesis summary", read_csynth_summary),
    _Form(re.compile(r"^\+ +RTL +\+ +Status +\+", re.M), "cosimulation report", read_cosimulation),
    _Form(re.compile(r"^Utilization Design Information$", re.M), "utilization report", read_utilization),
    _Form(re.compile(r"^\| Design Timing Summary$", re.M), "timing summary", read_timing),
)

STATES = ("Synthesized", "Optimized", "Fully Placed", "Physopt postPlace", "Routed", "Physopt postRoute")
"""States of a design in Vivado, the last is nearest to the FPGA."""

FILES = ("csynth.xml", "*_csynth.xml", "*_csynth.rpt", "csynth.rpt", "*.rpt")
"""What is looked for in a folder, the report that says most first."""


def read_report(file: Path) -> Record:
    """Read a report of Vivado HLS, Vitis HLS or Vivado, whichever it is.

    Raises:
        L1mlError: If the file cannot be read, is empty, cut off, or none of these reports.
    """
    record = _read(file)
    if record is None:
        known = "csynth.xml, <top>_csynth.xml, <top>_csynth.rpt, csynth.rpt, <top>_cosim.rpt, report_utilization"
        raise L1mlError(f"{file} is not a report that l1ml knows: give one of {known}, report_timing_summary")
    return record


def vendor_summary(place: Path) -> dict[str, Any]:
    """The vendor's numbers, for the field ``vitis`` of report.json.

    Args:
        place: A report, or a folder such as that of an HLS project, searched with all folders below it but hidden
            ones. Of a C synthesis the report of the top module is taken; of ``report_utilization`` and
            ``report_timing_summary`` the one of the state nearest to the FPGA.

    Returns:
        ``synthesis``, ``cosimulation``, ``utilization`` and ``timing``: the record as JSON types with ``file`` added,
        or None where there is none.

    Raises:
        L1mlError: If there is no report, a report is cut off, or there are reports of different designs.
    """
    if place.is_dir():
        found = {file: record for file in _candidates(place) if (record := _read(file)) is not None}
        if not found:
            raise L1mlError(f"{place} has no report of Vivado or Vitis: give the folder of the HLS or Vivado project")
    else:
        found = {place: read_report(place)}
    summary: dict[str, Any] = {}
    for kind in (Synthesis, Cosimulation, Utilization, Timing):
        of_kind = {file: record for file, record in found.items() if isinstance(record, kind)}
        name = kind.model_fields["kind"].default
        summary[name] = None
        if of_kind:
            file = _best(place, of_kind)
            summary[name] = {"file": file.name, **of_kind[file].model_dump(mode="json")}
    return summary


def _read(file: Path) -> Record | None:
    """The content of a report, None for a file of another kind."""
    try:
        text = file.read_text(errors="replace")  # the tools write dates in the encoding of the machine
    except OSError as error:
        raise L1mlError(f"{file} cannot be read: {error.strerror}") from None
    if not text.strip():
        raise L1mlError(f"{file} is empty: run the tool that writes it again")
    form = next((form for form in FORMS if form.sign.search(text)), None)
    return None if form is None else form.read(Source(file, form.name, text.split("\n")))


def _candidates(folder: Path) -> list[Path]:
    """Files that may be reports, each once, in the order of `FILES`."""
    found = [file for pattern in FILES for file in sorted(folder.rglob(pattern)) if file.is_file()]
    return [f for f in dict.fromkeys(found) if not any(p.startswith(".") for p in f.relative_to(folder).parts)]


def _best(place: Path, records: dict[Path, Any]) -> Path:
    """The file to show of several of one kind, which must be of one design."""
    if isinstance(next(iter(records.values())), Synthesis):
        records = _tops(records)
    else:
        last = max(map(_state, records.values()))
        records = {file: record for file, record in records.items() if _state(record) == last}
    (first, shown), *others = records.items()
    for file, record in others:
        if _identity(record) != _identity(shown):
            names = f"{first.relative_to(place)} and {file.relative_to(place)}"
            raise L1mlError(f"{place}: {names} are of different designs; give the folder or file of one of them")
    return first


def _tops(records: dict[Path, Synthesis]) -> dict[Path, Synthesis]:
    """Those that are not of a module within another: HLS writes a report for each module, named after it."""
    inner = {instance.module for record in records.values() for instance in record.instances}
    tops = {f: r for f, r in records.items() if f.stem.removesuffix("_csynth") not in inner and r.top not in inner}
    return tops or records


def _state(record: Record) -> int:
    state = getattr(record, "state", None)
    return STATES.index(state) if state in STATES else -1


def _identity(record: Record) -> Any:
    """What two reports of the same run share, in whatever form they are."""
    if isinstance(record, Synthesis):
        return record.top, record.part, record.latency_max, record.used.model_dump(exclude={"uram"})
    return record
