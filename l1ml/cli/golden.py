"""Commands that freeze verified firmware into a golden pack and hold later firmware against it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from l1ml.cli.application import app

golden_app = typer.Typer(
    help="Freeze verified firmware into a golden pack; hold later firmware against it.", no_args_is_help=True
)
app.add_typer(golden_app, name="golden")


@golden_app.command("make")
def golden_make(
    build: Annotated[Path, typer.Argument(metavar="BUILD", help="Folder of a finished build.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="The pack [default: <project>_r<reuse factor>.golden]")
    ] = None,
    events: Annotated[
        int | None,
        typer.Option("--events", min=1, help="Events, small families of vectors whole [default: all of the build]"),
    ] = None,
    layers: Annotated[bool, typer.Option("--layers", help="Keep the integers within the network too.")] = False,
) -> None:
    """Freeze a build that is bit-exact: vectors, golden integers, timing, and the graph to make it again."""
    from l1ml.console import console
    from l1ml.golden.making import freeze

    pack = freeze(build, events, layers=layers)
    file = out or Path(f"{pack.name}.golden")
    pack.save(file)
    families = ", ".join(f"{count:,} {name}" for name, count in pack.manifest.families.items())
    console.print(f"wrote {file}: {families}; {file.stat().st_size / 1000:.0f} kB", soft_wrap=True, markup=False)


@golden_app.command("check")
def golden_check(
    pack: Annotated[Path, typer.Argument(metavar="PACK", help="File that `l1ml golden make` wrote.")],
    rtl: Annotated[
        Path | None, typer.Option("--rtl", metavar="DIR", help="Check this Verilog, of l1ml or of Vitis HLS.")
    ] = None,
    hls: Annotated[Path | None, typer.Option("--hls", metavar="DIR", help="Check this hls4ml project.")] = None,
    allow_latency: Annotated[
        bool, typer.Option("--allow-latency", help="Accept another latency than that of the pack.")
    ] = False,
) -> None:
    """Check firmware against a pack, without options what is made of its graph; exit code 1 if anything differs."""
    from l1ml.console import console
    from l1ml.errors import L1mlError
    from l1ml.golden.checking import check, with_logs
    from l1ml.golden.pack import Pack

    loaded = Pack.load(pack)
    with tempfile.TemporaryDirectory(prefix="l1ml-golden-") as scratch:
        work = Path(scratch).resolve()
        try:
            verdicts = check(loaded, work, rtl=rtl, hls=hls)
        except L1mlError as error:
            raise with_logs(error, work, Path("l1ml-golden-logs").resolve()) from error
    for verdict in verdicts:
        console.print(str(verdict), soft_wrap=True, markup=False)
    faults = [verdict.fault(allow_latency=allow_latency) for verdict in verdicts]
    if wrong := [fault for fault in faults if fault]:
        raise L1mlError("; ".join(wrong))
    console.print(f"{loaded.name}: passed", soft_wrap=True, markup=False)
