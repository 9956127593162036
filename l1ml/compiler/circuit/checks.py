"""Whether a module can be built: what Verilog would take and make something else of, or find out late."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from l1ml.compiler.circuit.expressions import Element, Expression, Lookup, Net
from l1ml.compiler.circuit.module import (
    Instance,
    Item,
    Module,
    Ram,
    Register,
    Rom,
    ShiftRegister,
    Table,
    Wire,
    driven,
    read_by,
)
from l1ml.compiler.circuit.operations import nets_of

CLOCK, RESET = Net("clk"), Net("rst")
"""Inputs of what is clocked and of what is reset."""


def check(module: Module) -> None:
    """Refuse a module that is none.

    Every net that is read is an input, a parameter or driven exactly once, and of one width and sign everywhere; what
    it gets has its width. Words and tables are there. No two things have one name. No wire depends on itself; outputs
    of instances are taken to come from registers.

    Raises:
        ValueError: With the names of the module and of the net.
    """
    try:
        names = _Names(module)
        for item in module.items:
            _check_item(item)
            for expression in read_by(item):
                names.check_read(expression)
            if not isinstance(item, (Wire, Table)):
                names.check_read(CLOCK)
            if isinstance(item, Register) and item.reset is not None:
                names.check_read(RESET)
        _check_loops(module)
    except ValueError as error:
        raise ValueError(f"module {module.name}: {error}") from None


def check_instances(modules: Sequence[Module]) -> None:
    """Refuse modules whose instances of each other are connected wrongly.

    Raises:
        ValueError: With the names of the module and of the instance.
    """
    known = {module.name: module for module in modules}
    for module in modules:
        for item in module.items:
            if isinstance(item, Instance) and item.module in known:
                for fault in _connection_faults(item, known[item.module]):
                    raise ValueError(f"module {module.name}: {item.name} of {item.module} {fault}")


def _refuse(wrong: bool, message: str) -> None:
    if wrong:
        raise ValueError(message)


class _Names:
    """What the names of a module stand for."""

    def __init__(self, module: Module) -> None:
        self.nets: dict[str, Net] = {}
        self.arrays: dict[str, ShiftRegister] = {}
        self.tables: dict[str, Table] = {}
        self.taken: set[str] = set()
        outputs = {port.net.name: port.net for port in module.ports if port.direction == "output"}
        for net in module.given:
            self._take(net.name)
            self.nets[net.name] = net
        for item in module.items:
            self._enter(item, outputs)
        for name in outputs:
            raise ValueError(f"the output {name} is not driven")

    def _take(self, name: str) -> None:
        _refuse(name in self.taken, f"there are two {name}")
        self.taken.add(name)

    def _enter(self, item: Item, undriven: dict[str, Net]) -> None:
        for net in driven(item):
            port = undriven.pop(net.name, None)
            if port is None:
                self._take(net.name)
                self.nets[net.name] = net
            _refuse(port not in (None, net), f"{net} is driven, the output is {port}")
        match item:
            case ShiftRegister():
                self._take(item.name)
                self.arrays[item.name] = item
            case Table():
                self._take(item.name if item.small else item.name.lower())
                self.tables[item.name] = item
            case Rom() if item.in_block_ram:
                self._take(f"{item.net.name}_rom")
            case Ram() | Instance():
                self._take(item.name)

    def check_read(self, expression: Expression) -> None:
        for part in expression.walk():
            match part:
                case Net():
                    net = self.nets.get(part.name)
                    _refuse(net is None, f"{part.name} is read and not there")
                    _refuse(net != part, f"{part} is read, there is {net}")
                case Element():
                    array = self.arrays.get(part.array)
                    there = array is not None and part.index < array.length and part.bits == array.value.width
                    _refuse(not there, f"{part} is read and not there")
                case Lookup():
                    table = self.tables.get(part.table)
                    right = table is not None and (part.address.width, part.count) == (table.address_bits, table.width)
                    _refuse(not right, f"a word of {part.count} bits of the table {part.table} is read and not there")


def _check_item(item: Item) -> None:
    """Widths of what a net gets, and of its condition."""
    match item:
        case Wire():
            _check_widths(item.net.name, item.net.width, item.value)
        case Register():
            reset = () if item.reset is None else (item.reset,)
            _check_widths(item.net.name, item.net.width, item.value, *reset)
            if item.enable is not None:
                _check_widths(f"the enable of {item.net.name}", 1, item.enable)
        case ShiftRegister():
            _refuse(item.length < 1, f"{item.name} has {item.length} words")
        case Rom():
            _check_words(item.net.name, item.words, item.net.width, item.address.width)
        case Ram():
            _check_widths(item.net.name, item.net.width, item.data)
            _check_widths(f"the write enable of {item.name}", 1, item.write)
            _refuse(item.depth < 1, f"{item.name} has {item.depth} words")
        case Table():
            _check_words(item.name, item.words, item.width, item.address_bits)
            _refuse(len(item.words) != 1 << item.address_bits, f"{item.name} has only {len(item.words)} words")


def _check_widths(name: str, width: int, *values: Expression) -> None:
    for value in values:
        _refuse(value.width != width, f"{name} has {width} bits and gets {value.width}")


def _check_words(name: str, words: Sequence[int], width: int, address_bits: int) -> None:
    _refuse(not 0 < len(words) <= 1 << address_bits, f"{name} has {len(words)} words for {address_bits} address bits")
    _refuse(not 0 <= min(words) <= max(words) < 1 << width, f"{name} has words that are not of {width} bits")


def _check_loops(module: Module) -> None:
    """Follow each wire to what it depends on in the same clock cycle."""
    sources: dict[str, list[str]] = {}
    for item in module.items:
        match item:
            case Wire():
                sources[item.net.name] = [net.name for net in nets_of(item.value)]
            case Ram(registered=False):
                sources[item.net.name] = [net.name for net in nets_of(item.read)]
    finished: set[str] = set()
    for start in sources:
        if start not in finished:
            _follow(start, sources, finished)


def _follow(start: str, sources: Mapping[str, list[str]], finished: set[str]) -> None:
    path, on_path = [(start, iter(sources[start]))], {start}
    while path:
        name, left = path[-1]
        for source in left:
            _refuse(source in on_path, f"{source} depends on itself in the same clock cycle")
            if source in sources and source not in finished:
                path.append((source, iter(sources[source])))
                on_path.add(source)
                break
        else:
            path.pop()
            on_path.remove(name)
            finished.add(name)


def _connection_faults(item: Instance, inner: Module) -> Iterator[str]:
    parameters = {parameter.net.name: parameter.net.width for parameter in inner.parameters}
    for name, value in item.parameters.items():
        if name not in parameters or not 0 <= value < 1 << parameters[name]:
            yield f"has no parameter {name} that can be {value}"
    wanted = {port.net.name for port in inner.ports if port.direction == "input"} - {"clk"}
    yield from (f"gets nothing on {name}" for name in sorted(wanted - item.inputs.keys()))
    widths: dict[tuple[str, str], int] = {(port.direction, port.net.name): port.net.width for port in inner.ports}
    for direction, connections in (("input", item.inputs), ("output", item.outputs)):
        for name, connected in connections.items():
            if widths.get((direction, name)) != connected.width:
                yield f"has no {direction} {name} of {connected.width} bits"
