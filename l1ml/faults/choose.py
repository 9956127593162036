"""All faults of a design, and a choice of them that is spread over kinds and modules."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from l1ml.compiler.design import Design
from l1ml.errors import L1mlError
from l1ml.faults.arithmetic import faults_of_bits, faults_of_choice, faults_of_inputs, faults_of_sum, stuck_bits
from l1ml.faults.control import (
    faults_of_core,
    faults_of_enable,
    faults_of_lookup,
    faults_of_register,
    faults_of_table,
    faults_of_word,
)
from l1ml.faults.fault import KINDS, Fault
from l1ml.faults.verilog.source import Source, read_design


def all_faults(folder: Path, design: Design) -> Iterator[Fault]:
    """Every fault that the emitted Verilog of a design can have, one for each bit and place.

    Args:
        folder: Folder with the Verilog.
        design: The design.
    """
    for source in read_design(folder, design).values():
        yield from faults_of_file(source, design)


def faults_of_file(source: Source, design: Design) -> Iterator[Fault]:
    """Every fault of one file of a design."""
    if source.name == f"{design.name}.sv":
        memory = int(re.findall(r"localparam int MEMORY = (\d+);", "\n".join(source.lines))[0])
        yield from faults_of_core(source, design.latency, memory)
        return
    yield from faults_of_inputs(source)
    for statement in source.statements:
        yield from faults_of_sum(statement)
        yield from faults_of_choice(statement)
        yield from faults_of_bits(statement, source)
        yield from faults_of_table(statement, source)
        yield from faults_of_word(statement)
        yield from faults_of_lookup(statement, source)
        yield from faults_of_register(statement)
        yield from faults_of_enable(statement)
        if statement.form == "register" and statement.target.endswith("_data"):
            yield from stuck_bits(statement)


def choose(faults: Iterable[Fault], count: int, seed: int) -> list[Fault]:
    """A choice of faults: kinds in turn, within a kind files in turn, and there at random.

    Args:
        faults: All faults.
        count: How many to choose.
        seed: For the choice.

    Raises:
        L1mlError: If there are not as many.
    """
    rng = random.Random(seed)
    pools: dict[str, dict[str, list[Fault]]] = {kind: defaultdict(list) for kind in KINDS}
    total = 0
    for fault in faults:
        pools[fault.kind][fault.file].append(fault)
        total += 1
    if total < count:
        raise L1mlError(f"there are only {total:,} faults to choose from; ask for fewer than {count:,} with --faults")
    queues = [_in_turn(files, rng) for files in pools.values()]
    chosen: list[Fault] = []
    while len(chosen) < count:
        for queue in queues:
            if len(chosen) < count:
                chosen += islice(queue, 1)
    return sorted(chosen, key=lambda f: (list(KINDS).index(f.kind), f.file, f.place.line))


def _in_turn(files: dict[str, list[Fault]], rng: random.Random) -> Iterator[Fault]:
    for faults in files.values():
        rng.shuffle(faults)
    left = list(files.values())
    rng.shuffle(left)
    while left:
        for faults in list(left):
            yield faults.pop()
            if not faults:
                left.remove(faults)
