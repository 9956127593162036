"""Circuits as SystemVerilog.

An expression means what it says whatever the signs and widths that Verilog's rules give to its parts: operands have
one width before they are printed (`expressions`), a shift to the right stands in a size cast, which nothing around it
reaches into, and a comparison of signed values names the sign of both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import Any

from l1ml.compiler.circuit import (
    SMALL_TABLE_BITS,
    Bit,
    Bits,
    Bitwise,
    Choice,
    Compared,
    Constant,
    Element,
    Expression,
    Instance,
    Inverted,
    Item,
    Joined,
    Lookup,
    Lowered,
    Module,
    Net,
    Pick,
    Product,
    Raised,
    Ram,
    Reduced,
    Register,
    Repeated,
    Resized,
    Rom,
    Section,
    ShiftRegister,
    Sum,
    Table,
    Wire,
)

INDENT = "    "


def text_of(expression: Expression) -> str:
    """An expression, to stand where nothing binds it tighter."""
    return _TEXTS[type(expression)](expression)


def declared(net: Net) -> str:
    """Sign and range of a net, with a space behind; empty for a flag."""
    return "" if net.bits is None else f"{'signed ' if net.signed else ''}[{net.width - 1}:0] "


def literal(value: int, width: int) -> str:
    """A sized constant, two's complement."""
    return f"{width}'d{value % (1 << width)}"


_ATOMS = (Net, Element, Constant, Bits, Bit, Pick, Lookup, Resized, Raised, Joined, Repeated, Inverted)


def _operand(expression: Expression) -> str:
    text = text_of(expression)
    return text if isinstance(expression, _ATOMS) else f"({text})"


def _sum(e: Sum) -> str:
    text = ""
    for term, minus in zip(e.terms, e.minus, strict=True):
        if text:
            text += f" {'-' if minus else '+'} {_operand(term)}"
        else:
            text = f"-({text_of(term)})" if minus else _operand(term)
    return text


def _lookup(e: Lookup) -> str:
    if e.address.width > SMALL_TABLE_BITS:
        return f"{e.table.lower()}({text_of(e.address)})"
    return f"{e.table}[{_index(e.address)} * {e.count} +: {e.count}]"


_WHOLE = (Net, Element, Constant, Bits, Bit, Pick, Lookup, Resized, Joined, Repeated)
"""What has its own width wherever it stands."""


def _index(e: Expression) -> str:
    """An index, which is multiplied in 32 bits: it must not grow before, and is no less if it is negative."""
    return text_of(e) if _keeps(e) and not e.signed else f"$unsigned({text_of(e)})"


def _resized(e: Resized) -> str:
    if isinstance(e.of, Lowered):
        inner = f"{_kept(e.of.of)} {'>>>' if e.of.signed else '>>'} {e.of.places}"
        return f"{e.count}'({inner})"
    return f"{e.count}'({text_of(e.of) if e.count <= e.of.width else _kept(e.of)})"


def _keeps(e: Expression) -> bool:
    """Whether an expression has its width and its sign wherever it stands."""
    return isinstance(e, _WHOLE) and _signed_in_verilog(e) == e.signed


def _kept(e: Expression) -> str:
    """An expression that is as wide as it says even if it stands in a wider one."""
    return text_of(e) if _keeps(e) else f"${'' if e.signed else 'un'}signed({text_of(e)})"


def _signed_in_verilog(e: Expression) -> bool:
    """Whether Verilog takes an expression for signed: one all of whose operands are."""
    match e:
        case Net():
            return e.signed
        case Choice():
            return all(map(_signed_in_verilog, (e.if_set, e.if_clear)))
        case Sum() | Product() | Bitwise() | Inverted() | Resized() | Raised() | Lowered():
            return all(map(_signed_in_verilog, e.operands))
    return False


def _compared(e: Compared) -> str:
    sides = [e.left, e.right]
    if e.op != "==" and all(side.signed for side in sides):
        return f" {e.op} ".join(_operand(s) if isinstance(s, Net) else f"$signed({text_of(s)})" for s in sides)
    if e.op != "==" and all(map(_signed_in_verilog, sides)):
        return f" {e.op} ".join(map(_kept, sides))
    return f" {e.op} ".join(map(_operand, sides))


def _pick(e: Pick) -> str:
    return f"{text_of(e.of)}[{_index(e.index)} * {e.count} +: {e.count}]"


_TEXTS: dict[type, Callable[[Any], str]] = {
    Net: lambda e: e.name,
    Element: lambda e: f"{e.array}[{e.index}]",
    Constant: lambda e: literal(e.value, e.bits),
    Bits: lambda e: f"{text_of(e.of)}[{e.low + e.count - 1}:{e.low}]",
    Bit: lambda e: f"{text_of(e.of)}[{e.index}]",
    Pick: _pick,
    Lookup: _lookup,
    Resized: _resized,
    Raised: lambda e: f"({_operand(e.of)} << {e.places})",
    Lowered: lambda e: _resized(Resized(e, e.width)),
    Sum: _sum,
    Product: lambda e: f"{_operand(e.left)} * {_operand(e.right)}",
    Choice: lambda e: f"{_operand(e.condition)} ? {_operand(e.if_set)} : {_operand(e.if_clear)}",
    Joined: lambda e: f"{{{', '.join(map(text_of, e.parts))}}}",
    Repeated: lambda e: f"{{{e.times}{{{text_of(e.of)}}}}}",
    Bitwise: lambda e: f"{_operand(e.left)} {e.op} {_operand(e.right)}",
    Inverted: lambda e: f"~{_operand(e.of)}",
    Reduced: lambda e: f"{e.op}{_operand(e.of)}",
    Compared: _compared,
}


def print_module(module: Module) -> str:
    """A module's file."""
    lines = [*(f"// {line}" for line in module.about), "", "`default_nettype none", ""]
    lines += [f"module {module.name} (", *_ports(module)] if not module.parameters else _parameters(module)
    lines.append(");")
    for before, section in pairwise((Section("", ()), *module.sections)):
        if before.stage and not section.title:
            lines.append("")
        lines += _section(section, module)
    lines += ["endmodule", "", "`default_nettype wire", ""]
    return "\n".join(lines)


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
    registers = {item.net.name for item in module.items if isinstance(item, (Register, Rom))}
    for index, port in enumerate(module.ports):
        kind = "var " if port.net.name in registers else "wire"
        comma = "," if index < len(module.ports) - 1 else ""
        note = f"  // {port.note}" if port.note else ""
        yield f"{INDENT}{port.direction:6} {kind}  logic {declared(port.net)}{port.net.name}{comma}{note}"


def _section(section: Section, module: Module) -> Iterator[str]:
    if section.title or (section.items and not isinstance(section.items[0], Table)):
        yield ""
    for line in section.title.splitlines():
        yield f"{INDENT}// {line}"
    for kind, group in groupby(section.items, type):
        items: list[Any] = list(group)
        if kind is Register:
            yield from _registers(items, module)
        else:
            for item in items:
                yield from _PRINTERS[kind](item, module)


def _wire(item: Wire, module: Module) -> Iterator[str]:
    if item.net.name in module.outputs:
        yield f"{INDENT}assign {item.net.name} = {text_of(item.value)};"
    else:
        yield f"{INDENT}wire logic {declared(item.net)}{item.net.name} = {text_of(item.value)};"


def _declarations(nets: Iterable[Net], module: Module) -> Iterator[str]:
    for net in nets:
        if net.name not in module.outputs:
            yield f"{INDENT}logic {declared(net)}{net.name};"


def _registers(items: Sequence[Register], module: Module) -> Iterator[str]:
    """Registers side by side, in one process."""
    yield from _declarations((item.net for item in items), module)
    yield f"{INDENT}always_ff @(posedge clk) begin"
    for (reset, enable), group in groupby(items, lambda item: (item.reset is not None, item.enable)):
        members = list(group)
        indent = 2 * INDENT
        if reset:
            yield f"{indent}if (rst) begin"
            yield from (f"{indent}{INDENT}{m.net.name} <= {text_of(m.reset)};" for m in members if m.reset is not None)
            yield f"{indent}end else {'begin' if enable is None else f'if ({text_of(enable)}) begin'}"
        elif enable is not None:
            yield f"{indent}if ({text_of(enable)}) begin"
        inner = indent + INDENT * (reset or enable is not None)
        yield from (f"{inner}{member.net.name} <= {text_of(member.value)};" for member in members)
        if reset or enable is not None:
            yield f"{indent}end"
    yield f"{INDENT}end"


def _shift_register(item: ShiftRegister, module: Module) -> Iterator[str]:
    name, bits = item.name, f"[{item.value.width - 1}:0]"
    yield f"{INDENT}logic {bits} {name}[{item.length}];"
    yield f"{INDENT}always_ff @(posedge clk) begin"
    yield f"{2 * INDENT}{name}[0] <= {text_of(item.value)};"
    yield f"{2 * INDENT}for (int i = 1; i < {item.length}; i++) {name}[i] <= {name}[i-1];"
    yield f"{INDENT}end"


def _rom(item: Rom, module: Module) -> Iterator[str]:
    width, name = item.net.width, item.net.name
    yield from _declarations([item.net], module)
    if item.in_block_ram:
        yield f'{INDENT}(* rom_style = "block" *) logic [{width - 1}:0] {name}_rom[{len(item.words)}];'
        yield f"{INDENT}initial begin"
        yield from (f"{2 * INDENT}{name}_rom[{i}] = {width}'h{word:x};" for i, word in enumerate(item.words))
        yield f"{INDENT}end"
        yield f"{INDENT}always_ff @(posedge clk) {name} <= {name}_rom[{text_of(item.address)}];"
        return
    yield f"{INDENT}always_ff @(posedge clk) begin"
    yield f"{2 * INDENT}case ({text_of(item.address)})"
    bits = item.address.width
    yield from (f"{3 * INDENT}{bits}'d{i}: {name} <= {width}'h{word:x};" for i, word in enumerate(item.words))
    yield f"{3 * INDENT}default: {name} <= 'x;"
    yield f"{2 * INDENT}endcase"
    yield f"{INDENT}end"


def _ram(item: Ram, module: Module) -> Iterator[str]:
    style = "block" if item.in_block_ram else "distributed"
    yield f'{INDENT}(* ram_style = "{style}" *) logic [{item.data.width - 1}:0] {item.name}[{item.depth}];'
    write = f"if ({text_of(item.write)}) {item.name}[{text_of(item.address)}] <= {text_of(item.data)};"
    read = f"{item.name}[{text_of(item.read)}]"
    if item.registered:
        yield from _declarations([item.net], module)
        yield f"{INDENT}always_ff @(posedge clk) begin"
        yield f"{2 * INDENT}{write}"
        yield f"{2 * INDENT}{item.net.name} <= {read};"
        yield f"{INDENT}end"
    else:
        yield f"{INDENT}wire logic {declared(item.net)}{item.net.name} = {read};"
        yield f"{INDENT}always_ff @(posedge clk) {write}"


def _table(item: Table, module: Module) -> Iterator[str]:
    if item.small:
        bits = len(item.words) * item.width
        yield f"{INDENT}localparam logic [{bits - 1}:0] {item.name} = {bits}'h{item.literal:x};"
        return
    name = item.name.lower()
    address = f"input logic [{item.address_bits - 1}:0] address"
    yield ""
    yield f"{INDENT}function automatic logic [{item.width - 1}:0] {name}({address});"
    yield f"{2 * INDENT}case (address)"
    for index, word in enumerate(item.words):
        yield f"{3 * INDENT}{item.address_bits}'d{index}: {name} = {item.width}'h{word:x};"
    yield f"{3 * INDENT}default: {name} = '0;"
    yield f"{2 * INDENT}endcase"
    yield f"{INDENT}endfunction"


def _instance(item: Instance, module: Module) -> Iterator[str]:
    for net in item.outputs.values():
        if net.name not in module.outputs:
            yield f"{INDENT}wire logic {declared(net)}{net.name};"
    if item.parameters:
        yield f"{INDENT}{item.module} #("
        yield _connections({name: str(value) for name, value in item.parameters.items()})
        yield f"{INDENT}) {item.name} ("
    else:
        yield f"{INDENT}{item.module} {item.name} ("
    inputs = {"clk": "clk", **{port: text_of(value) for port, value in item.inputs.items()}}
    yield _connections({**inputs, **{port: net.name for port, net in item.outputs.items()}})
    yield f"{INDENT});"


def _connections(what: dict[str, str]) -> str:
    return ",\n".join(f"{2 * INDENT}.{name}({value})" for name, value in what.items())


_PRINTERS: dict[type[Item], Callable[[Any, Module], Iterator[str]]] = {
    Wire: _wire,
    ShiftRegister: _shift_register,
    Rom: _rom,
    Ram: _ram,
    Table: _table,
    Instance: _instance,
}
