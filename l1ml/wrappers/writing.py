"""Writing the wrappers of a core beside its Verilog."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from l1ml.compiler.design import Design
from l1ml.compiler.origin import cell_with_origin, origin_of
from l1ml.compiler.whole import write_whole
from l1ml.errors import L1mlError
from l1ml.paths import shared
from l1ml.templates import render
from l1ml.wrappers.inner import LITE_PORTS, Inner, inner_of
from l1ml.wrappers.layout import LinkMap, link_map, stream_layout
from l1ml.wrappers.options import WrapperOptions
from l1ml.wrappers.registers import fires_of, register_map

log = logging.getLogger(__name__)

STREAM_CELLS = (
    "l1ml_axis_register.sv",
    "l1ml_axis_gather.sv",
    "l1ml_axis_scatter.sv",
    "l1ml_event_fifo.sv",
    "l1ml_launch.sv",
)
LITE_CELLS = ("l1ml_axil_slave.sv", "l1ml_status_counter.sv")
BX_CELLS = ("l1ml_bx_clock.sv", "l1ml_bx_align.sv")
EMP_CELLS = ("l1ml_emp_receive.sv", "l1ml_emp_send.sv")
CELLS = {*STREAM_CELLS, *LITE_CELLS, *BX_CELLS, *EMP_CELLS}


@dataclass(frozen=True)
class Wrapper:
    """A module around a core.

    Attributes:
        name: ``axi_stream``, ``axi_lite``, ``axi``, ``bunch_crossing`` or ``emp``.
        top: Its module.
        files: Its Verilog, in order of compilation, those of the core included; names in the folder.
        title: What it is, in a line.
        instantiates: The module that it has inside.
    """

    name: str
    top: str
    files: tuple[str, ...]
    title: str
    instantiates: str


def write_wrappers(design: Design, folder: Path, options: WrapperOptions, date: str = "") -> tuple[Wrapper, ...]:
    """Write wrappers into the folder of a core's Verilog.

    Args:
        design: The core.
        folder: With its Verilog. A top with registers is written anew.
        options: Which wrappers, and how.
        date: Of what the model was made of, for the first line of each file; none if empty.

    Returns:
        The wrappers, in the order of ``WRITERS``.

    Raises:
        L1mlError: If a wrapper that was asked for by name cannot be, or none can.
    """
    unknown = [name for name in options.wrappers if name not in WRITERS]
    if unknown:
        raise L1mlError(f"there is no wrapper {unknown[0]!r}; there are {', '.join(WRITERS)}")
    wanted = options.wrappers or tuple(WRITERS)
    origin = origin_of(design, date)
    if design.in_beats > 1 or design.out_beats > 1:
        design = write_whole(design, folder)
    inner = inner_of(design, folder, options)
    drafts = []
    for name, write in WRITERS.items():
        if name not in wanted:
            continue
        try:
            drafts.append(write(design, folder, options, inner))
        except L1mlError as error:
            if options.wrappers:
                raise L1mlError(f"wrapper {name}: {error}") from None
            log.warning("no wrapper %s: %s", name, error)
    if not drafts:
        raise L1mlError(f"{design.name} can have none of the wrappers; ask for one by name to be told why")
    for file, text in {file: text for draft in drafts for file, text in draft.texts.items()}.items():
        (folder / file).write_text(cell_with_origin(text) if file in CELLS else f"// {origin}\n{text}")
    return tuple(draft.wrapper for draft in drafts)


@dataclass(frozen=True)
class _Draft:
    """A wrapper, and the texts of its files but for those of the core."""

    wrapper: Wrapper
    texts: dict[str, str]


def _draft(
    inner: Inner, name: str, top: str, title: str, cells: tuple[str, ...], template: str, **values: Any
) -> _Draft:
    source = shared("firmware_templates") / "wrappers"
    texts = {cell: (source / cell).read_text() for cell in cells}
    texts[f"{top}.sv"] = render(template, top=top, inner=inner.module, event_bits=inner.event_bits, **values)
    return _Draft(Wrapper(name, top, (*inner.files, *texts), title, inner.module), texts)


def _stream(design: Design, folder: Path, options: WrapperOptions, inner: Inner) -> _Draft:
    return _draft_stream(design, options, inner, "axi_stream", f"{design.name}_axis", "AXI4-Stream")


def _both(design: Design, folder: Path, options: WrapperOptions, inner: Inner) -> _Draft:
    lite = _lite(design, folder, options, inner)
    within = replace(inner, module=lite.wrapper.top, files=lite.wrapper.files, control=LITE_PORTS)
    title = "AXI4-Stream, with registers on AXI4-Lite"
    draft = _draft_stream(design, options, within, "axi", f"{design.name}_axi", title)
    return replace(draft, texts=lite.texts | draft.texts)


def _draft_stream(design: Design, options: WrapperOptions, inner: Inner, name: str, top: str, title: str) -> _Draft:
    width, field = options.stream.data_width, options.stream.field
    if width < 8 or width % 8:
        raise L1mlError(f"data_width is {width}; a stream needs a multiple of 8")
    return _draft(
        inner,
        name,
        top,
        title,
        STREAM_CELLS,
        "wrappers/axi_stream.sv.j2",
        design=design,
        lite=inner.control == LITE_PORTS,
        width=width,
        control=inner.control,
        event_layout=stream_layout(inner.event, field),
        result_layout=stream_layout(design.outputs, field),
    )


def _lite(design: Design, folder: Path, options: WrapperOptions, inner: Inner) -> _Draft:
    return _draft(
        inner,
        "axi_lite",
        f"{design.name}_axil",
        "registers on AXI4-Lite: " + (f"{inner.values.name} and counters" if inner.values else "counters"),
        LITE_CELLS,
        "wrappers/axi_lite.sv.j2",
        design=design,
        registers=inner.values,
        reset=inner.reset,
        index_bits=max((inner.values.size - 1).bit_length(), 1) if inner.values else 1,
        lite_ports=LITE_PORTS,
        map=register_map(design, folder, inner.values),
        fires=fires_of(design),
    )


def _bunch_crossing(design: Design, folder: Path, options: WrapperOptions, inner: Inner) -> _Draft:
    clocks, interval = options.clocks_per_bx, design.initiation_interval
    if interval > clocks:
        raise L1mlError(
            f"{design.name} takes an event every {interval} clock cycles and a bunch crossing has {clocks}; lower the "
            "reuse factor, or raise clocks_per_bx with the clock"
        )
    return _draft(
        inner,
        "bunch_crossing",
        f"{design.name}_bx",
        "in step with bunch crossings",
        BX_CELLS,
        "wrappers/bunch_crossing.sv.j2",
        design=design,
        control=inner.control,
        clocks=clocks,
    )


def _emp(design: Design, folder: Path, options: WrapperOptions, inner: Inner) -> _Draft:
    inputs, outputs = emp_maps(design, options)
    return _draft(
        inner,
        "emp",
        f"{design.name}_emp",
        "64-bit links of an EMP payload",
        EMP_CELLS,
        "wrappers/emp.sv.j2",
        design=design,
        control=inner.control,
        inputs=inputs,
        outputs=outputs,
    )


def emp_maps(design: Design, options: WrapperOptions) -> tuple[LinkMap, LinkMap]:
    """Where each element of events and results lies on the links.

    Raises:
        L1mlError: If they do not fit, or the core is slower than packets can come.
    """
    emp = options.emp
    frames = emp.frames or options.clocks_per_bx
    if design.initiation_interval > frames:
        raise L1mlError(
            f"{design.name} takes an event every {design.initiation_interval} clock cycles and packets of {frames} "
            "frames may come faster; set emp.frames higher or the reuse factor lower"
        )
    if (emp.output_frames or 1) > frames:
        raise L1mlError(f"{emp.output_frames} output_frames take longer than the {frames} frames of an event")
    event = [tensor for tensor in design.inputs if tensor.name != options.registers]
    inputs = link_map(event, frames, emp.field, emp.input_map)
    needed = link_map(design.outputs, frames, emp.field, emp.output_map)
    used = max(needed.where(place)[1] for place in needed.layout.places) + 1
    most = emp.output_frames or (used if needed.links == 1 else frames)
    return inputs, link_map(design.outputs, most, emp.field, emp.output_map)


WRITERS: dict[str, Callable[[Design, Path, WrapperOptions, Inner], _Draft]] = {
    "axi_stream": _stream,
    "axi_lite": _lite,
    "axi": _both,
    "bunch_crossing": _bunch_crossing,
    "emp": _emp,
}
"""All wrappers, by name."""
