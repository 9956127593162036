"""VHDL of Vitis HLS as Verilog, by the synthesis of GHDL."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from l1ml.errors import L1mlError
from l1ml.tools import require
from l1ml.verification.process import run_to_end, with_log_kept

_OPTIONS = ("--std=93c", "-fsynopsys")
_LIMIT = 3600.0
"""Seconds that GHDL may take; for 1.5 MB it takes two."""

_INSTANCE = re.compile(r"\b(?P<label>\w+)(?P<rest>\s*:\s*(?:component\s+(?!is\b)\w|entity\s+work\.))", re.IGNORECASE)
_ENTITY = re.compile(r"^\s*entity\s+(\w+)\s+is\b", re.MULTILINE | re.IGNORECASE)
_NO_DSP = re.compile(r"\battribute\s+use_dsp\s+of\s+(\w+)\s*:\s*entity\s+is\s+\"no\"", re.IGNORECASE)
_MODULE = re.compile(r"^module (?P<name>\w+)$", re.MULTILINE)
_FAULT = re.compile(r"^\S+:\d+:\d+:\s*(?!warning|note)(.*)$|^\S*ghdl\S*:\s*(.*)$", re.MULTILINE)


def verilog_of_vhdl(sources: Iterable[Path], top: str, target: Path) -> tuple[Path, str]:
    """Translate VHDL.

    Args:
        sources: The files, in any order. What the top entity does not need may lack its packages.
        top: Name of the top entity, in any case.
        target: Folder for the Verilog and for what GHDL keeps.

    Returns:
        The file, and what its top module is called.

    Raises:
        L1mlError: If GHDL is missing or cannot translate it.
    """
    ghdl, result, library = require("ghdl"), target / f"{top}.v", f"--workdir={target}"
    texts = {target / file.name: file.read_text(encoding="latin-1") for file in sources}
    for file, text in texts.items():
        # GHDL calls what comes out of an instance as Vitis HLS calls the signal behind it: <instance>_<port>.
        file.write_text(_INSTANCE.sub(r"\g<label>_l1ml\g<rest>", text), encoding="latin-1")
    _run([ghdl, "-i", *_OPTIONS, library, *texts], top, target)
    _run([ghdl, "-m", *_OPTIONS, library, top], top, target)
    _run([ghdl, "--synth", *_OPTIONS, library, "--out=verilog", top], top, target, result)
    verilog = with_use_dsp(result.read_text(), list(texts.values()))
    result.write_text(verilog)
    return result, next(name for name in re.findall(r"\bmodule (\w+)", verilog) if name.lower() == top.lower())


def with_use_dsp(verilog: str, texts: Sequence[str]) -> str:
    """Give modules the attribute ``use_dsp = "no"`` that their entities have in the texts, and that GHDL drops."""
    entities = {name.lower() for text in texts for name in _ENTITY.findall(text)}
    without = {name.lower() for text in texts for name in _NO_DSP.findall(text)}

    def marked(match: re.Match[str]) -> str:
        name = match["name"].lower()
        while name not in entities and re.search(r"_\d+$", name):  # GHDL adds the values of generics
            name = name.rpartition("_")[0]
        return f'(* use_dsp = "no" *) {match[0]}' if name in without else match[0]

    return _MODULE.sub(marked, verilog)


def _run(command: Sequence[str | Path], top: str, target: Path, output: Path | None = None) -> None:
    """Run GHDL; of what it complains about, tell the first thing."""
    log, what = target / "ghdl.log", f"GHDL's translation of {top}"
    try:
        run_to_end(command, what=what, log=log, limit=_LIMIT, folder=target, output=output)
    except L1mlError as error:
        found = _FAULT.search(log.read_text(errors="replace"))
        reason = f"{what} failed ({found[1] or found[2]}); see {log}" if found else str(error)
        raise with_log_kept(L1mlError(reason), log) from None
