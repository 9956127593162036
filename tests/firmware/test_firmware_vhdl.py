"""The VHDL of a firmware folder is accepted by GHDL and says what the Verilog does."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from command_line import SmallBuild

from l1ml.estimation.ports import Port
from l1ml.firmware.tops import Top
from l1ml.firmware.vhdl import vhdl_name, write_vhdl
from l1ml.firmware.writing import write_firmware

needs_ghdl = pytest.mark.skipif(shutil.which("ghdl") is None, reason="needs GHDL")


def elaborated(folder: Path, core: str, tops: list[str], work: Path) -> None:
    """Analyse the package and all templates, and elaborate these."""
    work.mkdir()
    options = ["--std=93c", f"--workdir={work}"]
    files = [folder / f"{core}_components.vhd", *(folder / f"{top}_instance.vhd" for top in tops)]
    subprocess.run(["ghdl", "-a", *options, *files], check=True, cwd=work)
    for top in tops:
        subprocess.run(["ghdl", "-e", *options, vhdl_name(f"{top}_instance")], check=True, cwd=work)


@needs_ghdl
def test_every_module_of_a_trigger_is_a_component_with_its_ports(anomaly_build: SmallBuild, tmp_path: Path) -> None:
    folder, tops = write_firmware(anomaly_build.folder, tmp_path / "firmware")
    core, names = tops[0].name, [top.name for top in tops]
    assert any(name.endswith("_trigger") for name in names)
    assert any(name.endswith("_axis") for name in names)
    elaborated(folder / "vhdl", core, names, tmp_path / "work")
    package = (folder / f"vhdl/{core}_components.vhd").read_text()
    for top in tops:
        found = re.search(rf"component {top.name} is\n(.*?)end component;", package, re.DOTALL)
        assert found is not None
        declared = re.findall(r"(\w+) : (in|out) (std_logic(?:_vector\((\d+) downto 0\))?);?\n", found[1])
        ports = [(name, f"{mode}put", int(high or 0) + 1) for name, mode, _, high in declared]
        assert ports == [(port.name, port.direction, port.width) for port in top.ports]


@needs_ghdl
@pytest.mark.parametrize("name", ["signal", "My_Tagger", "my__tagger", "tagger_"])
def test_names_that_vhdl_does_not_take_are_extended(name: str, tmp_path: Path) -> None:
    ports = (Port("clk", "input", 1), Port("rst", "input", 1), Port("in_data", "input", 7), Port("out", "output", 2))
    write_vhdl(name, [Top(name, "Core — by hand", (), 5.0, ports)], tmp_path / "vhdl", "L1ML 1.0, by hand")
    elaborated(tmp_path / "vhdl", name, [name], tmp_path / "work")


def test_names_are_basic_where_they_can_be() -> None:
    names = {"tagger": "tagger", "a_1": "a_1", "Out": "\\Out\\", "a__b": "\\a__b\\", "b_": "\\b_\\", "_c": "\\_c\\"}
    assert {name: vhdl_name(name) for name in names} == names
