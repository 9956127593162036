"""The command line's one application, and what its commands share."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from l1ml.builds.flow import Build

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)


def _tell_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"l1ml {version('l1ml')}")
        raise typer.Exit


@app.callback(no_args_is_help=True)
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_tell_version, is_eager=True)
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Also tell which programs are run.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
) -> None:
    """Real-time trigger firmware: from a trained network to verified Verilog and HLS C++."""
    logger = logging.getLogger("l1ml")
    if verbose:
        logger.setLevel(logging.INFO)
    if quiet:
        from l1ml.console import console

        console.quiet = True
        logger.setLevel(logging.ERROR)


SpecArgument = Annotated[
    str,
    typer.Argument(metavar="SPEC|BUILD", help="A name that `l1ml list` shows, a YAML file, or the folder of a build."),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a key of the spec; may be repeated."),
]
OutOption = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Folder of the results [default: build/<project>]")
]


@contextmanager
def interruptible() -> Iterator[None]:
    """End in one line when the user interrupts."""
    from l1ml.console import console
    from l1ml.interrupts import heard

    try:
        with heard():
            yield
    except KeyboardInterrupt:
        console.print("interrupted; the next run carries on from the last finished stage")
        raise typer.Exit(130) from None


def run_build(spec: str, settings: list[str] | None, out: Path | None, until: str) -> Build:
    """Bring a build up to date, up to a stage."""
    from l1ml.builds import flow
    from l1ml.builds.specs import load_spec, parse_overrides
    from l1ml.errors import L1mlError
    from l1ml.folders import MARKER

    folder = Path(spec)
    if (folder / MARKER).is_file() and (folder / "spec.yaml").is_file():
        if settings or out:
            raise L1mlError(f"{folder} is a build, which --set and --out do not change; give its spec instead")
        spec, out = str(folder / "spec.yaml"), folder
    loaded = load_spec(spec, parse_overrides(settings or []))
    with interruptible():
        return flow.run(loaded, out or Path("build") / loaded.project, until)
