"""Commands for data sets: ``l1ml data``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from l1ml.cli.application import OutOption, SetOption, SpecArgument, app, run_build

if TYPE_CHECKING:
    from l1ml.triggers import Trigger

data_app = typer.Typer(help="Make, fetch or prepare data sets.", no_args_is_help=True)
app.add_typer(data_app, name="data")


@data_app.command("prepare")
def data_prepare(spec: SpecArgument, set_: SetOption = None, out: OutOption = None) -> None:
    """Run the first stage of a build: read events, standardise and split them."""
    run_build(spec, set_, out, "dataset")


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
    from l1ml.triggers import triggers

    trigger = _of_kind(kind, [found for found in triggers().values() if found.simulates])
    generate = trigger.part("generator").generate
    made = generate(trigger.simulates if events is None else events, out, seed=seed, workers=workers)
    console.print(f"wrote {made}", soft_wrap=True, markup=False)


@data_app.command("download")
def data_download(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="`jets`")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The file to write.")],
) -> None:
    """Download a public data set (jets: OpenML 42468, hls4ml_lhc_jets_hlf)."""
    from l1ml.console import console
    from l1ml.triggers import triggers

    trigger = _of_kind(kind, [found for found in triggers().values() if found.downloads])
    console.print(f"wrote {trigger.part('public').download(out)}")


def _of_kind(kind: str, known: list[Trigger]) -> Trigger:
    """The trigger whose events are of a kind."""
    from l1ml.errors import L1mlError

    found = [trigger for trigger in known if trigger.data == kind]
    if not found:
        names = ", ".join(trigger.data for trigger in known)
        raise L1mlError(f"there is no data set of kind {kind!r} for this command; known: {names}")
    return found[0]
