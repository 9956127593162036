"""The ring builder in Verilog gives the integers of the ring builder in Python, from cells to rings."""

from __future__ import annotations

import dataclasses
import importlib.util
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from l1ml.compiler.design import Design
from l1ml.errors import L1mlError
from l1ml.estimation.synthesis import lint, synthesize, verilator_lint
from l1ml.fixed import FixedType
from l1ml.layers.ring_builder.plan import LANES, Plan, RingBuilderOptions, frames
from l1ml.layers.ring_builder.writing import write
from l1ml.triggers.electron_rings.data import CLASSES
from l1ml.triggers.electron_rings.events import windows
from l1ml.triggers.electron_rings.ring_builder import N_CELLS, REGION, hottest, region_cells, sum_rings
from l1ml.verification.compare import differences
from l1ml.verification.simulation import CoreSimulator, Simulation

OPTIONS = RingBuilderOptions()
Ints = NDArray[np.int64]

needs_generators = pytest.mark.skipif(
    importlib.util.find_spec("pythia8mc") is None or importlib.util.find_spec("awkward") is None,
    reason="needs the extra l1ml[generate]",
)


def _patterns(cell: FixedType, n: int, rng: np.random.Generator) -> Ints:
    """Regions of random cells: of all sizes, with many ties, of extremes, all alike, and one hot cell in each layer."""
    low, high = cell.minimum, cell.maximum
    sizes = rng.integers(low, high + 1, (n // 2, N_CELLS)) >> rng.integers(0, cell.width - 1, (n // 2, 1))
    ties = rng.integers(-1, 2, (n // 6, N_CELLS))
    extremes = rng.choice([low, high, low + 1, 0], (n // 6, N_CELLS), p=[0.45, 0.05, 0.05, 0.45])
    alike = np.repeat(np.array([[0], [low], [high], [-1]]), N_CELLS, axis=1)
    spikes = np.zeros((n - sum(map(len, (sizes, ties, extremes, alike))), N_CELLS), dtype=np.int64)
    first = 0
    for grid in REGION:
        # Corners, where most is lost, and anywhere.
        corners = np.array([0, grid.rows - 1, grid.cells - grid.rows, grid.cells - 1])
        anywhere = rng.integers(0, grid.cells, len(spikes))
        at = np.where(rng.random(len(spikes)) < 0.3, rng.choice(corners, len(spikes)), anywhere)
        spikes[:, first : first + grid.cells] = rng.integers(-3, 4, (len(spikes), grid.cells))
        spikes[np.arange(len(spikes)), first + at] = 4
        first += grid.cells
    return rng.permutation(np.concatenate([sizes, ties, extremes, alike, spikes]))


def _stream(regions: Ints, options: RingBuilderOptions, rng: np.random.Generator) -> Ints:
    """Frames, with noise where there is no cell."""
    stream = frames(regions, REGION, options)
    empty = np.ones(stream.shape[1], dtype=bool)
    empty[Plan(REGION, options.cell, options.lanes).places] = False
    stream[:, empty] = rng.integers(options.cell.minimum, options.cell.maximum + 1, (len(stream), empty.sum()))
    return stream


def _simulate(folder: Path, regions: Ints, options: RingBuilderOptions) -> Simulation:
    return CoreSimulator(folder).run(_stream(regions, options, np.random.default_rng(9)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ring builder with default options."""
    folder = tmp_path_factory.mktemp("ring_builder")
    write(folder, REGION, OPTIONS)
    return folder


@needs_generators
def test_rings_of_simulated_candidates_and_of_patterns_are_those_of_python(folder: Path) -> None:
    rng = np.random.default_rng(1)
    parts = [_patterns(OPTIONS.cell, 1000, rng)]
    for name in CLASSES:
        cells, eta, phi, _ = next(windows(name, 100, pythia_seed=3, rng=rng, pileup=(0.0, 60.0)))
        parts.append(OPTIONS.cell.quantize(region_cells(cells, hottest(cells, eta, phi))))
        assert len(parts[-1]) > 50
        assert parts[-1].max() * OPTIONS.cell.lsb > 10_000, "MeV"
    regions = rng.permutation(np.concatenate(parts))
    result, golden = _simulate(folder, regions, OPTIONS), sum_rings(regions)
    assert result.integers.shape == golden.shape
    assert len(differences(result, golden)) == 0
    design = Design.load(folder)
    assert (result.latency, result.initiation_interval) == (design.latency, design.initiation_interval) == (231, 123)


def test_the_largest_sum_fits_with_no_bit_to_spare(folder: Path) -> None:
    (rings,) = Design.load(folder).outputs
    cells = np.full((1, N_CELLS), OPTIONS.cell.minimum)
    em2 = sum(grid.cells for grid in REGION[:2])
    cells[0, em2 + REGION[2].cells // 2] = 0
    assert rings.type.minimum <= sum_rings(cells).min() < rings.type.minimum // 2


@pytest.mark.parametrize(
    ("lanes", "cell"),
    [(4, FixedType(5, 5)), (16, FixedType(16, 16))],
    ids=str,
)
def test_lanes_and_widths(lanes: int, cell: FixedType, tmp_path: Path) -> None:
    options = RingBuilderOptions(lanes=lanes, cell=cell, name="rings")
    design = write(tmp_path, REGION, options)
    regions = _patterns(cell, 60, np.random.default_rng(2))
    result = _simulate(tmp_path, regions, options)
    assert len(differences(result, sum_rings(regions))) == 0
    assert (result.latency, result.initiation_interval) == (design.latency, design.initiation_interval)


@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [
        ("ring_builder_rings.sv", "{node0_1, ", "{node0_1 ^ 20'(index2 == 7'd50), "),
        ("ring_builder_rings_hottest.sv", "value1 > best", "value1 >= best"),
        ("ring_builder_rings.sv", "sweep2 <= 2'd3", "sweep2 <= 2'd0"),
    ],
    ids=["one bit of one ring", "of equal cells the last one", "sums that outlive a reset"],
)
def test_a_wrong_module_is_found_out(file: str, right: str, wrong: str, folder: Path, tmp_path: Path) -> None:
    for name in Design.load(folder).files:
        text = (folder / name).read_text()
        assert name != file or right in text
        (tmp_path / name).write_text(text.replace(right, wrong) if name == file else text)
    Design.load(folder).save(tmp_path)
    regions = _patterns(OPTIONS.cell, 24, np.random.default_rng(3))
    assert len(differences(_simulate(tmp_path, regions, OPTIONS), sum_rings(regions))) > 0


def test_verilator_and_yosys_take_it(folder: Path) -> None:
    lint(folder)
    design = Design.load(folder)
    assert verilator_lint(folder, design.name, design.files) == []
    found = synthesize([folder / file for file in design.files], design.name)
    assert (found["dsp"], found["bram"]) == (0, 2)
    assert 2000 < found["ff"] < 4000
    assert found["lut"] < 3500
    assert found["path_ns"] < 4


def test_the_package_says_what_the_design_says(folder: Path) -> None:
    text, design = (folder / "ring_builder_pkg.sv").read_text(), Design.load(folder)
    assert text.startswith(f"// L1ML {version('l1ml')}, ring_builder\n")  # there is no model of which it is made
    for name, value in {
        "LATENCY": design.latency,
        "II": design.initiation_interval,
        "IN_BEATS": design.in_beats,
    }.items():
        assert f"localparam int {name} = {value};" in text
    assert [t.bits for t in (*design.inputs, *design.outputs)] == [8 * 14, 100 * 20]


def test_cells_lie_in_the_stream_layer_by_layer_in_whole_words() -> None:
    stream = frames(np.arange(1, N_CELLS + 1)[None, :], REGION, OPTIONS)[0].reshape(-1, 8)
    assert len(stream) == 123
    # PS: columns of 4 rows; the last word has one column. EM2: columns of 15 rows in 16 places.
    assert stream[0].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert stream[7].tolist() == [57, 58, 59, 60, 0, 0, 0, 0]
    assert stream[8, 0] == 61
    assert stream[72:75].ravel().tolist() == [*range(573, 588), 0, *range(588, 596)]
    assert sorted(stream[stream > 0]) == list(range(1, N_CELLS + 1))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: RingBuilderOptions(lanes=12), "lanes of the ring builder: 12 is not one of 4, 8, 16"),
        (lambda: RingBuilderOptions(cell=FixedType(8, 8, signed=False)), r"ufixed<8,8> is not a signed type"),
        (lambda: frames(np.zeros((2, 900), np.int64), REGION, OPTIONS), r"shape \(2, 900\); give \(candidates, 957\)"),
        (lambda: frames(np.full((1, 957), 8192), REGION, OPTIONS), "do not fit fixed<14,18,RND,SAT>; quantize them"),
    ],
    ids=["lanes", "unsigned", "shape", "range"],
)
def test_mistakes_are_errors_that_say_how_to_mend_them(make: Callable[[], object], message: str) -> None:
    with pytest.raises(L1mlError, match=message):
        make()


def test_rings_leave_no_slower_than_words_come(tmp_path: Path) -> None:
    plans = [Plan(REGION, OPTIONS.cell, lanes) for lanes in LANES]
    assert [plan.parts for plan in plans] == [1, 1, 2]
    assert all(plan.rings <= plan.parts * plan.words for plan in plans)
    odd = [dataclasses.replace(grid, rings=grid.rings - (grid.name == "PS")) for grid in REGION]
    with pytest.raises(L1mlError, match="99 rings cannot leave 2 at a time"):
        write(tmp_path, odd, RingBuilderOptions(lanes=16))
