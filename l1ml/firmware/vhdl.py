"""VHDL for designs that are written in it: component declarations of our modules, and templates of their instances."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from l1ml.firmware.tops import Top
from l1ml.templates import render

_KEYWORDS = """
    abs access after alias all and architecture array assert assume assume_guarantee attribute begin block body buffer
    bus case component configuration constant context cover default disconnect downto else elsif end entity exit
    fairness file for force function generate generic group guarded if impure in inertial inout is label library linkage
    literal loop map mod nand new next nor not null of on open or others out package parameter port postponed procedure
    process property protected pure range record register reject release rem report restrict restrict_guarantee return
    rol ror select sequence severity shared signal sla sll sra srl strong subtype then to transport type unaffected
    units until use variable vmode vprop vunit wait when while with xnor xor
"""  # IEEE 1076-2008, 15.10


@dataclass(frozen=True)
class VhdlPort:
    """A port as VHDL declares it."""

    name: str
    mode: str
    type: str


@dataclass(frozen=True)
class VhdlModule:
    """A module as VHDL names it.

    Attributes:
        name: Name of the component.
        title: What it is, in a few words.
        label: Name of an instance.
        template: Name of the entity that is the template of an instance.
        ports: Its ports, in order.
    """

    name: str
    title: str
    label: str
    template: str
    ports: tuple[VhdlPort, ...]

    @classmethod
    def of(cls, top: Top) -> VhdlModule:
        """A module that can be built on its own."""
        ports = tuple(
            VhdlPort(
                vhdl_name(port.name),
                "in" if port.direction == "input" else "out",
                f"std_logic_vector({port.width - 1} downto 0)" if port.width > 1 else "std_logic",
            )
            for port in top.ports
        )
        label, template = vhdl_name(f"u_{top.name}"), vhdl_name(f"{top.name}_instance")
        return cls(vhdl_name(top.name), top.title, label, template, ports)


def write_vhdl(core: str, tops: Sequence[Top], folder: Path, origin: str) -> None:
    """Write ``<core>_components.vhd``, a package, and ``<module>_instance.vhd`` for each module.

    Args:
        core: Name of the core.
        tops: The modules.
        folder: Where the files go; it is made.
        origin: First line of each file.
    """
    folder.mkdir()
    package, modules = vhdl_name(f"{core}_components"), [VhdlModule.of(top) for top in tops]
    text = render("vhdl/components.vhd.j2", core=core, package=package, modules=modules, origin=origin)
    (folder / f"{core}_components.vhd").write_text(text)
    for top, module in zip(tops, modules, strict=True):
        text = render("vhdl/instance.vhd.j2", package=package, module=module, origin=origin)
        (folder / f"{top.name}_instance.vhd").write_text(text)


def vhdl_name(name: str) -> str:
    r"""A name of Verilog in VHDL: between backslashes if it is a keyword there, or has underscores in other places."""
    basic = re.fullmatch(r"[A-Za-z](_?[A-Za-z0-9])*", name) is not None
    return name if basic and name.lower() not in _KEYWORDS.split() else f"\\{name}\\"
