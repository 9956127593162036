"""Circuits as SystemVerilog.

A net that is read before its place is declared there, and gets its value later. What expressions become is said in
`l1ml.compiler.printers.systemverilog_expressions`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from textwrap import wrap
from typing import Any, ClassVar

from l1ml.compiler.circuit import (
    Instance,
    Item,
    Module,
    Net,
    Ram,
    Register,
    Rom,
    Section,
    ShiftRegister,
    Table,
    Wire,
    declares,
    driven,
    names_in,
    read_by,
)
from l1ml.compiler.circuit.checks import check
from l1ml.compiler.circuit.queries import all_bits
from l1ml.compiler.printers.systemverilog_expressions import alone, declared, index_of, literal, text_of
from l1ml.compiler.printers.unread import runs, unread

__all__ = ["declared", "literal", "print_module", "text_of"]

INDENT = "    "


class Line(str):
    """A line that gives a part of an item its value.

    Attributes:
        of: What gets the value: a net, an array or a table by its name, an input of an instance as
            ``instance.input``.
    """

    of: str

    @classmethod
    def giving(cls, of: str, text: str) -> Line:
        """A line that gives something its value."""
        line = cls(text)
        line.of = of
        return line


def print_module(module: Module) -> str:
    """A module's file.

    Raises:
        ValueError: If the module is none that can be built (`l1ml.compiler.circuit.checks`).
    """
    return "\n".join(lines_of(module))


def lines_of(module: Module) -> list[str]:
    """The lines of a module's file, those that give something its value as `Line`.

    Raises:
        ValueError: As `print_module`.
    """
    check(module)
    lines = [*(f"// {line}".rstrip() for line in module.about), "", "`default_nettype none", ""]
    lines += [f"module {module.name} (", *_ports(module)] if not module.parameters else _parameters(module)
    lines.append(");")
    body = _Body(module)
    for before, section in pairwise((Section("", ()), *module.sections)):
        if before.stage and not section.title:
            lines.append("")
        lines += body.section(section)
    return [*lines, *_sink(module), "endmodule", "", "`default_nettype wire", ""]


def _sink(module: Module) -> Iterator[str]:
    """A net that reads what nothing else does."""
    parts = ["1'b0"]
    for net, mask in unread(module):
        whole = mask == all_bits(net.width)
        parts += [net.name] if whole else [f"{net.name}[{_range(*run)}]" for run in runs(mask)]
    if len(parts) > 1:
        yield ""
        yield f"{INDENT}// What nothing reads, for lint; synthesis removes it."
        text = f"wire logic unused_ok = &{{{', '.join(parts)}}};"
        yield from wrap(text, 120, initial_indent=INDENT, subsequent_indent=2 * INDENT, break_long_words=False)


def _range(high: int, low: int) -> str:
    return str(high) if high == low else f"{high}:{low}"


def _parameters(module: Module) -> Iterator[str]:
    """The head of a module with parameters, up to its ports."""
    yield f"module {module.name} #("
    for index, parameter in enumerate(module.parameters):
        comma = "," if index < len(module.parameters) - 1 else ""
        yield f"{INDENT}// {parameter.note}"
        name = f"{declared(parameter.net)}{parameter.net.name}"
        yield f"{INDENT}parameter logic {name} = {text_of(parameter.value)}{comma}"
    yield ") ("
    yield from _ports(module)


def _ports(module: Module) -> Iterator[str]:
    variables = {net.name for item in module.items if _is_variable(item) for net in driven(item)}
    for index, port in enumerate(module.ports):
        kind = "var " if port.net.name in variables else "wire"
        comma = "," if index < len(module.ports) - 1 else ""
        note = f"  // {port.note}" if port.note else ""
        yield f"{INDENT}{port.direction:6} {kind}  logic {declared(port.net)}{port.net.name}{comma}{note}"


def _is_variable(item: Item) -> bool:
    """Whether what an item drives gets its value in a process."""
    return isinstance(item, (Register, Rom)) or (isinstance(item, Ram) and item.registered)


class _Body:
    """What is between the ports and the end.

    Attributes:
        known: Names that are declared so far.
        later: What declares each name that an item declares, with the line that does.
    """

    def __init__(self, module: Module) -> None:
        self.known = {net.name for net in module.given}
        self.later: dict[str, str] = {}
        for item in module.items:
            kind = "logic" if _is_variable(item) else "wire logic"
            self.later.update({net.name: f"{kind} {declared(net)}{net.name};" for net in driven(item)})
            if isinstance(item, ShiftRegister):
                self.later[item.name] = f"logic [{item.value.width - 1}:0] {item.name}[{item.length}];"

    def section(self, section: Section) -> Iterator[str]:
        if section.title or (section.items and not isinstance(section.items[0], Table)):
            yield ""
        for line in section.title.splitlines():
            yield f"{INDENT}// {line}"
        for kind, group in groupby(section.items, type):
            items = list(group)
            for side_by_side in [items] if kind is Register else [[item] for item in items]:
                yield from self._declare_others(side_by_side)
                yield from self._PRINTERS[kind](self, side_by_side if kind is Register else side_by_side[0])

    def _declare(self, names: Iterable[str]) -> Iterator[str]:
        for name in names:
            if name not in self.known:
                self.known.add(name)
                yield f"{INDENT}{self.later[name]}"

    def _declare_others(self, items: Sequence[Item]) -> Iterator[str]:
        """What items read and do not drive."""
        own = {name for item in items for name in declares(item)}
        reads = (name for item in items for value in read_by(item) for name in names_in(value))
        yield from self._declare(name for name in reads if name not in own)

    def _wire(self, item: Wire) -> Iterator[str]:
        yield self._assign(item.net, text_of(item.value))

    def _assign(self, net: Net, text: str) -> str:
        """A wire and what drives it, in one line unless it is declared."""
        if net.name in self.known:
            return Line.giving(net.name, f"{INDENT}assign {net.name} = {text};")
        self.known.add(net.name)
        return Line.giving(net.name, f"{INDENT}wire logic {declared(net)}{net.name} = {text};")

    def _registers(self, items: Sequence[Register]) -> Iterator[str]:
        """Registers side by side, in one process."""
        yield from self._declare(item.net.name for item in items)
        yield f"{INDENT}always_ff @(posedge clk) begin"
        for (reset, enable), group in groupby(items, lambda item: (item.reset is not None, item.enable)):
            members = list(group)
            indent = 2 * INDENT
            if reset:
                yield f"{indent}if (rst) begin"
                for member in members:
                    if member.reset is not None:
                        yield f"{indent}{INDENT}{member.net.name} <= {text_of(member.reset)};"
                yield f"{indent}end else {'begin' if enable is None else f'if ({alone(enable)}) begin'}"
            elif enable is not None:
                yield f"{indent}if ({alone(enable)}) begin"
            inner = indent + INDENT * (reset or enable is not None)
            for member in members:
                yield Line.giving(member.net.name, f"{inner}{member.net.name} <= {text_of(member.value)};")
            if reset or enable is not None:
                yield f"{indent}end"
        yield f"{INDENT}end"

    def _shift_register(self, item: ShiftRegister) -> Iterator[str]:
        name = item.name
        yield from self._declare([name])
        yield f"{INDENT}always_ff @(posedge clk) begin"
        yield Line.giving(name, f"{2 * INDENT}{name}[0] <= {text_of(item.value)};")
        yield f"{2 * INDENT}for (int i = 1; i < {item.length}; i++) {name}[i] <= {name}[i-1];"
        yield f"{INDENT}end"

    def _rom(self, item: Rom) -> Iterator[str]:
        width, name = item.net.width, item.net.name
        yield from self._declare([name])
        if item.in_block_ram:
            yield f'{INDENT}(* rom_style = "block" *) logic [{width - 1}:0] {name}_rom[{len(item.words)}];'
            yield f"{INDENT}initial begin"
            yield from (f"{2 * INDENT}{name}_rom[{i}] = {width}'h{word:x};" for i, word in enumerate(item.words))
            yield f"{INDENT}end"
            text = f"{INDENT}always_ff @(posedge clk) {name} <= {name}_rom[{index_of(item.address)}];"
            yield Line.giving(name, text)
            return
        yield f"{INDENT}always_ff @(posedge clk) begin"
        yield f"{2 * INDENT}case ({alone(item.address)})"
        bits = item.address.width
        yield from (f"{3 * INDENT}{bits}'d{i}: {name} <= {width}'h{word:x};" for i, word in enumerate(item.words))
        yield f"{3 * INDENT}default: {name} <= 'x;"
        yield f"{2 * INDENT}endcase"
        yield f"{INDENT}end"

    def _ram(self, item: Ram) -> Iterator[str]:
        style = "block" if item.in_block_ram else "distributed"
        yield f'{INDENT}(* ram_style = "{style}" *) logic [{item.data.width - 1}:0] {item.name}[{item.depth}];'
        word = f"{item.name}[{index_of(item.address)}]"
        write = f"if ({alone(item.write)}) {word} <= {text_of(item.data)};"
        read = f"{item.name}[{index_of(item.read)}]"
        if item.registered:
            yield from self._declare([item.net.name])
            yield f"{INDENT}always_ff @(posedge clk) begin"
            yield f"{2 * INDENT}{write}"
            yield Line.giving(item.net.name, f"{2 * INDENT}{item.net.name} <= {read};")
            yield f"{INDENT}end"
        else:
            yield self._assign(item.net, read)
            yield f"{INDENT}always_ff @(posedge clk) {write}"

    def _table(self, item: Table) -> Iterator[str]:
        if item.small:
            bits = len(item.words) * item.width
            text = f"{INDENT}localparam logic [{bits - 1}:0] {item.name} = {bits}'h{item.literal:x};"
            yield Line.giving(item.name, text)
            return
        name = item.name.lower()
        address = f"input logic [{item.address_bits - 1}:0] address"
        yield ""
        yield Line.giving(item.name, f"{INDENT}function automatic logic [{item.width - 1}:0] {name}({address});")
        yield f"{2 * INDENT}case (address)"
        for index, word in enumerate(item.words):
            yield f"{3 * INDENT}{item.address_bits}'d{index}: {name} = {item.width}'h{word:x};"
        yield f"{3 * INDENT}default: {name} = '0;"
        yield f"{2 * INDENT}endcase"
        yield f"{INDENT}endfunction"

    def _instance(self, item: Instance) -> Iterator[str]:
        yield from self._declare(net.name for net in item.outputs.values())
        if item.parameters:
            yield f"{INDENT}{item.module} #("
            yield from _connections(item.name, {name: str(value) for name, value in item.parameters.items()})
            yield f"{INDENT}) {item.name} ("
        else:
            yield f"{INDENT}{item.module} {item.name} ("
        inputs = {"clk": "clk", **{port: text_of(value) for port, value in item.inputs.items()}}
        outputs = {port: net.name for port, net in item.outputs.items()}
        yield from _connections(item.name, {**inputs, **outputs})
        yield f"{INDENT});"

    _PRINTERS: ClassVar[dict[type[Item], Callable[[_Body, Any], Iterator[str]]]] = {
        Wire: _wire,
        Register: _registers,
        ShiftRegister: _shift_register,
        Rom: _rom,
        Ram: _ram,
        Table: _table,
        Instance: _instance,
    }


def _connections(instance: str, what: dict[str, str]) -> Iterator[str]:
    for index, (name, value) in enumerate(what.items()):
        comma = "," if index < len(what) - 1 else ""
        yield Line.giving(f"{instance}.{name}", f"{2 * INDENT}.{name}({value}){comma}")
