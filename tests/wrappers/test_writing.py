"""What is written: wrappers that pass the strictest lint and synthesis, and errors that say how to mend them."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from small_cores import SmallCore

from l1ml.errors import L1mlError
from l1ml.estimation.synthesis import synthesize
from l1ml.tools import set_up_verilator
from l1ml.wrappers import EmpOptions, StreamOptions, Wrapper, WrapperOptions, write_wrappers
from l1ml.wrappers.writing import WRITERS

STREAMS = (StreamOptions(), StreamOptions(8, "auto"), StreamOptions(512, 32))
EMPS = (EmpOptions(), EmpOptions(frames=4, field="packed"), EmpOptions(frames=18, output_frames=2, field=64))


@pytest.fixture
def copies(trigger: SmallCore, plain: SmallCore, tmp_path: Path) -> dict[str, SmallCore]:
    """Both cores in folders that may be changed."""
    found = {}
    for name, core in (("trigger", trigger), ("plain", plain)):
        folder = Path(shutil.copytree(core.folder, tmp_path / name, ignore=shutil.ignore_patterns("sim")))
        found[name] = replace(core, folder=folder)
    return found


def lint(folder: Path, wrapper: Wrapper, *more: str) -> str:
    """What Verilator says of a wrapper with all of its warnings on."""
    set_up_verilator()
    command = ["verilator", "--lint-only", "-Wall", "--top-module", wrapper.top, *more, *wrapper.files]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True).stderr


@pytest.mark.parametrize("number", range(len(STREAMS)))
@pytest.mark.parametrize("name", ["trigger", "plain"])
def test_wrappers_pass_the_strictest_lint(copies: dict[str, SmallCore], name: str, number: int) -> None:
    core = copies[name]
    options = core.options(stream=STREAMS[number], emp=EMPS[number], clocks_per_bx=8 + number % 2)
    wrappers = write_wrappers(core.design, core.folder, options)
    assert [wrapper.name for wrapper in wrappers] == list(WRITERS)
    assert {wrapper.name: lint(core.folder, wrapper) for wrapper in wrappers} == dict.fromkeys(WRITERS, "")


@pytest.mark.parametrize(
    ("wrapper", "parameter", "message"),
    [
        ("axi_stream", "DATA_WIDTH=12", "DATA_WIDTH is 12; net_axis needs a multiple of 8"),
        ("bunch_crossing", "CLOCKS=3", "net takes an event every 4 clock cycles; a BX has 3"),
        ("bunch_crossing", "ORBIT=5000", "9 clocks in a BX and 5000 BX in an orbit; l1ml_bx_clock needs"),
    ],
)
def test_illegal_parameters_stop_elaboration(
    copies: dict[str, SmallCore], wrapper: str, parameter: str, message: str
) -> None:
    core = copies["trigger"]
    (written,) = write_wrappers(core.design, core.folder, core.options(wrappers=(wrapper,)))
    assert message in lint(core.folder, written, f"-G{parameter}")


@pytest.mark.parametrize("name", ["axi", "bunch_crossing", "emp"])
def test_yosys_takes_the_wrappers(copies: dict[str, SmallCore], name: str) -> None:
    core = copies["trigger"]
    (wrapper,) = write_wrappers(core.design, core.folder, core.options(wrappers=(name,)))
    inner = {file for module in core.design.modules for file in (f"{module.name}.sv", *module.cells)}
    files = [core.folder / file for file in wrapper.files if file not in inner]
    found = synthesize(files, wrapper.top, black_boxes=[core.design.name])
    assert found["lut"] > 20
    assert found["ff"] > 60


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (
            {"wrappers": ("pcie",)},
            "there is no wrapper 'pcie'; there are axi_stream, axi_lite, axi, bunch_crossing, emp",
        ),
        (
            {"wrappers": ("bunch_crossing",), "clocks_per_bx": 3},
            "wrapper bunch_crossing: net takes an event every 4 clock cycles and a bunch crossing has 3; lower the",
        ),
        ({"wrappers": ("emp",), "emp": EmpOptions(frames=2)}, r"packets of 2 frames may come faster; set emp.frames"),
        (
            {"wrappers": ("emp",), "emp": EmpOptions(frames=4, output_frames=5)},
            "5 output_frames take longer than the 4 frames of an event",
        ),
        (
            {"wrappers": ("axi_stream",), "stream": StreamOptions(12)},
            "data_width is 12; a stream needs a multiple of 8",
        ),
        (
            {"wrappers": ("axi",), "stream": StreamOptions(64, 8)},
            r"objects are fixed<9,9>, which a field of 8 bits does not hold; choose a wider field, auto or packed",
        ),
        ({"registers": "levels"}, r"net has the inputs objects, thresholds; a trigger needs one named levels"),
    ],
)
def test_what_cannot_be_is_one_line(copies: dict[str, SmallCore], options: dict[str, Any], reason: str) -> None:
    core = copies["trigger"]
    with pytest.raises(L1mlError, match=re.escape(reason) if "(" in reason else reason):
        write_wrappers(core.design, core.folder, core.options(**options))
    assert not list(core.folder.glob("net_ax*")) + list(core.folder.glob("net_emp*"))


def test_what_the_core_does_not_allow_is_left_out_with_a_warning(
    copies: dict[str, SmallCore], caplog: pytest.LogCaptureFixture
) -> None:
    core = copies["trigger"]
    wrappers = write_wrappers(core.design, core.folder, core.options(clocks_per_bx=3))
    assert [wrapper.name for wrapper in wrappers] == ["axi_stream", "axi_lite", "axi"]
    assert [record.message.split(":")[0] for record in caplog.records] == [
        "no wrapper bunch_crossing",
        "no wrapper emp",
    ]


def test_foreign_folders_are_refused(copies: dict[str, SmallCore], tmp_path: Path) -> None:
    core = copies["plain"]
    with pytest.raises(L1mlError, match=r"has no net_pkg.sv: wrappers are written beside the Verilog of net"):
        write_wrappers(core.design, tmp_path, WrapperOptions())
