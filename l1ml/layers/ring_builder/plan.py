"""The numbers of a ring builder: types, the order of the cells, widths, and tables over the layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from l1ml.compiler.options import EmitOptions
from l1ml.errors import L1mlError
from l1ml.fixed import FixedType

CELL = FixedType(14, 18, rounding="RND", saturation="SAT")
"""Steps of 16 up to 131,056: for energies in MeV, well below the noise of a cell and up to 131 GeV."""

LANES = (4, 8, 16)
"""How many cells may come in one clock cycle; each lane has sums of its own, so that more would cost a lot."""

_CYCLES = 5  # registers between the last word and the rings, beside both passes and the adders over the lanes


class Grid(Protocol):
    """One layer of the region, as `l1ml.triggers.electron_rings.ring_builder.Grid`."""

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
    """What follows from the grids of a region and the options."""

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
    def lane_bits(self) -> int:
        """Bits of the number of a lane."""
        return _bits(self.lanes)

    @property
    def layer_bits(self) -> int:
        """Bits of the number of a layer."""
        return max(1, _bits(len(self.grids)))

    @property
    def address_bits(self) -> int:
        """Bits of the number of a word in the region."""
        return max(1, _bits(self.words))

    @property
    def word_bits(self) -> int:
        """Bits of the number of a word in its layer."""
        return max(1, *map(_bits, self.layer_words))

    @property
    def place_bits(self) -> int:
        """Bits of the number of a place in its layer."""
        return self.word_bits + self.lane_bits

    @property
    def column_bits(self) -> int:
        """Bits of a column, and of a distance, also in rows."""
        # The last word of a layer may have places of columns that are not there.
        columns = [words * self.lanes >> shift for words, shift in zip(self.layer_words, self.row_shifts, strict=True)]
        return max(1, *map(_bits, (*columns, *(grid.rings for grid in self.grids))), *self.row_shifts)

    @property
    def row_bits(self) -> int:
        """Bits of a row."""
        return max(1, *self.row_shifts)

    @property
    def ring_bits(self) -> int:
        """Bits of the number of a ring."""
        return _bits(self.rings)

    @property
    def part_bits(self) -> int:
        """Bits of a ring's number that say with which others it leaves: the lowest ones."""
        return _bits(self.parts)

    @property
    def index_bits(self) -> int:
        """The other bits of a ring's number: when it leaves."""
        return max(1, self.ring_bits - self.part_bits)


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


def _bits(n: int) -> int:
    """Bits that tell n things apart."""
    return (n - 1).bit_length()
