"""Commands for firmware: ``l1ml firmware``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from l1ml.cli.application import app


@app.command()
def firmware(
    build: Annotated[
        Path,
        typer.Argument(
            metavar="BUILD", help="Folder of a finished build, or the `output_dir` of an hls4ml model of this backend."
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", help="Folder to write [default: BUILD/firmware, of hls4ml BUILD/l1ml_firmware]"
        ),
    ] = None,
    top: Annotated[
        str | None,
        typer.Option("--top", metavar="MODULE", help="Module for `--run` [default: the trigger, or else the core]"),
    ] = None,
    run: Annotated[bool, typer.Option("--run", help="Run Vivado and Vitis HLS, those that are on PATH.")] = False,
    route: Annotated[bool, typer.Option("--route", help="Let Vivado place and route, too.")] = False,
    ip_vendor: Annotated[str, typer.Option("--ip-vendor", help="Vendor of the IP.")] = "l1ml",
    ip_library: Annotated[str, typer.Option("--ip-library", help="Library of the IP.")] = "trigger",
    ip_version: Annotated[str, typer.Option("--ip-version", help="Version of the IP.")] = "1.0",
) -> None:
    """Write sources, Vivado project, IP packaging and Vitis HLS project of a finished build."""
    from shlex import quote

    from l1ml.console import console
    from l1ml.errors import L1mlError
    from l1ml.firmware.vendor_tools import findings, jobs
    from l1ml.firmware.writing import IpName, default_top, write_firmware

    folder, tops = write_firmware(build, out, IpName(ip_vendor, ip_library, ip_version))
    names = [one.name for one in tops]
    for one in tops:
        console.print(f"{one.name}: {one.title}", soft_wrap=True, markup=False)
    console.print(f"Firmware: {folder}", soft_wrap=True, markup=False)
    chosen = top or default_top(tops).name
    if chosen not in names:
        raise L1mlError(f"there is no module {chosen} in {folder}; --top takes {', '.join(names)}")
    for job in jobs(folder, chosen, route):
        program = job.program
        if program is None or not run:
            state = f"{' and '.join(job.programs)} not on PATH" if program is None else "not run without --run"
            command = " ".join(job.command(program or job.programs[0]))
            ready = f"cd {quote(str(job.folder))} && {command}"
            console.print(f"{job.title}: {state}; ready for: {ready}", soft_wrap=True, markup=False)
            continue
        console.print(f"{job.title}: {program} is running, its log is {job.folder / job.log}", soft_wrap=True)
        job.run()
    for line in findings(folder, chosen):
        console.print(line, soft_wrap=True, markup=False)
