"""Rings of cells: hottest cells, region of interest, sums."""

from __future__ import annotations

import numpy as np
import pytest

from l1ml.errors import L1mlError
from l1ml.triggers.electron_rings import data
from l1ml.triggers.electron_rings.calorimeter import EM2, LAYERS, PHI_UNIT, cell_centres, window_origin, window_shape
from l1ml.triggers.electron_rings.ring_builder import (
    N_CELLS,
    N_RINGS,
    REGION,
    ROI_ETA,
    ROI_PHI,
    Cells,
    Centres,
    cluster_et,
    hottest,
    region,
    region_cells,
    ring_numbers,
    rings,
    sum_rings,
)

N = 20
RNG = np.random.default_rng(7)
ETA, PHI = RNG.uniform(-2.4, 2.4, N), RNG.uniform(0, 2 * np.pi, N)


def _cells(rng: np.random.Generator | None) -> Cells:
    """Cells of noise, or of nothing."""
    shapes = [(N, *window_shape(layer)) for layer in LAYERS]
    et = [np.zeros(s, np.float32) if rng is None else rng.normal(0, 50, s).astype(np.float32) for s in shapes]
    return Cells(window_origin(ETA, PHI), tuple(et))


def _slow(cells: Cells, centres: Centres, candidate: int) -> list[float]:
    """The rings of one candidate, cell by cell from the definition."""
    sums = []
    for layer, et in zip(LAYERS, cells.et, strict=True):
        eta, phi = (positions[candidate] for positions in cell_centres(layer, cells.origin))
        inside = [
            (float(et[candidate, i, j]), i, j)
            for i in range(len(eta))
            for j in range(len(phi))
            if abs(eta[i] - centres.eta[candidate]) < ROI_ETA - 1e-6
            and abs(phi[j] - centres.phi[candidate]) < ROI_PHI - 1e-6
        ]
        _, column, row = max(inside)
        ring = [0.0] * layer.rings
        for value, i, j in inside:
            k = max(abs(i - column), abs(j - row))
            if k < layer.rings:
                ring[k] += value
        sums += ring
    return sums


def test_rings_are_those_of_the_definition() -> None:
    cells = _cells(np.random.default_rng(1))
    centres = hottest(cells, ETA, PHI)
    found = rings(cells, centres)
    assert found.shape == (N, N_RINGS) == (N, len(data.RINGS))
    assert found.dtype == np.float32
    for candidate in range(3):
        assert found[candidate] == pytest.approx(_slow(cells, centres, candidate), abs=0.05)


def test_names_of_rings_are_in_the_order_of_the_layers() -> None:
    assert [(layer.name.lower(), layer.rings) for layer in LAYERS] == list(data.LAYER_RINGS.items())
    assert [(s.start, s.stop) for s in data.layer_slices().values()][:3] == [(0, 8), (8, 72), (72, 80)]


def test_all_rings_together_hold_the_region_of_interest() -> None:
    cells = _cells(np.random.default_rng(2))
    centres = hottest(cells, ETA, PHI)
    found = rings(cells, centres)
    layers = zip(data.layer_slices().items(), LAYERS, REGION, cells.et, strict=True)
    for (name, columns), layer, grid, et in layers:
        inside = region(layer, cells.origin, centres)
        cut = et[inside].reshape(N, grid.columns, grid.rows)
        ring = ring_numbers(cut, grid.rings)
        assert np.where(ring >= 0, cut, 0).sum(axis=(1, 2)) == pytest.approx(found[:, columns].sum(axis=1), abs=0.1)
        lost = (ring < 0).sum(axis=(1, 2))
        # Four rings reach across the region; with more cells, what is far from a hottest cell at its side is lost.
        if name.startswith("had"):
            assert (lost == 0).all()


def test_region_of_interest_is_0_4_wide() -> None:
    cells = _cells(None)
    inside = [region(layer, cells.origin, hottest(cells, ETA, PHI)) for layer in LAYERS]
    # (columns, rows): all cells whose centre is less than 0.2 away; the hottest EM2 cell has 7 on each side.
    shapes = [tuple(int(side.any(axis=k).sum(axis=1).max()) for k in (2, 1)) for side in inside]
    assert shapes == [(15, 4), (128, 4), (15, 15), (8, 15), (4, 4), (4, 4), (2, 4)]
    assert shapes == [(grid.columns, grid.rows) for grid in REGION]
    assert [mask.sum(axis=(1, 2)).tolist() for mask in inside] == [[grid.cells] * N for grid in REGION]


def test_one_hot_cell_in_each_layer_is_ring_0() -> None:
    cells = _cells(None)
    centres = Centres(*(p[:, p.shape[1] // 2] for p in cell_centres(LAYERS[EM2], cells.origin)))
    for layer, et in zip(LAYERS, cells.et, strict=True):
        inside = region(layer, cells.origin, centres).reshape(N, -1)
        for candidate in range(N):
            et[candidate].flat[RNG.choice(np.flatnonzero(inside[candidate]))] = 1000.0
    found = rings(cells, centres)
    first = np.isin(np.arange(N_RINGS), [s.start for s in data.layer_slices().values()])
    assert (found[:, first] == 1000).all()
    assert (found[:, ~first] == 0).all()


def test_hottest_cell_is_found_near_the_direction_only() -> None:
    cells = _cells(None)
    eta, phi = cell_centres(LAYERS[EM2], cells.origin)
    for candidate in range(N):
        column = int(np.argmin(np.abs(eta[candidate] - ETA[candidate])))
        row = int(np.argmin(np.abs(phi[candidate] - PHI[candidate])))
        cells.et[EM2][candidate, column + 2, row - 1] = 500.0
        cells.et[EM2][candidate, column + 8, row] = 9000.0
    centres = hottest(cells, ETA, PHI)
    assert np.abs(centres.eta - ETA).max() < 0.1
    assert rings(cells, centres)[:, data.layer_slices()["em2"].start] == pytest.approx(9000.0)
    # A direction given in another turn is the same direction.
    assert np.array_equal(hottest(cells, ETA, PHI - 2 * np.pi).phi, centres.phi)
    assert cluster_et(cells, centres) == pytest.approx(500.0)


def test_nothing_and_negative_energies_are_added_as_they_are() -> None:
    cells = _cells(None)
    assert not rings(cells, hottest(cells, ETA, PHI)).any()
    eta, phi = cell_centres(LAYERS[EM2], cells.origin)
    middle = tuple(size // 2 for size in window_shape(LAYERS[EM2]))
    below = Cells(cells.origin, tuple(et - 1 for et in cells.et))
    below.et[EM2][:, middle[0], middle[1]] = -0.5
    found = rings(below, Centres(eta[:, middle[0]], phi[:, middle[1]]))
    assert (found <= 0).all()
    assert (found[:, data.layer_slices()["em2"]] == [-0.5, -8, -16, -24, -32, -40, -48, -56]).all()


def test_cluster_is_3_by_7_cells_of_em2() -> None:
    cells = _cells(None)
    for et in cells.et:
        et += 1
    # PS 3 × 2, EM1 32 × 2, EM2 3 × 7, EM3 2 × 7 cells, wherever the hottest one lies.
    assert (cluster_et(cells, hottest(cells, ETA, PHI)) == 6 + 64 + 21 + 14).all()


def test_missing_layer_is_an_error() -> None:
    cells = _cells(None)
    with pytest.raises(L1mlError, match="one array per layer"):
        Cells(cells.origin, cells.et[:-1])


def test_integers_are_summed_exactly() -> None:
    cells = _cells(np.random.default_rng(3))
    cut = region_cells(cells, hottest(cells, ETA, PHI))
    assert cut.shape == (N, N_CELLS) == (N, 957)
    whole = np.rint(cut).astype(np.int64)
    found = sum_rings(whole)
    assert found.dtype == np.int64
    assert (found == sum_rings(whole.astype(np.float64))).all()
    # Beyond what float64 can tell apart.
    cells_in_ring = sum_rings(whole + 1) - found
    assert (sum_rings(whole + (1 << 55)) == found + (cells_in_ring << 55)).all()


def test_of_equal_cells_the_first_in_eta_then_in_phi_is_the_centre() -> None:
    cut = np.zeros((1, N_CELLS), np.int64)
    em2 = slice(60 + 512, 60 + 512 + 225)
    cells = np.zeros((15, 15), np.int64)
    cells[3, 9] = cells[4, 2] = cells[3, 11] = 5
    cut[0, em2] = cells.ravel()
    assert sum_rings(cut)[0, data.layer_slices()["em2"]].tolist() == [5, 0, 5, 0, 0, 0, 0, 5]


def test_region_beyond_the_window_is_an_error() -> None:
    cells = _cells(None)
    eta, phi = (p[:, 0] for p in cell_centres(LAYERS[EM2], cells.origin))
    with pytest.raises(L1mlError, match="candidate 0 reaches beyond its window in PS"):
        rings(cells, Centres(eta, phi))
    with pytest.raises(L1mlError, match=r"shape \(3, 956\); give \(candidates, 957\)"):
        sum_rings(np.zeros((3, 956)))


def test_phi_of_the_region() -> None:
    assert pytest.approx(8 * PHI_UNIT) == ROI_PHI
