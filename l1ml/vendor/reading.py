"""Which report a file is."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from l1ml.errors import L1mlError
from l1ml.vendor.cosimulation import read_cosimulation
from l1ml.vendor.hls_text import read_csynth_rpt, read_csynth_summary
from l1ml.vendor.hls_xml import read_csynth_xml
from l1ml.vendor.records import Record
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


def read_report(file: Path) -> Record:
    """Read a report of Vivado HLS, Vitis HLS or Vivado, whichever it is.

    Raises:
        L1mlError: If the file cannot be read, is empty, cut off, or none of these reports.
    """
    record = read_if_known(file)
    if record is None:
        known = "csynth.xml, <top>_csynth.xml, <top>_csynth.rpt, csynth.rpt, <top>_cosim.rpt, report_utilization"
        raise L1mlError(f"{file} is not a report that l1ml knows: give one of {known}, report_timing_summary")
    return record


def read_if_known(file: Path) -> Record | None:
    """As `read_report`, or None for a file of another kind."""
    text = _text(file)
    if not text.strip():
        raise L1mlError(f"{file} is empty: run the tool that writes it again")
    form = next((form for form in FORMS if form.sign.search(text)), None)
    return None if form is None else form.read(Source(file, form.name, text.split("\n")))


def _text(file: Path) -> str:
    """A report's text, which editors and shells of Windows may have given a byte-order mark."""
    try:
        with file.open("rb") as opened:
            start = opened.read(4)
        marks = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
        encoding = next((name for mark, name in marks.items() if start.startswith(mark)), "utf-8-sig")
        return file.read_text(encoding, errors="replace")  # the tools write dates in the encoding of the machine
    except OSError as error:
        raise L1mlError(f"{file} cannot be read: {error.strerror}") from None
