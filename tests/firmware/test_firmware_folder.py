"""The firmware folder: whole or not at all, complete, and accepted by Verilator's full lint and by Yosys."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pytest
from command_line import SmallBuild, error_of, l1ml

from l1ml.compiler.design import Design
from l1ml.errors import L1mlError
from l1ml.estimation.ports import Port
from l1ml.firmware.checks import FAMILIES, lint_warnings, synthesis
from l1ml.firmware.tops import Top
from l1ml.firmware.writing import default_top, write_firmware
from l1ml.tools import set_up_verilator

Written = tuple[Path, tuple[Top, ...]]


@pytest.fixture(scope="module")
def tagger(small_build: SmallBuild, tmp_path_factory: pytest.TempPathFactory) -> Written:
    return write_firmware(small_build.folder, tmp_path_factory.mktemp("tagger") / "firmware")


@pytest.fixture(scope="module")
def anomaly(anomaly_build: SmallBuild, tmp_path_factory: pytest.TempPathFactory) -> Written:
    return write_firmware(anomaly_build.folder, tmp_path_factory.mktemp("anomaly") / "firmware")


@pytest.fixture(scope="module")
def electron(electron_build: SmallBuild, tmp_path_factory: pytest.TempPathFactory) -> Written:
    return write_firmware(electron_build.folder, tmp_path_factory.mktemp("electron") / "firmware")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()}


# What is written


def test_the_folder_has_the_verilog_of_the_build_and_every_file_that_its_settings_name(
    tagger: Written, small_build: SmallBuild
) -> None:
    folder, tops = tagger
    design = Design.load(small_build.folder / "rtl/verilog")
    for name in (*design.files, "files.f"):
        assert (folder / "rtl" / name).read_bytes() == (small_build.folder / "rtl/verilog" / name).read_bytes()
    for top in tops:
        settings = (folder / f"vivado/settings/{top.name}.tcl").read_text()
        listed = re.search(r"set files \{(.*?)\}", settings, re.S)
        assert listed and tuple(listed[1].split()) == top.files == tuple((folder / top.file_list).read_text().split())
        assert [file for file in top.files if not (folder / file).exists()] == []
        assert f"set part {{{design.part}}}" in settings
        assert f"u_{top.name} (" in (folder / f"ip/{top.name}_ip.v").read_text()
    assert json.loads((folder / "firmware.json").read_text())["tops"].keys() == {top.name for top in tops}


@pytest.mark.parametrize(("trigger", "made"), [("tagger", "small_build"), ("anomaly", "anomaly_build")])
def test_each_file_says_what_it_is_of(trigger: str, made: str, request: pytest.FixtureRequest) -> None:
    (folder, _), build = request.getfixturevalue(trigger), request.getfixturevalue(made).folder
    design, wrote = Design.load(folder / "rtl"), f"L1ML {version('l1ml')}, "
    verdict = json.loads((build / "verify/verification.json").read_text())
    assert design.model == verdict["of"]["cpp"]
    date = datetime.fromtimestamp((build / "spec.yaml").stat().st_mtime, UTC).date().isoformat()
    known = {
        "rtl": f"{wrote}{design.name}, model {design.model[:12]}",
        "wrappers": f"{wrote}{design.name} of {date}, model {design.model[:12]}",
    }
    for file in (file for kind in ("*.sv", "*.v", "*.vhd") for file in folder.rglob(kind)):
        head, _, said = file.read_text().splitlines()[0].partition(" ")
        assert head == ("--" if file.suffix == ".vhd" else "//")
        same_for_all = file.name.startswith("l1ml_")
        part = "rtl" if file.parent.name == "rtl" else "wrappers"
        assert said == (f"{wrote}the same for every core" if same_for_all else known[part]), file
    assert f"spec of {date}; model `{design.model}`." in (folder / "README.md").read_text()
    record = json.loads((folder / "firmware.json").read_text())
    assert (record["l1ml"], record["model"], record["date"]) == (version("l1ml"), design.model, date)


def test_ports_have_the_widths_of_the_design_and_a_trigger_is_the_default(anomaly: Written) -> None:
    folder, tops = anomaly
    design = Design.load(folder / "rtl")
    assert default_top(tops).name == f"{design.name}_trigger"
    core = tops[0]
    widths = {port.name: port.width for port in core.ports}
    assert widths["in_data"] == sum(t.bits for t in design.inputs)
    assert widths["out_data"] == sum(t.bits for t in design.outputs)
    assert core.ports[0] == Port("clk", "input", 1)


def test_constraints_bound_every_port_and_excuse_no_path(anomaly: Written) -> None:
    folder, tops = anomaly
    for top in tops:
        text = (folder / f"vivado/constraints/{top.name}.xdc").read_text()
        code = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
        for direction in ("input", "output"):
            (ports,) = re.findall(rf"set_{direction}_delay .* -max .*\[get_ports \{{(.*)\}}\]", code)
            assert ports.split() == top.pins(direction)
        named = {pin.removesuffix("[*]") for pin in (*top.pins("input"), *top.pins("output"))}
        assert named == {port.name for port in top.ports} - {top.clock}
        period = "2.772" if top.name.endswith(("_bx", "_emp")) else "2.800"  # in step with bunch crossings: 9 clocks
        assert re.findall(rf"create_clock -name {top.clock} -period (\S+) \[get_ports {top.clock}\]", code) == [period]
        assert not re.search("multicycle|false_path", code)
        assert "Exceptions: none" in text


def test_a_model_of_an_hls4ml_user_needs_no_build(small_build: SmallBuild, tmp_path: Path) -> None:
    written = shutil.copytree(
        small_build.folder / "convert/hls", tmp_path / "project"
    )  # as hls_model.write() leaves it
    shutil.copytree(small_build.folder / "rtl/verilog", written / "verilog")
    done = l1ml("firmware", written)
    assert done.returncode == 0, done.stderr
    folder = written / "l1ml_firmware"
    assert (folder / "vivado/settings/small_tagger_axis.tcl").exists()
    assert "not verified as it is now: run l1ml verify, or l1ml.verify in Python" in (folder / "README.md").read_text()
    assert list((folder / "vitis/hls/tb_data").iterdir()) == []  # events come with a verification


# Other tools


@pytest.mark.parametrize("trigger", ["tagger", "electron", "anomaly"])
def test_every_module_of_the_three_triggers_lints_clean(trigger: str, request: pytest.FixtureRequest) -> None:
    folder, tops = request.getfixturevalue(trigger)
    assert {name.rpartition("_")[2] for name in (top.name for top in tops)} >= {"axis", "axil", "axi", "bx", "emp"}
    assert {top.name: lint_warnings(folder, top) for top in tops} == {top.name: [] for top in tops}


@pytest.mark.parametrize("trigger", ["tagger", "anomaly"])
def test_the_list_of_a_module_is_all_that_a_tool_needs(trigger: str, request: pytest.FixtureRequest) -> None:
    folder, tops = request.getfixturevalue(trigger)
    set_up_verilator()
    for top in tops:
        command = ["verilator", "--lint-only", "-Wall", "-f", f"{top.name}.f"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, ""), top.name


@pytest.mark.parametrize("trigger", ["tagger", "electron", "anomaly"])
def test_no_warning_is_switched_off_but_for_what_the_package_offers(
    trigger: str, request: pytest.FixtureRequest
) -> None:
    folder, tops = request.getfixturevalue(trigger)
    assert not list(folder.rglob("*.vlt"))
    sources = {file for top in tops for file in top.files}
    switched = {file: re.findall(r"lint_off (\w+)", (folder / file).read_text()) for file in sources}
    assert {file: rules for file, rules in switched.items() if rules} == {
        file: ["UNUSEDPARAM"] for file in sources if file.endswith("_pkg.sv")
    }


@pytest.mark.parametrize(
    "fault",
    [
        ("    assign out_valid = valid_reg", "    assign out_valid = 2'b1 & valid_reg", "WIDTHTRUNC"),
        ("    assign out_valid", "    wire logic lost = in_valid;\n    assign out_valid", "UNUSEDSIGNAL"),
        ("endmodule", "    logic open; assign out_valid = open; endmodule", "UNDRIVEN"),
    ],
    ids=["width", "unused", "undriven"],
)
def test_lint_sees_faults(small_build: SmallBuild, tmp_path: Path, fault: tuple[str, ...]) -> None:
    before, after, rule = fault
    folder, tops = write_firmware(small_build.folder, tmp_path / "firmware")
    core = folder / "rtl" / f"{tops[0].name}.sv"
    assert before in core.read_text()
    core.write_text(core.read_text().replace(before, after))
    assert any(rule in line for line in lint_warnings(folder, tops[0]))


@pytest.mark.parametrize("family", FAMILIES)
def test_yosys_takes_the_tagger_and_its_stream(tagger: Written, family: str) -> None:
    folder, tops = tagger
    core, stream = tops[0], next(top for top in tops if top.name.endswith("_axis"))
    found = synthesis(folder, core, family)
    assert found["lut"] > 50 and found["ff"] > 50
    around = synthesis(folder, stream, family, core.name)
    assert around["ff"] > 50


def test_the_plain_verilog_around_a_module_passes_lint(anomaly: Written) -> None:
    folder, tops = anomaly
    top = tops[-1]
    shim = Top(f"{top.name}_ip", "", (*top.files, f"ip/{top.name}_ip.v"), top.clock_ns, top.ports)
    assert lint_warnings(folder, shim) == []


# Whole or nothing


def test_writing_again_gives_the_same_and_keeps_results_of_the_same_sources(
    copy_build: Callable[..., Path], tmp_path: Path
) -> None:
    build = copy_build()
    folder, tops = write_firmware(build)
    assert folder == build / "firmware"
    first = contents(folder)
    results = folder / "vivado/results" / tops[0].name
    results.mkdir(parents=True)
    (results / "routed_timing.rpt").write_text("kept")
    write_firmware(build)
    assert (results / "routed_timing.rpt").read_text() == "kept"
    (results / "routed_timing.rpt").unlink()
    assert contents(folder) == first
    results.joinpath("routed_timing.rpt").touch()
    os.utime(build / "spec.yaml", (0, 0))
    write_firmware(build)
    assert "of 1970-01-01, model" in next((folder / "wrappers").glob("*_axis.sv")).read_text()
    assert results.exists()  # another date is no other design
    (build / "rtl/verilog" / f"{tops[0].name}.sv").open("a").write("// changed\n")
    write_firmware(build)
    assert not results.exists()  # they would be of another design


def test_a_build_that_is_not_whole_leaves_the_firmware_of_before(copy_build: Callable[..., Path]) -> None:
    build = copy_build()
    folder, _ = write_firmware(build)
    before = contents(folder)
    next((build / "convert/hls").glob("*_test.cpp")).unlink()
    with pytest.raises(L1mlError, match=r"^firmware: .*_test\.cpp is missing: hls4ml's project is not complete"):
        write_firmware(build)
    assert contents(folder) == before
    assert [path.name for path in build.glob(".*")] == []


def test_faults_of_the_user_end_in_one_line(copy_build: Callable[..., Path], tmp_path: Path) -> None:
    assert "has no Verilog with its C++: give the folder of a build" in error_of(l1ml("firmware", tmp_path / "nowhere"))
    build = copy_build()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.tex").touch()
    assert "holds something else" in error_of(l1ml("firmware", build, "--out", tmp_path / "mine"))
    message = error_of(l1ml("firmware", build, "--ip-version", "1.0}"))
    assert message == "the version of an IP cannot be '1.0}'; it takes two numbers such as 1.0"
    file = build / "verify/verification.json"
    verdict = json.loads(file.read_text())
    file.write_text(json.dumps(verdict | {"mismatches": 3}))
    assert "differ in 3 outputs" in error_of(l1ml("firmware", build))
    assert not (build / "firmware").exists()
    file.write_text("{")
    with pytest.raises(L1mlError, match="is damaged"):
        write_firmware(build)
