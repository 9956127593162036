"""An hls4ml project's own C++ as the golden model of what Vitis HLS made of it: its headers, not those of today.

Names, shapes and types of the arguments are what the project's ``firmware/<name>.h`` declares; its compiler says what
they are worth. The C++ runs in a process of its own, and nothing in the project is changed.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from l1ml.compiler.network import Network, Tensor
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.templates import render
from l1ml.tools import require
from l1ml.verification.process import run_to_end, time_limit, with_log_kept

COMPILE_LIMIT = 3600.0
"""Seconds that the compiler may take."""

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_ARGUMENT = re.compile(r"(?P<type>[\w:<>, -]+?)\s*(?P<reference>&?)\s*\b(?P<name>\w+)\s*(?P<extent>(?:\[[^\]]*\])*)")
_SIDE = re.compile(r"#pragma\s+HLS\s+ARRAY_(?P<mode>RESHAPE|PARTITION)\s+variable=(?P<name>\w+)", re.IGNORECASE)
_SIDES = {"RESHAPE": "input", "PARTITION": "output"}
_WEIGHTS = re.compile(r'\bload_\w*weights_from_txt<[^;]*?"(?P<file>[^"]+)"')


@dataclass(frozen=True)
class Argument:
    """An argument of the top function.

    Attributes:
        type: Its C++ type.
        name: Its name.
        extent: Its size in brackets, as the header has it; empty for the sizes that older projects tell.
        side: ``input``, ``output`` or, for a size, nothing.
        variable: What it is called where l1ml calls the function.
    """

    type: str
    name: str
    extent: str
    side: str
    variable: str


@dataclass(frozen=True)
class TopFunction:
    """The function that was synthesised."""

    name: str
    namespace: str
    arguments: tuple[Argument, ...]

    @property
    def inputs(self) -> list[Argument]:
        """The arguments that go in, in order."""
        return [argument for argument in self.arguments if argument.side == "input"]

    @property
    def outputs(self) -> list[Argument]:
        """The arguments that come out, in order."""
        return [argument for argument in self.arguments if argument.side == "output"]

    @property
    def data(self) -> list[Argument]:
        """Inputs, then outputs."""
        return self.inputs + self.outputs


class ProjectCpp:
    """The compiled C++ of an hls4ml project."""

    def __init__(self, project: Path) -> None:
        """Compile it, in a folder that goes with this object.

        Args:
            project: hls4ml's output directory, written by its backend Vivado or Vitis with ``io_type="io_parallel"``.

        Raises:
            L1mlError: If a part of it is missing, it is of another kind, or it does not compile.
        """
        self.firmware = (project / "firmware").resolve()
        self.top = read_top(self.firmware)
        self._scratch = tempfile.TemporaryDirectory(prefix="l1ml-cpp-")
        self._work = Path(self._scratch.name)
        self._program = self._work / "golden"
        self._compile()
        self.design = self._described()
        """Name, inputs and outputs; it has no segments."""

    def run(self, inputs: NDArray[np.int64]) -> NDArray[np.int64]:
        """Outputs of the C++.

        Args:
            inputs: Integers in LSB, shape (events, elements of all inputs in order).

        Returns:
            Integers in LSB, shape (events, elements of all outputs in order).

        Raises:
            L1mlError: If it crashes, hangs or cannot read its weights.
        """
        events, results = self._work / "events.bin", self._work / "results.bin"
        inputs.astype("<i8").tofile(events)
        said = self._run([self._program, events, results], f"the C++ of {self.top.name}", time_limit(len(inputs)))
        if complaint := next((line for line in said.splitlines() if "ERROR" in line), None):
            raise L1mlError(f"the C++ of {self.top.name} says {complaint.strip()!r}")
        outputs = np.fromfile(results, dtype="<i8").astype(np.int64)
        return outputs.reshape(len(inputs), sum(tensor.size for tensor in self.design.outputs))

    def _compile(self) -> None:
        source = self._work / "golden.cpp"
        source.write_text(render("cpp/golden.cpp.j2", top=self.top))
        own = self.firmware / f"{self.top.name}.cpp"
        folders = [f"-I{self.firmware}", f"-I{self.firmware / 'ap_types'}"]
        # C++ of any hls4ml so far compiles by this standard.
        command = [require("g++"), "-O1", "-std=c++14", "-w", *folders, str(source), str(own), "-o", str(self._program)]
        self._run(command, f"the compilation of the C++ of {self.top.name}", COMPILE_LIMIT)

    def _described(self) -> Network:
        """What the program says of its arguments."""
        said = self._run([self._program], f"the C++ of {self.top.name}", time_limit(0))
        sides: dict[str, list[Tensor]] = {"input": [], "output": []}
        for line in said.splitlines():
            size, _, side, name, *numbers = line.split()
            try:
                kind = FixedType.printed(*map(int, numbers))
            except ValueError as error:
                raise L1mlError(f"{name} of {self.top.name}: {error}") from None
            sides[side].append(Tensor(name, int(size), kind))
        return Network(self.top.name, sides["input"], sides["output"], [])

    def _run(self, command: Sequence[str | Path], what: str, limit: float) -> str:
        """What a program prints that works in the folder of the firmware, where the weights are."""
        log = self._work / "output.log"
        try:
            run_to_end(command, what=what, log=log, limit=limit, folder=self.firmware)
        except L1mlError as error:
            raise with_log_kept(error, log) from None
        return log.read_text(errors="replace")


def read_top(firmware: Path) -> TopFunction:
    """Find the top function of a project and its arguments.

    Args:
        firmware: Folder ``firmware`` of the project.

    Raises:
        L1mlError: If there is none, it is not one that l1ml can call, or headers or weights are missing.
    """
    if not firmware.is_dir():
        raise L1mlError(f"{firmware.parent} is no hls4ml project: it has no folder firmware/")
    names = sorted(file.stem for file in firmware.glob("*.h") if file.with_suffix(".cpp").is_file())
    if len(names) != 1:
        raise L1mlError(
            f"{firmware} has {len(names)} functions ({', '.join(names) or 'no .cpp with its .h'}); l1ml takes projects "
            "of hls4ml's backends Vivado and Vitis, which have one"
        )
    (name,) = names
    header, body = ((firmware / f"{name}{end}").read_text(errors="replace") for end in (".h", ".cpp"))
    for needed in ("defines.h", "ap_types", "nnet_utils"):
        if not (firmware / needed).exists():
            raise L1mlError(f"{firmware / needed} is missing, without which {name}.cpp does not compile; copy it there")
    for match in _WEIGHTS.finditer(body):
        if not (firmware / "weights" / match["file"]).is_file():
            raise L1mlError(f"{firmware / 'weights' / match['file']} is missing, which {name}.cpp reads; copy it there")
    declared = re.search(rf"\bvoid\s+{name}\s*\((.*?)\)\s*;", _COMMENT.sub("", header), re.DOTALL)
    if declared is None:
        raise L1mlError(f"{firmware / name}.h declares no function {name}")
    namespace = re.search(r"\bnamespace\s+(\w+)", _COMMENT.sub("", header)[: declared.start()])
    sides = {m["name"]: _SIDES[m["mode"].upper()] for m in _SIDE.finditer(body)}
    texts = enumerate(re.split(r",(?![^<]*>)", declared[1]))
    arguments = tuple(_argument(text.strip(), f"argument_{i}", sides, f"{name} in {firmware}") for i, text in texts)
    return TopFunction(name, namespace[1] if namespace else "", arguments)


def _argument(text: str, variable: str, sides: Mapping[str, str], where: str) -> Argument:
    """An argument as the header declares it."""
    match = _ARGUMENT.fullmatch(text)
    if "stream<" in text:
        raise L1mlError(f"{where} takes streams ({text}); l1ml drives functions of io_type='io_parallel'")
    if match is None:
        raise L1mlError(f"{where} has an argument that is not understood: {text}")
    kind, name, extent = match["type"].strip(), match["name"], match["extent"]
    if match["reference"] and not extent and name.startswith("const_size"):  # hls4ml 0.6 tells sizes
        return Argument(kind, name, "", "", variable)
    if name not in sides or extent.count("[") != 1:
        raise L1mlError(f"{where}: {text} is neither an input nor an output of the network; l1ml has no data for it")
    return Argument(kind, name, extent, sides[name], variable)
