"""All faults of a design, and a choice of them that is spread over kinds and modules."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice

from l1ml.compiler.circuit import Instance, Module, Net, Register, Table, Wire
from l1ml.compiler.circuit.queries import Connections
from l1ml.errors import L1mlError
from l1ml.faults.arithmetic import faults_of_bits, faults_of_inputs, faults_of_multiplexer, faults_of_sum, stuck_bits
from l1ml.faults.circuits import Circuits
from l1ml.faults.control import (
    faults_of_flag,
    faults_of_instance,
    faults_of_neighbours,
    faults_of_register,
    faults_of_restart,
    faults_of_table,
)
from l1ml.faults.fault import KINDS, Draft, Fault


def all_faults(circuits: Circuits) -> Iterator[Fault]:
    """Every fault that a design can have, one for each bit and place."""
    for module in circuits.modules.values():
        for draft in _of_module(module, circuits):
            yield Fault(draft.kind, draft.what, draft.edits, module.name)


def _of_module(module: Module, circuits: Circuits) -> Iterator[Draft]:
    connections = Connections(module)
    instances = [item for item in module.items if isinstance(item, Instance)]
    cells = [item for item in instances if item.module not in circuits.modules]
    given = {net for cell in cells for net in cell.outputs.values()}
    yield from faults_of_inputs(connections)
    yield from faults_of_neighbours(cells)
    for item in module.items:
        match item:
            case Table():
                yield from faults_of_table(item, connections)
            case Instance():
                yield from faults_of_instance(item, connections, cell=item.module not in circuits.modules)
            case Register():
                yield from faults_of_sum(item)
                yield from faults_of_register(item, connections)
                yield from faults_of_restart(item)
            case Wire():
                yield from faults_of_sum(item)
                yield from faults_of_multiplexer(item)
                yield from faults_of_restart(item)
                yield from faults_of_bits(item, connections)
                yield from faults_of_flag(item, connections)
                if isinstance(item.value, Net) and item.value in given:
                    yield from stuck_bits(item)


def choose(faults: Iterable[Fault], count: int, seed: int) -> list[Fault]:
    """A choice of faults: kinds in turn, within a kind modules in turn, and there at random.

    Args:
        faults: All faults.
        count: How many to choose.
        seed: For the choice.

    Raises:
        L1mlError: If there are not as many.
    """
    rng = random.Random(seed)
    every = list(faults)
    pools: dict[str, dict[str, list[int]]] = {kind: defaultdict(list) for kind in KINDS}
    for number, fault in enumerate(every):
        pools[fault.kind][fault.module].append(number)
    if len(every) < count:
        raise L1mlError(
            f"there are only {len(every):,} faults to choose from; ask for fewer than {count:,} with --faults"
        )
    queues = [_in_turn(modules, rng) for modules in pools.values()]
    chosen: list[int] = []
    while len(chosen) < count:
        for queue in queues:
            if len(chosen) < count:
                chosen += islice(queue, 1)
    kinds = list(KINDS)
    return [every[number] for number in sorted(chosen, key=lambda n: (kinds.index(every[n].kind), n))]


def _in_turn(modules: dict[str, list[int]], rng: random.Random) -> Iterator[int]:
    for numbers in modules.values():
        rng.shuffle(numbers)
    left = list(modules.values())
    rng.shuffle(left)
    while left:
        for numbers in list(left):
            yield numbers.pop()
            if not numbers:
                left.remove(numbers)
