"""The command that removes what l1ml made."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from l1ml.cli.application import app


@app.command()
def clean(
    folders: Annotated[
        list[Path],
        typer.Argument(
            metavar="BUILD...", help="Folders of builds, or `output_dir`s of hls4ml models of this backend."
        ),
    ],
    everything: Annotated[
        bool,
        typer.Option("--all", help="Also Verilog, verdict and firmware; of a build, the whole folder."),
    ] = False,
) -> None:
    """Remove compiled simulations and what else is made again when needed; sources and results stay."""
    from l1ml.cleaning import cleaned, look_for
    from l1ml.console import console

    found = {folder: look_for(folder, everything=everything) for folder in folders}  # all are right, or none is touched
    for folder, paths in found.items():
        console.print(f"{folder}: {cleaned(folder, paths) / 1e6:.1f} MB removed", soft_wrap=True, markup=False)
