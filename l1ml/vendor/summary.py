"""All reports of a folder together: which one of a kind counts, and which are left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from l1ml.errors import L1mlError
from l1ml.vendor.reading import read_if_known, read_report
from l1ml.vendor.records import Cosimulation, Record, Synthesis, Timing, Utilization

STATES = ("Synthesized", "Optimized", "Fully Placed", "Physopt postPlace", "Routed", "Physopt postRoute")
"""States of a design in Vivado, the last is nearest to the FPGA."""

SYNTHESIS_FILES = ("csynth.xml", "*_csynth.xml", "*_csynth.rpt", "csynth.rpt")
"""Reports of C synthesis, the one that says most first."""

FILES = (*SYNTHESIS_FILES, "*.rpt")
"""What is looked for in a folder."""

NUMBERS = ("latency_min", "latency_max", "interval_min", "interval_max")
"""What forms of one report are compared in, beside cells."""


def vendor_summary(place: Path) -> dict[str, Any]:
    """The vendor's numbers, for the field ``vitis`` of report.json.

    Args:
        place: A report, or a folder such as that of an HLS project, searched with all folders below it but hidden
            ones. Of a C synthesis the report of the top module is taken; of ``report_utilization`` and
            ``report_timing_summary`` the one of the state nearest to the FPGA.

    Returns:
        ``synthesis``, ``cosimulation``, ``utilization`` and ``timing``: the record as JSON types with ``file`` added,
        or None where there is none. ``left_out``: a line for each report that cannot be read, or that has other numbers
        than the form of the same report that is taken.

    Raises:
        L1mlError: If there is no report, none can be read, or there are reports of different designs.
    """
    found: dict[Path, Record] = {}
    faults: dict[Path, str] = {}
    if place.is_dir():
        for file in _candidates(place):
            try:
                record = read_if_known(file)
            except L1mlError as error:
                faults[file] = str(error)
            else:
                found |= {} if record is None else {file: record}
        if not found and not faults:
            raise L1mlError(f"{place} has no report of Vivado or Vitis: give the folder of the HLS or Vivado project")
    else:
        found = {place: read_report(place)}
    summary: dict[str, Any] = {}
    left_out = [fault.replace(f"{place}/", "", 1) for fault in faults.values()]
    for kind in (Synthesis, Cosimulation, Utilization, Timing):
        of_kind: dict[Path, Any] = {file: record for file, record in found.items() if isinstance(record, kind)}
        counting = _tops(of_kind, faults) if kind is Synthesis else _last_state(of_kind)
        name = kind.model_fields["kind"].default
        summary[name] = None
        if counting:
            (file, record), *others = counting.items()
            summary[name] = {"file": file.name, **record.model_dump(mode="json")}
            left_out += [line for other in others if (line := _difference(place, (file, record), other))]
    if not any(summary.values()):
        raise L1mlError(next(iter(faults.values())))
    return summary | {"left_out": left_out}


def _candidates(folder: Path) -> list[Path]:
    """Files that may be reports, each once, in the order of `FILES`."""
    found = [file for pattern in FILES for file in sorted(folder.rglob(pattern)) if file.is_file()]
    return [f for f in dict.fromkeys(found) if not any(p.startswith(".") for p in f.relative_to(folder).parts)]


def _tops(records: dict[Path, Synthesis], unread: dict[Path, str]) -> dict[Path, Synthesis]:
    """Those that are not of a module within another: HLS writes a report for each module, named after it.

    None, if a report that cannot be read may be that of the top module, and no other form of it is there.
    """
    inner = {instance.module for record in records.values() for instance in record.instances}
    tops = {f: r for f, r in records.items() if _module(f) not in inner and r.top not in inner}
    if not any(file.stem == "csynth" for file in records):  # which is of the top module
        names = {_module(file) for file in unread if any(map(file.match, SYNTHESIS_FILES))}
        if names - inner - {record.top for record in records.values()} - {"csynth"}:
            return {}
    return tops or records


def _module(file: Path) -> str:
    return file.stem.removesuffix("_csynth")


def _last_state(records: dict[Path, Record]) -> dict[Path, Record]:
    """Those of the state nearest to the FPGA, those that say what the part holds first."""
    last = max(map(_state, records.values()), default=0)
    found = {file: record for file, record in records.items() if _state(record) == last}
    return dict(sorted(found.items(), key=lambda item: getattr(item[1], "available", True) is None))


def _state(record: Record) -> int:
    state = getattr(record, "state", None)
    return STATES.index(state) if state in STATES else -1


def _difference(place: Path, taken: tuple[Path, Any], other: tuple[Path, Any]) -> str | None:
    """What is different in another form of the report that is taken, None if nothing is.

    Raises:
        L1mlError: If it is not another form of that report: the numbers are of another design or another run.
    """
    (file, record), (other_file, other_record) = taken, other
    if not isinstance(record, Synthesis | Utilization):
        if record == other_record:
            return None
        raise _different(place, file, other_file)
    pairs = {name: (getattr(other_record, name, None), getattr(record, name, None)) for name in NUMBERS}
    cells = {name: (value, getattr(record.used, name)) for name, value in other_record.used}
    unlike = {name: (a, b) for name, (a, b) in {**pairs, **cells}.items() if a != b and None not in (a, b)}
    forms = {_form(file, record), _form(other_file, other_record)}
    same_run = file.parent == other_file.parent and len(forms - {None}) == 2
    if _design(record) != _design(other_record) or (unlike.keys() - {"interval_min", "interval_max"} and not same_run):
        raise _different(place, file, other_file)
    numbers = ", ".join(f"{name} is {value}, not {number}" for name, (value, number) in unlike.items())
    return f"{other_file.relative_to(place)}: {numbers} as in {file.relative_to(place)}" if unlike else None


def _different(place: Path, file: Path, other: Path) -> L1mlError:
    names = f"{file.relative_to(place)} and {other.relative_to(place)}"
    return L1mlError(f"{place}: {names} are of different designs; give the folder or file of one of them")


def _design(record: Synthesis | Utilization) -> tuple[str, ...]:
    return (record.top if isinstance(record, Synthesis) else record.design), record.part


def _form(file: Path, record: Synthesis | Utilization) -> str | None:
    """The form of a report, of which a run writes one file; None for a copy under a name that HLS does not give."""
    if isinstance(record, Utilization):
        return "by kind of cell" if record.available else "by instance"
    return file.name if _module(file) in ("csynth", record.top) else None
