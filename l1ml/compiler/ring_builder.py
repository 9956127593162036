"""The ring builder in firmware: from quantized cells of a region to sums in rings around each layer's hottest cell.

What it computes is `l1ml.datasets.ring_builder.sum_rings` on integers. Cells come as a stream, some in each clock
cycle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from l1ml.compiler.design import Design
from l1ml.compiler.network import Tensor
from l1ml.compiler.options import EmitOptions
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType
from l1ml.templates import render

CELL = FixedType(14, 18, rounding="RND", saturation="SAT")
"""Steps of 16 up to 131,056: for energies in MeV, well below the noise of a cell and up to 131 GeV."""

LANES = (4, 8, 16)
"""How many cells may come in one clock cycle; each lane has sums of its own, so that more would cost a lot."""

MODULES = ("place", "hottest", "sums", "lane")
"""What the core is made of: templates beside that of the core."""

_CYCLES = 5  # registers between the last word and the rings, beside both passes and the adders over the lanes


class Grid(Protocol):
    """One layer of the region, as `l1ml.datasets.ring_builder.Grid`."""

    @property
    def name(self) -> str: ...
    @property
    def columns(self) -> int: ...
    @property
    def rows(self) -> int: ...
    @property
    def rings(self) -> int: ...


@dataclass(frozen=True)
class RingBuilderOptions:
    """How the ring builder is made.

    Attributes:
        cell: Type of a cell's transverse energy, signed.
        lanes: Cells in a clock cycle, one of `LANES`.
        name: Name of the module.
        part: FPGA part, for the record.
        clock_ns: Clock period in ns, for the record.

    Raises:
        L1mlError: If ``cell`` or ``lanes`` is out of range.
    """

    cell: FixedType = CELL
    lanes: int = 8
    name: str = "ring_builder"
    part: str = EmitOptions.part
    clock_ns: float = EmitOptions.clock_ns

    def __post_init__(self) -> None:
        if self.lanes not in LANES:
            raise L1mlError(f"lanes of the ring builder: {self.lanes} is not one of {', '.join(map(str, LANES))}")
        if not self.cell.signed or not 2 <= self.cell.width <= 32:
            raise L1mlError(f"cells of the ring builder: {self.cell} is not a signed type of 2 to 32 bits")


@dataclass(frozen=True)
class Plan:
    """What follows from the grids of a region and the options: the numbers that the templates ask for."""

    grids: tuple[Grid, ...]
    cell: FixedType
    lanes: int

    @property
    def row_shifts(self) -> list[int]:
        """Bits of a row within a place, for each layer: a column takes a power of two of places."""
        return [_bits(grid.rows) for grid in self.grids]

    @property
    def layer_words(self) -> list[int]:
        """Words of each layer."""
        return [-(-(g.columns << shift) // self.lanes) for g, shift in zip(self.grids, self.row_shifts, strict=True)]

    @property
    def words(self) -> int:
        """Words of a region."""
        return sum(self.layer_words)

    @property
    def places(self) -> NDArray[np.int64]:
        """Where in the stream each cell of a region lies, counted in places; cells as in `frames`."""
        found, first = [], 0
        for grid, shift, words in zip(self.grids, self.row_shifts, self.layer_words, strict=True):
            column, row = np.divmod(np.arange(grid.columns * grid.rows), grid.rows)
            found.append(first + (column << shift) + row)
            first += words * self.lanes
        return np.concatenate(found)

    @property
    def rings(self) -> int:
        """Number of rings."""
        return sum(grid.rings for grid in self.grids)

    @property
    def parts(self) -> int:
        """Rings that leave in a clock cycle: as few as keep pace with the stream.

        Raises:
            L1mlError: If the rings do not come out even.
        """
        parts = 1
        while self.rings > parts * self.words:
            parts *= 2
        if self.rings % parts:
            raise L1mlError(f"{self.rings} rings cannot leave {parts} at a time; take fewer lanes than {self.lanes}")
        return parts

    @property
    def latency(self) -> int:
        """Clock cycles from the last word to the rings."""
        return self.words + self.rings // self.parts + self.lane_bits + _CYCLES

    @cached_property
    def most_added(self) -> tuple[int, int]:
        """The most cells that a ring can have, and the most of them that come in one lane."""
        in_ring, in_lane = 1, 1
        for grid, shift in zip(self.grids, self.row_shifts, strict=True):
            column, row = np.divmod(np.arange(grid.columns * grid.rows), grid.rows)
            lane = ((column << shift) + row) % self.lanes
            ring = np.maximum(np.abs(column - column[:, None]), np.abs(row - row[:, None]))
            centre, cell = np.nonzero(ring < grid.rings)
            counts = np.zeros((len(column), grid.rings, self.lanes), dtype=np.int64)
            np.add.at(counts, (centre, ring[centre, cell], lane[cell]), 1)
            in_ring, in_lane = max(in_ring, counts.sum(axis=2).max()), max(in_lane, counts.max())
        return int(in_ring), int(in_lane)

    @property
    def ring_type(self) -> FixedType:
        """Type of a ring: wide enough for any cells."""
        return self._sum_of(self.most_added[0])

    @property
    def sum_type(self) -> FixedType:
        """Type of what one lane adds to a ring."""
        return self._sum_of(self.most_added[1])

    def _sum_of(self, terms: int) -> FixedType:
        return FixedType(self.cell.width + _bits(terms), self.cell.integer + _bits(terms))

    @property
    def numbers(self) -> dict[str, Any]:
        """Further numbers of the package: widths, and tables over the layers."""
        rings = [grid.rings for grid in self.grids]
        # The last word of a layer may have places of columns that are not there.
        columns = [words * self.lanes >> shift for words, shift in zip(self.layer_words, self.row_shifts, strict=True)]
        return {
            "last_words": [words - 1 for words in self.layer_words],
            "first_rings": [last - grid.rings for grid, last in zip(self.grids, accumulate(rings), strict=True)],
            "last_rings": [n - 1 for n in rings],
            "last_columns": [grid.columns - 1 for grid in self.grids],
            "last_rows": [grid.rows - 1 for grid in self.grids],
            "layer_bits": _bits(len(self.grids)),
            "address_bits": _bits(self.words),
            "word_bits": max(1, *map(_bits, self.layer_words)),
            "column_bits": max(*map(_bits, (*columns, *rings)), *self.row_shifts),
            "row_bits": max(self.row_shifts),
            "ring_bits": _bits(self.rings),
            "part_bits": _bits(self.parts),
        }

    @property
    def lane_bits(self) -> int:
        """Bits of the number of a lane."""
        return _bits(self.lanes)


def frames(region: NDArray[np.int64], grids: Sequence[Grid], options: RingBuilderOptions) -> NDArray[np.int64]:
    """The stream of regions: their cells in the words in which the ring builder takes them.

    Args:
        region: Energies in LSB of ``options.cell``, shape (n, cells): layer by layer, each column by column, in a
            column row by row.
        grids: The layers.
        options: Of the ring builder.

    Returns:
        Shape (n, words × lanes), 0 in places without a cell.

    Raises:
        L1mlError: If the cells do not fit the grids or their type.
    """
    plan = Plan(tuple(grids), options.cell, options.lanes)
    places = plan.places
    if region.ndim != 2 or region.shape[1] != len(places):
        raise L1mlError(f"cells of regions have shape {region.shape}; give (candidates, {len(places)})")
    if region.size and not options.cell.minimum <= region.min() <= region.max() <= options.cell.maximum:
        raise L1mlError(f"cells from {region.min()} to {region.max()} do not fit {options.cell}; quantize them to it")
    stream = np.zeros((len(region), plan.words * options.lanes), dtype=np.int64)
    stream[:, places] = region
    return stream


def write(folder: Path, grids: Sequence[Grid], options: RingBuilderOptions) -> Design:
    """Write the Verilog of a ring builder.

    Args:
        folder: Where to write; made if absent.
        grids: The layers of a region, in the order of the stream.
        options: Types and lanes.

    Returns:
        The design, also saved as ``design.json``. Its latency counts from the last word of a region.
    """
    plan = Plan(tuple(grids), options.cell, options.lanes)
    name = options.name
    modules = [f"{name}_{module}" for module in MODULES]
    design = Design(
        name=name,
        part=options.part,
        clock_ns=options.clock_ns,
        inputs=(Tensor("cells", plan.words * plan.lanes, plan.cell, plan.words),),
        outputs=(Tensor("rings", plan.rings, plan.ring_type),),
        modules=(),
        latency=plan.latency,
        initiation_interval=plan.words,
        files=(f"{name}_pkg.sv", *(f"{module}.sv" for module in modules), f"{name}.sv"),
    )
    values = {"name": name, "design": design, "plan": plan, **plan.numbers}
    folder.mkdir(parents=True, exist_ok=True)
    for file, template in zip(design.files, ("package", *MODULES, "core"), strict=True):
        (folder / file).write_text(render(f"ring_builder/{template}.sv.j2", **values))
    (folder / "files.f").write_text("".join(f"{file}\n" for file in design.files))
    design.save(folder)
    return design


def _bits(n: int) -> int:
    """Bits that tell n things apart."""
    return (n - 1).bit_length()
