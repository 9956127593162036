"""Commands for data sets: ``l1ml data``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated

import typer

from l1ml.cli.application import OutOption, SetOption, SpecArgument, app, run_build

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
