"""The two forms of firmware that a pack is held against: made again of its graph, or found in a folder."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from l1ml.compiler.design import FILE_NAME, Design
from l1ml.compiler.network import Tensor
from l1ml.console import captured
from l1ml.errors import L1mlError
from l1ml.frontends.hls4ml.saving import load_graph
from l1ml.golden.making import saved_graph
from l1ml.golden.pack import Pack
from l1ml.tools import require
from l1ml.verification.emulator import Emulator
from l1ml.verification.vitis import holds_rtl

_BUILD_SCRIPT, _WRITTEN_LAST = "build_lib.sh", "hls4ml_config.yml"
_NUMBER = re.compile(r"^#define\s+(?P<name>\w+)\s+(?P<value>\d+)\s*$", re.MULTILINE)
_PORT = re.compile(r"nnet::convert_data<\s*(?:double\s*,\s*\w+|\w+\s*,\s*double)\s*,\s*(?P<size>[^>]+)>\s*\(")


@dataclass(frozen=True)
class Found:
    """What a folder holds: of each form of firmware, the folder it is in."""

    verilog: Path | None = None
    hls: Path | None = None
    vitis: Path | None = None


def look_into(folder: Path) -> Found:
    """Tell what firmware is in a folder: a build, a model of hls4ml's, what ``l1ml firmware`` wrote, our Verilog, an
    hls4ml project, or RTL by Vitis HLS.

    Raises:
        L1mlError: If it holds none.
    """
    if not folder.is_dir():
        raise L1mlError(f"{folder} is no folder; name one with Verilog or an hls4ml project")
    for verilog, project in (("rtl/verilog", "convert/hls"), ("verilog", "."), ("rtl", "vitis/hls"), (".", ".")):
        if (folder / verilog / FILE_NAME).is_file():
            with_cpp = (folder / project / _BUILD_SCRIPT).is_file()
            return Found(verilog=folder / verilog, hls=folder / project if with_cpp else None)
    vitis = folder if holds_rtl(folder) else None
    hls = folder if (folder / _BUILD_SCRIPT).is_file() else None
    if vitis or hls:
        return Found(hls=hls, vitis=vitis)
    raise L1mlError(f"{folder} holds no Verilog ({FILE_NAME} is missing) and no hls4ml project ({_BUILD_SCRIPT} is)")


def write_again(pack: Pack, folder: Path) -> None:
    """Write the C++ of a pack's graph, and its Verilog, with the present code: ``hls/`` and ``verilog/``.

    Raises:
        L1mlError: If the graph cannot be read, or no firmware be made of it.
    """
    from l1ml.frontends.hls4ml.writing import write_rtl

    graph = _graph(pack, folder)
    _write_cpp(graph, folder / "hls")
    write_rtl(graph, folder / "hls", folder / "verilog")


def cpp_again(pack: Pack, folder: Path) -> Emulator:
    """The C++ of a pack's graph, written by the present code and compiled."""
    if not (folder / "hls" / _WRITTEN_LAST).is_file():
        _write_cpp(_graph(pack, folder), folder / "hls")
    return compiled(folder / "hls", pack)


def _graph(pack: Pack, folder: Path) -> Any:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "graph.fml"
    saved_graph(pack.graph, file)
    return load_graph(file)


def _write_cpp(graph: Any, folder: Path) -> None:
    graph.config.config.update(OutputDir=str(folder), WriteRTL=False)
    with captured():  # hls4ml prints its progress
        graph.write()


def compile_copy(project: Path, pack: Pack, folder: Path) -> Emulator:
    """Compile the C++ of an hls4ml project in a copy: what was compiled in its own folder may be of older sources.

    Args:
        project: hls4ml's output directory.
        pack: What it should compute.
        folder: Where the copy goes.

    Raises:
        L1mlError: If it is of another project, or does not compile.
    """
    if not (project / _BUILD_SCRIPT).is_file() or not (project / "firmware").is_dir():
        raise L1mlError(f"{project} is no hls4ml project: {_BUILD_SCRIPT} and firmware/ belong there")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(project / "firmware", folder / "firmware", ignore=shutil.ignore_patterns("*.so"))
    for file in (*project.glob("*.cpp"), *project.glob("*.h"), project / _BUILD_SCRIPT):
        shutil.copy2(file, folder)
    _check_ports(folder, project, pack)
    return compiled(folder, pack)


def compiled(project: Path, pack: Pack) -> Emulator:
    """The emulator of a project, compiled unless it has been.

    Raises:
        L1mlError: If it does not compile.
    """
    if not any((project / "firmware").glob("*.so")):
        require("g++")
        done = subprocess.run(
            ["bash", _BUILD_SCRIPT], cwd=project, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )
        if done.returncode:
            said = (done.stdout + done.stderr).splitlines()
            faults = [line for line in said if "error" in line.lower()] or said[-1:] or ["no message"]
            raise L1mlError(f"the C++ of {pack.manifest.project} does not compile: {faults[0].strip()}")
    return Emulator.of_project(project, pack.network)


def check_design(design: Design, pack: Pack, folder: Path) -> None:
    """Check that Verilog is of the project of a pack.

    Raises:
        L1mlError: If its name or its ports are others.
    """
    record = pack.manifest
    if design.name != record.project:
        raise L1mlError(f"{folder} is the Verilog of {design.name}, the pack is of {record.project}")
    for what, found, expected in (
        ("inputs", design.inputs, record.inputs),
        ("outputs", design.outputs, record.outputs),
    ):
        # Rounding and overflow modes of a port are those of whoever drives it; its bits are what counts.
        if list(map(_bits, found)) != list(map(_bits, expected)):
            raise L1mlError(
                f"{folder} is another {design.name} than that of the pack: it has the {what} {_ports(found)}, "
                f"the pack {_ports(expected)}"
            )


def _check_ports(folder: Path, project: Path, pack: Pack) -> None:
    """Check names and sizes before C++ is called with arrays, which it would run over."""
    record = pack.manifest
    bridge = folder / f"{record.project}_bridge.cpp"
    if not bridge.is_file():
        others = [file.name.removesuffix("_bridge.cpp") for file in folder.glob("*_bridge.cpp")]
        raise L1mlError(f"{project} is the C++ of {', '.join(others) or 'nothing'}, the pack is of {record.project}")
    defines = folder / "firmware/defines.h"
    numbers = {m["name"]: m["value"] for m in _NUMBER.finditer(defines.read_text() if defines.is_file() else "")}
    body = bridge.read_text().partition(f"void {record.project}_double(")[2]
    sizes = [_product(m["size"], numbers) for m in _PORT.finditer(body)]
    expected = [t.size for t in (*record.inputs, *record.outputs)]
    if sizes != expected:
        raise L1mlError(
            f"{project} is another {record.project} than that of the pack: its ports have {sizes} elements, those of "
            f"the pack {expected}"
        )


def _product(text: str, numbers: dict[str, str]) -> int:
    result = 1
    for factor in text.split("*"):
        value = numbers.get(factor.strip(), factor.strip())
        result *= int(value) if value.isdigit() else 0
    return result


def _bits(tensor: Tensor) -> tuple[str, int, int, int, int, bool]:
    kind = tensor.type
    return tensor.name, tensor.size, tensor.beats, kind.width, kind.integer, kind.signed


def _ports(tensors: tuple[Tensor, ...]) -> str:
    return ", ".join(f"{t.name} ({t.size} × {t.type})" for t in tensors)
