"""The scripts for Vivado and Vitis HLS, run in tclsh on stand-ins that know what the tools' commands take."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from command_line import SmallBuild, error_of, l1ml

from l1ml.compiler.design import Design
from l1ml.estimation.ports import Port
from l1ml.firmware.tops import Top
from l1ml.firmware.writing import write_firmware
from l1ml.templates import render

HERE = Path(__file__).parent
REPORTS = HERE.parent / "vendor/reports"
TCLSH = shutil.which("tclsh")
pytestmark = pytest.mark.skipif(TCLSH is None, reason="tclsh is not on PATH (Debian: apt-get install tcl)")


class Vendor:
    """The stand-ins as programs on PATH, and what they were called with."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        programs, reports = folder / "bin", folder / "reports"
        programs.mkdir(parents=True)
        reports.mkdir()
        for name, script in (("vivado", "vivado.tcl"), ("vitis_hls", "vitis_hls.tcl")):
            program = programs / name
            program.write_text(f'#!/bin/sh\nexec {TCLSH} {HERE / script} "$@"\n')
            program.chmod(program.stat().st_mode | stat.S_IXUSR)
        for kind, file in (("utilization", "vivado_2023.2_utilization.rpt"), ("timing", "vivado_2024.1_timing.rpt")):
            text = (REPORTS / file).read_text()
            for old in ("Fully Placed", "Design State      : Routed"):
                text = text.replace(old, old.replace("Fully Placed", "@STATE@").replace("Routed", "@STATE@"))
            (reports / f"{kind}.rpt").write_text(text)
        (reports / "hierarchy.rpt").write_text("Utilization Design Information\n\n1. Utilization by Hierarchy\n")
        self.environment = {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "VIVADO_CALLS": str(folder / "vivado.calls"),
            "VIVADO_REPORTS": str(reports),
            "HLS_CALLS": str(folder / "hls.calls"),
            "HLS_REPORT": str(REPORTS / "vitis_hls_2022.2_csynth.xml"),
        }

    def run(self, *command: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, **self.environment, **more}
        return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)

    def calls(self, tool: str = "vivado") -> list[str]:
        return (self.folder / f"{tool}.calls").read_text().splitlines()


@pytest.fixture
def vendor(tmp_path: Path) -> Vendor:
    return Vendor(tmp_path / "vendor")


@pytest.fixture(scope="module")
def firmware(small_build: SmallBuild, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_firmware(small_build.folder, tmp_path_factory.mktemp("scripts") / "firmware")[0]


def test_vivado_synthesises_out_of_context_and_reports(firmware: Path, vendor: Vendor) -> None:
    command = ("vivado", "-mode", "batch", "-source", "vivado/project.tcl", "-tclargs", "small_tagger")
    done = vendor.run(*command, cwd=firmware)
    assert done.returncode == 0, done.stderr
    calls = vendor.calls()
    design = Design.load(firmware / "rtl")
    (added,) = (c for c in calls if c.startswith("add_files") and "sources_1" in c)
    assert [added.index(file) for file in design.files] == sorted(added.index(file) for file in design.files)
    assert any("STEPS.SYNTH_DESIGN.ARGS.MORE OPTIONS" in c and "-mode out_of_context" in c for c in calls)
    constraints = [c for c in calls if c.startswith("set_property USED_IN")]
    assert ["out_of_context" in c for c in constraints] == [True]
    assert not any("impl_1" in c for c in calls)
    results = {file.name for file in (firmware / "vivado/results/small_tagger").iterdir()}
    state = "synthesized"
    assert results == {f"{state}_utilization.rpt", f"{state}_hierarchy.txt", f"{state}_timing.rpt", f"{state}.dcp"}


def test_vivado_places_and_routes_if_asked_for(firmware: Path, vendor: Vendor, tmp_path: Path) -> None:
    folder = shutil.copytree(firmware, tmp_path / "firmware")
    command = ("vivado", "-mode", "batch", "-source", "project.tcl", "-tclargs", "small_tagger", "route", "2")
    done = vendor.run(*command, cwd=folder / "vivado")
    assert done.returncode == 0, done.stderr
    launched = [c for c in vendor.calls() if c.startswith("launch_runs")]
    assert launched == ["launch_runs synth_1 -jobs 2", "launch_runs impl_1 -jobs 2 -to_step route_design"]
    assert (folder / "vivado/results/small_tagger/routed.dcp").exists()


@pytest.mark.parametrize(
    ("arguments", "more", "message"),
    [
        (["nothing"], {}, "there is no module nothing in this folder; it has small_tagger"),
        (["small_tagger", "place"], {}, "the goal is place; it can be synth or route"),
        ([], {}, "usage: vivado -mode batch -source project.tcl -tclargs TOP"),
        (["small_tagger"], {"VIVADO_FAILS": "1"}, "synth_1: synth_design ERROR; its log is /runs/synth_1/runme.log"),
    ],
    ids=["module", "goal", "usage", "synthesis fails"],
)
def test_the_project_stops_with_a_reason(
    firmware: Path, vendor: Vendor, tmp_path: Path, arguments: list[str], more: dict[str, str], message: str
) -> None:
    command = ("vivado", "-mode", "batch", "-source", str(firmware / "vivado/project.tcl"), "-tclargs", *arguments)
    done = vendor.run(*command, cwd=tmp_path, **more)
    assert done.returncode == 1
    assert message in done.stderr


def test_the_ip_has_name_version_clock_and_reset(firmware: Path, vendor: Vendor, tmp_path: Path) -> None:
    folder = shutil.copytree(firmware, tmp_path / "firmware")
    command = ("vivado", "-mode", "batch", "-source", "ip/package.tcl", "-tclargs", "small_tagger")
    done = vendor.run(*command, cwd=folder)
    assert done.returncode == 0, done.stderr
    packed = folder / "ip/small_tagger"
    design = Design.load(folder / "rtl")
    assert (packed / "component.xml").exists()
    sources = {file.name for file in (packed / "src").iterdir()}
    assert sources == {*design.files, "small_tagger_ip.v", "small_tagger.xdc"}
    calls = vendor.calls()
    assert "set_property top small_tagger_ip sources_1" in calls
    (made,) = (c for c in calls if c.startswith("ipx::package_project"))
    assert "-vendor l1ml -library trigger" in made and "-import_files" in made
    for name, value in (("name", "small_tagger"), ("version", "1.0")):
        assert f"set_property {name} {value} {packed}" in calls
    assert "set_property value ACTIVE_HIGH rst.POLARITY" in calls
    assert calls.count(f"ipx::infer_bus_interface rst xilinx.com:signal:reset_rtl:1.0 {packed}") == 1
    assert not any(c.startswith("ipx::infer_bus_interface clk") for c in calls)  # ipx found it by its name


def test_buses_of_a_wrapper_become_interfaces_with_their_clock(vendor: Vendor, tmp_path: Path) -> None:
    stream = [Port(f"s_axis_{role}", way, 8 if role == "tdata" else 1) for role, way in _STREAM]
    registers = [Port(f"s_axil_{role}", "input", 8) for role in ("awaddr", "awvalid", "wdata")]
    ports = (Port("aclk", "input", 1), Port("aresetn", "input", 1), *stream, *registers, Port("led", "output", 1))
    top = Top("wrapped", "A wrapper", ("wrapped.sv",), 4.0, ports)
    for name in ("ip/package.tcl", "vivado/settings", "vivado/constraints"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
    shutil.copy2(HERE.parents[1] / "firmware_templates/vivado/package.tcl", tmp_path / "ip")
    (tmp_path / "vivado/settings").mkdir()
    (tmp_path / "vivado/constraints").mkdir()
    (tmp_path / "wrapped.sv").touch()
    (tmp_path / "ip/wrapped_ip.v").touch()
    (tmp_path / "vivado/constraints/wrapped.xdc").touch()
    ip = {"vendor": "cern.ch", "library": "l1", "version": "2.1"}
    values = {"top": top, "part": "xcu250-figd2104-2L-e", "ip": ip, "shim": "ip/wrapped_ip.v", "description": "It"}
    (tmp_path / "vivado/settings/wrapped.tcl").write_text(render("vivado/settings.tcl.j2", **values))
    command = ("vivado", "-mode", "batch", "-source", "ip/package.tcl", "-tclargs", "wrapped")
    done = vendor.run(*command, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    calls, packed = vendor.calls(), tmp_path / "ip/wrapped"
    names = " ".join(port.name for port in stream)
    assert f"ipx::infer_bus_interface {{{names}}} xilinx.com:interface:axis_rtl:1.0 {packed}" in calls
    for bus in ("s_axis", "s_axil"):
        assert f"ipx::associate_bus_interfaces -busif {bus} -clock aclk {packed}" in calls
    assert "set_property value ACTIVE_LOW aresetn.POLARITY" in calls
    assert f"set_property version 2.1 {packed}" in calls
    assert not any("led" in c for c in calls)


_STREAM = (("tdata", "input"), ("tvalid", "input"), ("tlast", "input"), ("tready", "output"))


def test_run_starts_the_tools_and_hls_computes_what_the_build_verified(
    copy_build: Callable[..., Path], vendor: Vendor
) -> None:
    build = copy_build()
    environment = {**vendor.environment, "HLS_INCLUDE": str(build / "convert/hls/firmware/ap_types")}
    done = l1ml("firmware", build, "--run", env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    folder = build / "firmware"
    assert "Vivado 2023.2, synthesized: 4824 LUT, 4656 FF, 7 DSP, 0 BRAM" in done.stdout
    assert "Vitis HLS 2022.2: 2000 LUT" in done.stdout
    assert [c.split()[0] for c in vendor.calls("hls")].count("csim_design") == 1
    data = folder / "vitis/hls/tb_data"
    expected, answers = (np.loadtxt(data / n) for n in ("tb_output_predictions.dat", "csim_results.log"))
    lsb = [2.0**-t.type.fraction for t in Design.load(folder / "rtl").outputs for _ in range(t.size)]
    np.testing.assert_array_equal(np.rint(answers / lsb), np.rint(expected / lsb))
    assert len(expected) > 300
    assert (folder / "ip/small_tagger/component.xml").exists()
    assert (folder / "vivado/results/small_tagger/synthesized_utilization.rpt").exists()
    wrong = vendor.run("vitis_hls", "-f", "run.tcl", cwd=folder / "vitis", **environment, HLS_WRONG="1")
    assert wrong.returncode == 1
    assert "the RTL of HLS differs from its C++" in wrong.stderr
    message = error_of(l1ml("firmware", build, "--run", env={**environment, "VIVADO_FAILS": "1"}))
    assert message.startswith("Vivado project of small_tagger: vivado failed: ERROR: synth_1: synth_design ERROR")
