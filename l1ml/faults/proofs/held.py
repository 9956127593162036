"""A result that is not held until the next one, where nobody looks at it but in the cycle in which it is valid."""

from __future__ import annotations

import re
from collections.abc import Mapping

from l1ml.compiler.design import Design, Module
from l1ml.faults.fault import Fault
from l1ml.faults.proofs.cone import Cone
from l1ml.faults.verilog.source import Source
from l1ml.faults.verilog.wiring import renamed


def held_cone(fault: Fault, core: Source, modules: Mapping[str, Source], design: Design) -> Cone | None:
    """The question whether an output register that takes a value in every clock cycle is seen to do so.

    The valid flags of the core may be anything at first. After as many clock cycles as a value takes from the register
    to the output, ``differ`` tells whether ``out_valid`` is set and the register had not taken that value.

    Args:
        fault: The fault.
        core: The top module.
        modules: The others, by file.
        design: The design.

    Returns:
        The question, or None if this is no such fault.
    """
    place = _register(fault, core, modules, design)
    if place is None or fault.edits[0].expression != "1'b1":
        return None
    module, enable = place
    if any(m.strobes and {t.name for t in m.inputs} & _behind(module, design) for m in design.modules):
        return None  # a folded module reads its input for several cycles
    text = "\n".join(core.lines)
    instance = text.split(f"    {module.name} u_{module.segment} (", 1)[1].split(");\n", 1)[0]
    strobe = re.findall(rf"\.{enable}\((\w+\[\d+\])\)", instance)
    taken = [s.expression for s in core.statements if s.target == "valid_reg" and s.expression != "'0"]
    valid = [s.expression for s in core.statements if s.target == "out_valid"]
    memory = re.findall(r"localparam int MEMORY = (\d+);", text)
    if not len(strobe) == len(taken) == len(valid) == len(memory) == 1:
        return None
    # The register is read in the next cycle and seen `steps` cycles later.
    steps = design.latency - module.start - module.latency + 1
    wide = f"[{int(memory[0]) - 1}:0]"
    shifted = taken[0].replace("MEMORY'", f"{memory[0]}'")
    seen = valid[0].replace("LATENCY", str(design.latency)).replace("valid_reg", f"after{steps}")
    cone = Cone(free={"after0": wide, "next": "[7:0]", "held": "[7:0]"})
    for step in range(steps):
        cone.free |= {f"rst{step}": "[0:0]", f"accept{step}": "[0:0]"}
        others = {"valid_reg": f"after{step}", "accept": f"accept{step}"}
        now = f"rst{step} ? '0 : {renamed(shifted, others)}"
        cone.wires.append({"name": f"after{step + 1}", "declared": wide, "expression": now})
    loaded = f"{strobe[0].replace('valid_reg', 'after0')} ? next : held"
    cone.wires += [
        {"name": "valid", "declared": "[0:0]", "expression": seen},
        {"name": "is", "declared": "[7:0]", "expression": f"valid ? ({loaded}) : '0"},
        {"name": "would", "declared": "[7:0]", "expression": "valid ? next : '0"},
    ]
    cone.pairs.append(("is", "would"))
    return cone


def _register(fault: Fault, core: Source, modules: Mapping[str, Source], design: Design) -> tuple[Module, str] | None:
    """The module whose output register a fault lets take a value in every cycle, and the enable of that register."""
    statement = fault.place
    if statement.form == "connection" and fault.file == core.name:
        instances = [line.split()[0] for line in core.lines[: statement.line] if re.match(r"    \w+ u_\w+ \($", line)]
        file, enable = f"{instances[-1] if instances else ''}.sv", statement.target
    else:
        file, enable = fault.file, statement.expression
    module = next((m for m in design.modules if f"{m.name}.sv" == file), None)
    if module is None or file not in modules:
        return None
    uses = modules[file].uses.get(enable, [])
    if [use.form for use in uses] != ["enable"]:
        return None
    # Not a block before that of the outputs, at the end of the module.
    return (module, enable) if re.match(r"\s*if \(", uses[0].head) else None


def _behind(module: Module, design: Design) -> set[str]:
    """Names of the tensors that depend on what a module gives."""
    found = {t.name for t in module.outputs}
    for other in design.modules:  # in topological order
        if found & {t.name for t in other.inputs}:
            found |= {t.name for t in other.outputs}
    return found
