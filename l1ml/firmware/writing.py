"""The firmware folder of a build, written whole or not at all."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from l1ml.compiler.origin import origin_of, without_origin
from l1ml.errors import L1mlError
from l1ml.firmware.finished import Finished
from l1ml.firmware.tops import Top, read_top
from l1ml.firmware.vhdl import write_vhdl
from l1ml.firmware.vitis import write_vitis
from l1ml.folders import alone, in_place, unchanged
from l1ml.paths import shared
from l1ml.templates import render

MANIFEST = "firmware.json"
"""Tells what is in the folder, and that it is one that l1ml may replace."""

RESULTS = ("vivado/results", "vitis/project")
"""What the vendor's tools leave there; kept while the sources stay the same."""

SHARE = 0.25
"""Share of the clock period that is left outside, on each side of a module."""


BUNCH_CROSSING_NS = 24.95
"""Between two bunch crossings of the LHC, not rounded up: clocks in step with them are a little faster for it."""

_Wanted = tuple[str, str, list[str], float]
"""Name, title, sources and clock period of a module."""


@dataclass(frozen=True)
class IpName:
    """Vendor, library and version of the IP; its name is that of the module.

    Raises:
        L1mlError: If Vivado would not take one of them.
    """

    vendor: str = "l1ml"
    library: str = "trigger"
    version: str = "1.0"

    def __post_init__(self) -> None:
        for name, form, wanted in (
            ("vendor", r"[A-Za-z][\w.-]*", "letters, digits, dots, hyphens"),
            ("library", r"[A-Za-z][\w.-]*", "letters, digits, dots, hyphens"),
            ("version", r"\d+\.\d+", "two numbers such as 1.0"),
        ):
            if not re.fullmatch(form, getattr(self, name), re.ASCII):
                raise L1mlError(f"the {name} of an IP cannot be {getattr(self, name)!r}; it takes {wanted}")


def write_firmware(build: Path, out: Path | None = None, ip: IpName | None = None) -> tuple[Path, tuple[Top, ...]]:
    """Write sources, constraints and scripts for Vivado and Vitis.

    Args:
        build: Folder of a finished build, or an ``output_dir`` of hls4ml with the backend Verilog.
        out: Where to write, ``firmware`` in the build by default, ``l1ml_firmware`` in the folder of hls4ml. What l1ml
            wrote there before is replaced; results of the vendor's tools stay if the sources are the same.
        ip: How the IP is called.

    Returns:
        The folder, and the modules that can be built on their own: the core, the trigger around it, wrappers.

    Raises:
        L1mlError: If the build is not finished, RTL and C++ differ, or the folder holds something else.
    """
    with unchanged(build):
        finished = Finished.load(build)
        target = (out or finished.default_folder).resolve()
        target.parent.mkdir(parents=True, exist_ok=True)
        with alone(target):
            known = (target / MANIFEST).exists() or (target.is_dir() and not any(target.iterdir()))
            if target.exists() and not known:
                raise L1mlError(
                    f"{target} holds something else than firmware of l1ml; choose another folder with --out"
                )
            with in_place(target, title="firmware") as folder:
                tops = _write(finished, folder, ip or IpName())
                _keep_results(target, folder)
        return target, tops


def default_top(tops: Sequence[Top]) -> Top:
    """What is built unless another module is asked for: the trigger where there is one, else the core."""
    return next((top for top in tops if top.name.endswith("_trigger")), tops[0])


def _write(finished: Finished, folder: Path, ip: IpName) -> tuple[Top, ...]:
    design, templates = finished.design, shared("firmware_templates")
    for name in ("rtl", "vivado/settings", "vivado/constraints", "ip", "vitis"):
        (folder / name).mkdir(parents=True)
    for name in (*design.sources, "files.f", "design.json"):
        shutil.copy2(finished.verilog / name, folder / "rtl")
    tops, origin = _tops(finished, folder), origin_of(design, finished.date)
    for top in tops:
        shim, description = f"ip/{top.name}_ip.v", f"{top.title}; {finished.verified}".replace("×", "x")
        files = {
            top.file_list: "".join(f"{file}\n" for file in top.files),
            f"vivado/settings/{top.name}.tcl": render(
                "vivado/settings.tcl.j2", top=top, part=design.part, ip=ip, shim=shim, description=description
            ),
            f"vivado/constraints/{top.name}.xdc": render(
                "vivado/constraints.xdc.j2",
                top=top,
                share=SHARE,
                initiation_interval=design.initiation_interval,
            ),
            shim: render("vivado/shim.v.j2", top=top, origin=origin),
        }
        for name, text in files.items():
            (folder / name).write_text(text)
    shutil.copy2(templates / "vivado/project.tcl", folder / "vivado")
    shutil.copy2(templates / "vivado/package.tcl", folder / "ip")
    write_vhdl(design.name, tops, folder / "vhdl", origin)
    write_vitis(finished, folder / "vitis", f"{ip.version}.0")
    values = {"design": design, "tops": tops, "default": default_top(tops), "ip": ip, "verified": finished.verified}
    values |= {"version": version("l1ml"), "date": finished.date}
    values["wrapped"] = (folder / "wrappers").is_dir()
    (folder / "README.md").write_text(render("vivado/README.md.j2", **values))
    manifest = {
        "l1ml": version("l1ml"),
        "core": design.name,
        "model": design.model,
        "date": finished.date,
        "part": design.part,
        "verified": finished.verified,
        "tops": {top.name: top.title for top in tops},
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")
    return tops


def _tops(finished: Finished, folder: Path) -> tuple[Top, ...]:
    """The modules that can be built on their own."""
    design = finished.design
    core = [f"rtl/{file}" for file in design.files]
    wanted: list[_Wanted] = [(design.name, f"Core {design.name}", core, design.clock_ns)]
    if finished.trigger:
        title = f"Core {design.name} with thresholds in registers"
        wanted.append((finished.trigger, title, [*core, f"rtl/{finished.trigger}.sv"], design.clock_ns))
    wanted += _wrappers(finished, folder)
    with ThreadPoolExecutor(2) as pool:
        return tuple(pool.map(lambda want: read_top(folder, *want), wanted))


def _wrappers(finished: Finished, folder: Path) -> list[_Wanted]:
    """Write the wrappers."""
    from l1ml.wrappers import write_wrappers

    rtl, target = folder / "rtl", folder / "wrappers"
    before = {file.name for file in rtl.iterdir()}
    design, options = finished.design, finished.wrapper_options()
    made = write_wrappers(design, rtl, options, finished.date)
    in_step = min(design.clock_ns, BUNCH_CROSSING_NS / options.clocks_per_bx)
    target.mkdir()
    for file in rtl.iterdir():
        if file.name not in before:
            file.rename(target / file.name)
    return [
        (
            wrapper.top,
            f"{wrapper.instantiates}, {wrapper.title}",
            [f"{'rtl' if file in before else 'wrappers'}/{file}" for file in wrapper.files],
            in_step if wrapper.name in ("bunch_crossing", "emp") else design.clock_ns,
        )
        for wrapper in made
    ]


def _keep_results(old: Path, new: Path) -> None:
    """Carry the results of the vendor's tools over, if they are of the same sources."""
    if not (old / MANIFEST).exists():
        return
    for results, sources in zip(RESULTS, (("rtl", "wrappers", "vivado/settings"), ("vitis/hls",)), strict=True):
        same = all(_content(old / part) == _content(new / part) for part in sources)
        if same and (old / results).is_dir():
            shutil.copytree(old / results, new / results, symlinks=True)


def _content(folder: Path) -> dict[str, bytes]:
    """Files of a folder but for what the test bench of HLS writes, and without their first lines, of their origin."""
    files = [file for file in sorted(folder.rglob("*")) if file.is_file() and file.suffix != ".log"]
    return {str(file.relative_to(folder)): without_origin(file.read_bytes()) for file in files}
