"""The command line. It imports nothing heavy before a command needs it, so that ``--help`` answers at once."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from l1ml.flow import Build

app = typer.Typer(
    help="Real-time trigger firmware: from a trained network to verified Verilog and HLS C++.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
data_app = typer.Typer(help="Make, fetch or prepare data sets.", no_args_is_help=True)
app.add_typer(data_app, name="data")

SpecArgument = Annotated[str, typer.Argument(metavar="SPEC", help="A name that `l1ml list` shows, or a YAML file.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a key of the spec; may be repeated."),
]
OutOption = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Folder of the results [default: build/<project>]")
]


def main() -> None:
    """Run the command line; a mistake of the user ends in one line and exit code 1."""
    from l1ml.errors import L1mlError

    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    try:
        app()
    except L1mlError as error:
        from rich.console import Console
        from rich.markup import escape

        Console(stderr=True, highlight=False).print(f"[bold red]error:[/bold red] {escape(str(error))}", soft_wrap=True)
        sys.exit(1)


@contextmanager
def _interruptible() -> Iterator[None]:
    from l1ml.console import console

    try:
        yield
    except KeyboardInterrupt:
        console.print("interrupted; the next run carries on from the last finished stage")
        raise typer.Exit(130) from None


def _run(spec: str, settings: list[str] | None, out: Path | None, until: str) -> Build:
    from l1ml import flow
    from l1ml.spec import load_spec, parse_overrides

    loaded = load_spec(spec, parse_overrides(settings or []))
    with _interruptible():
        return flow.run(loaded, out or Path("build") / loaded.project, until)


def _stage_command(name: str, until: str, text: str) -> None:
    def command(spec: SpecArgument, set_: SetOption = None, out: OutOption = None) -> None:
        from l1ml.console import console

        done = _run(spec, set_, out, until)
        console.print(f"Results: {done.folder(until)}", soft_wrap=True, markup=False)

    command.__doc__ = text
    app.command(name)(command)


@app.command()
def build(spec: SpecArgument, set_: SetOption = None, out: OutOption = None) -> None:
    """Build a trigger: data, training, conversion, Verilog, verification, report."""
    from l1ml.api import require_verified
    from l1ml.console import console
    from l1ml.report.summary import summary_table

    done = _run(spec, set_, out, "report")
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
def verify(spec: SpecArgument, set_: SetOption = None, out: OutOption = None) -> None:
    """Run a build up to the comparison of the Verilog with hls4ml's C++; exit code 1 if they differ."""
    from l1ml.api import require_verified
    from l1ml.console import console

    done = _run(spec, set_, out, "verify")
    verdict = json.loads((done.folder("verify") / "verification.json").read_text())
    require_verified({"verification": verdict})
    console.print(f"bit-exact: {verdict['events']:,} events × {verdict['outputs']} outputs, 0 mismatches")


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
    from l1ml.console import console
    from l1ml.errors import L1mlError
    from l1ml.report.formats import setting
    from l1ml.report.scan import scan_table
    from l1ml.scanning import parse_values, run_scan
    from l1ml.spec import parse_overrides

    if len(values) > 1:
        raise L1mlError(
            f"a scan is over one key; scan {values[0].partition('=')[0]} alone and give the rest with --set"
        )
    key, listed = parse_values(values[0])
    with _interruptible():
        done = run_scan(spec, key, listed, parse_overrides(set_ or []), out, until)
    console.print()
    console.print(scan_table(done))
    console.print(f"Comparison: {done.folder / 'scan.html'}", soft_wrap=True, markup=False)
    if not done.built:
        raise L1mlError(f"no value of {key} could be built")
    if wrong := [setting(point.value) for point in done.built if point.mismatches]:
        raise L1mlError(f"RTL and C++ differ for {key} = {', '.join(wrong)}")


@app.command("list")
def list_() -> None:
    """List the triggers that come with l1ml."""
    from rich.table import Table

    from l1ml.console import console
    from l1ml.spec import load_spec, projects

    table = Table("project", "trigger", "title", "spec", box=None)
    for name, file in projects().items():
        spec = load_spec(name)
        table.add_row(name, spec.trigger, spec.title, str(file))
    console.print(table)


@app.command()
def doctor() -> None:
    """Check the programs and packages that l1ml needs, and say how to get what is missing."""
    from l1ml.doctor import check

    if not check():
        raise typer.Exit(1)


@data_app.command("prepare")
def data_prepare(spec: SpecArgument, set_: SetOption = None, out: OutOption = None) -> None:
    """Run the first stage of a build: read events, standardise and split them."""
    _run(spec, set_, out, "dataset")


@data_app.command("generate")
def data_generate(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="`jets`, `rings` or `anomaly`")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The npz file to write.")],
    events: Annotated[
        int | None,
        typer.Option(
            "--events", min=1, help="Jets, electron candidates or collisions [default: as in the shipped sample]"
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the simulation.")] = 2024,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes [default: all cores]")] = None,
) -> None:
    """Simulate a data set with Pythia 8. An interrupted run carries on where it was."""
    from l1ml.console import console
    from l1ml.datasets import anomaly_generator, jet_generator, ring_generator

    generators: dict[str, tuple[Callable[..., Path], int]] = {
        "jets": (jet_generator.generate, 100_000),
        "rings": (ring_generator.generate, 40_000),
        "anomaly": (anomaly_generator.generate, 125_000),
    }
    _check_kind(kind, generators)
    generate, default = generators[kind]
    made = generate(default if events is None else events, out, seed=seed, workers=workers)
    console.print(f"wrote {made}", soft_wrap=True, markup=False)


@data_app.command("download")
def data_download(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="`jets`")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The file to write.")],
) -> None:
    """Download a public data set (jets: OpenML 42468, hls4ml_lhc_jets_hlf)."""
    from l1ml.console import console
    from l1ml.datasets.public_jets import download

    _check_kind(kind, ("jets",))
    console.print(f"wrote {download(out)}")


def _check_kind(kind: str, known: Iterable[str]) -> None:
    from l1ml.errors import L1mlError

    if kind not in known:
        raise L1mlError(f"there is no data set of kind {kind!r} for this command; known: {', '.join(known)}")
