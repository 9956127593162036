"""Commands that run a build, whole or up to a stage, once or for each value of a key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from l1ml.cli.application import OutOption, SetOption, SpecArgument, app, interruptible, run_build
from l1ml.cli.soaking import soaked
from l1ml.cli.vendor_rtl import verify_project


@app.command()
def build(spec: SpecArgument, set_: SetOption = None, out: OutOption = None) -> None:
    """Build a trigger: data, training, conversion, Verilog, verification, report."""
    from l1ml.api import require_verified
    from l1ml.console import console
    from l1ml.report.summary import summary_table

    done = run_build(spec, set_, out, "report")
    report = json.loads((done.folder("report") / "report.json").read_text())
    console.print(summary_table(report))
    for what, path in (
        ("Report", done.folder("report") / "report.html"),
        ("Verilog", done.folder("rtl") / "verilog"),
        ("HLS C++", done.folder("convert") / "hls"),
    ):
        console.print(f"{what}: {path}", soft_wrap=True, markup=False)
    require_verified(report)


@app.command()
def verify(
    spec: Annotated[
        str | None,
        typer.Argument(
            metavar="SPEC|BUILD",
            help="A name, a YAML file, the folder of a build, or the `output_dir` of an hls4ml model.",
        ),
    ] = None,
    set_: SetOption = None,
    out: OutOption = None,
    events: Annotated[
        int | None,
        typer.Option(
            "--events",
            min=1,
            help="Soak: send so many events; a run that was interrupted carries on. "
            "Of an hls4ml model: events [default: 10000].",
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Of the soak's events [default: spec]")] = None,
    time_limit: Annotated[
        float | None,
        typer.Option("--time-limit", metavar="SECONDS", help="After which a simulation of a soak is taken to hang."),
    ] = None,
    vitis: Annotated[
        Path | None,
        typer.Option("--vitis", metavar="PROJECT", help="Hold RTL of Vitis HLS against the hls4ml project it is of."),
    ] = None,
    rtl: Annotated[
        Path | None,
        typer.Option("--rtl", metavar="DIR", help="Folder of that RTL [default: what lies in the project]"),
    ] = None,
) -> None:
    """Run a build up to the comparison of the Verilog with hls4ml's C++; exit code 1 if they differ.

    With `--vitis`, the C++ of the project is compiled, and its RTL compared; no spec is needed.
    """
    from l1ml.api import require_verified
    from l1ml.compiler.design import FILE_NAME
    from l1ml.console import console
    from l1ml.errors import L1mlError
    from l1ml.folders import MARKER

    if vitis is not None:
        if spec or set_ or out:
            raise L1mlError(f"--vitis {vitis} is verified as it lies there: SPEC, --set and --out do not go with it")
        verify_project(vitis, rtl, events, seed, time_limit)
        return
    if spec is None or rtl is not None:
        raise L1mlError("l1ml verify takes a SPEC or the folder of a build, or else --vitis PROJECT, and --rtl with it")
    folder = Path(spec)
    if (folder / "verilog" / FILE_NAME).is_file():
        _verify_model(folder, events or 10_000, 1 if seed is None else seed, time_limit)
        return
    if events is None and (seed is not None or time_limit is not None):
        raise L1mlError(
            "--seed and --time-limit are of a soak: give --events, too, or set verification.seed in the spec"
        )
    if events is not None and (folder / MARKER).is_file() and not set_ and not out:
        from l1ml.builds.build import Build

        done = Build.found_in(folder)
    else:
        done = run_build(spec, set_, out, "verify" if events is None else "rtl")
    if events is None:
        verdict = json.loads((done.folder("verify") / "verification.json").read_text())
        require_verified({"verification": verdict})
        console.print(f"bit-exact: {verdict['events']:,} events × {verdict['outputs']} outputs, 0 mismatches")
    else:
        soaked(done, events, seed, time_limit)


def _verify_model(folder: Path, events: int, seed: int, time_limit: float | None) -> None:
    """Compare the Verilog of an hls4ml model with its C++, as they lie in its folder."""
    from l1ml.console import console
    from l1ml.errors import L1mlError
    from l1ml.verification.finished import FinishedCore

    checked = FinishedCore.found_in(folder).verify(events, seed, time_limit)
    if checked.first_mismatch is not None:
        raise L1mlError(f"RTL and C++ differ in {checked.mismatches} outputs; {checked.first_mismatch}")
    console.print(f"bit-exact: {checked.events:,} events × {checked.outputs} outputs, 0 mismatches")


def _stage_command(name: str, until: str, text: str) -> None:
    def command(spec: SpecArgument, set_: SetOption = None, out: OutOption = None) -> None:
        from l1ml.console import console

        done = run_build(spec, set_, out, until)
        console.print(f"Results: {done.folder(until)}", soft_wrap=True, markup=False)

    command.__doc__ = text
    app.command(name)(command)


_stage_command("train", "train", "Run a build up to the trained, quantized and pruned network.")
_stage_command("convert", "convert", "Run a build up to hls4ml's compiled HLS C++ project.")
_stage_command("rtl", "rtl", "Run a build up to the Verilog and its resource estimate.")
_stage_command("report", "report", "Run a build up to the report, and say where it is.")


@app.command()
def scan(
    spec: SpecArgument,
    values: Annotated[
        list[str],
        typer.Argument(metavar="KEY=V1,V2,...", help="A key of the spec and its values: `hls.reuse_factor=1,2,4,8`."),
    ],
    set_: SetOption = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Folder of the scan [default: build/<project>-scan-<key>]"),
    ] = None,
    until: Annotated[
        str, typer.Option("--until", metavar="STAGE", help="Last stage of each build: `rtl`, `verify` or `report`.")
    ] = "report",
) -> None:
    """Build a trigger for each value of a key and compare them; exit code 1 if RTL and C++ differ or all fail."""
    from l1ml.builds.scan import parse_values, run_scan
    from l1ml.builds.specs import parse_overrides
    from l1ml.console import console
    from l1ml.errors import L1mlError
    from l1ml.report.formats import setting
    from l1ml.report.scan import scan_table

    if len(values) > 1:
        raise L1mlError(
            f"a scan is over one key; scan {values[0].partition('=')[0]} alone and give the rest with --set"
        )
    key, listed = parse_values(values[0])
    with interruptible():
        done = run_scan(spec, key, listed, parse_overrides(set_ or []), out, until)
    console.print()
    console.print(scan_table(done))
    console.print(f"Comparison: {done.folder / 'scan.html'}", soft_wrap=True, markup=False)
    if not done.built:
        raise L1mlError(f"no value of {key} could be built")
    if wrong := [setting(point.value) for point in done.built if point.mismatches]:
        raise L1mlError(f"RTL and C++ differ for {key} = {', '.join(wrong)}")
