"""The command that asks whether verification would see faults."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from l1ml.cli.application import app


@app.command()
def mutate(
    build: Annotated[Path, typer.Argument(metavar="BUILD", help="Folder of a finished build.")],
    faults: Annotated[int, typer.Option("--faults", min=1, metavar="N", help="How many faults.")] = 500,
    seed: Annotated[int, typer.Option("--seed", metavar="S", help="For the choice of the faults.")] = 1,
    improve: Annotated[
        bool, typer.Option("--improve", help="Look for events that show the others, and add them to its vectors.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="The result as JSON [default: BUILD/faults.json]")
    ] = None,
) -> None:
    """Put faults into a build's Verilog, and count those that its verification sees; exit code 1 if it is blind."""
    import json

    from l1ml.console import console
    from l1ml.errors import L1mlError
    from l1ml.faults.build import mutate_build
    from l1ml.faults.mutate import MISSED, survivors
    from l1ml.faults.table import table
    from l1ml.folders import write_whole

    done = mutate_build(build, faults, seed, improve=improve)
    file = out or build / "faults.json"
    write_whole(file, json.dumps(done.as_dict(), indent=1))
    console.print(table(done))
    if len(done.sought):
        console.print(f"{len(done.sought)} events were found and added to the vectors of {build}", soft_wrap=True)
    console.print(f"Faults: {file}", soft_wrap=True, markup=False)
    missed = survivors(done.verdicts, MISSED)
    for line in missed:
        console.print(line, soft_wrap=True, markup=False)
    if missed:
        raise L1mlError(
            f"{len(missed)} of {faults} faults are neither detected nor proved to change nothing: see above"
            + ("" if improve else "; --improve looks for events that show them")
        )
