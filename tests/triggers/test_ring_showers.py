"""Geometry of the calorimeter, and showers in it."""

from __future__ import annotations

import numpy as np
import pytest

from l1ml.triggers.electron_rings.calorimeter import (
    EM2,
    LAYERS,
    N_EM,
    N_SLABS,
    PHI_UNIT,
    cell_centres,
    distance_from_beam,
    fill,
    slab_edges,
    window_origin,
    window_shape,
)
from l1ml.triggers.electron_rings.showers import ELECTROMAGNETIC, HADRON, MUON, Particles, Spots, shower

ETAS = np.array([-2.4, -1.6, -1.47, -0.7, 0.0, 0.33, 1.2, 1.5, 2.1])


def _particles(kind: int, energy: float, n: int, eta: float = 0.3) -> Particles:
    each = np.arange(n)
    return Particles(
        np.full(n, kind, np.int8), np.full(n, energy), np.full(n, eta), np.full(n, 1.0), each.astype(np.int64)
    )


def _sums(spots: Spots, n: int) -> np.ndarray:
    """Energy in dead matter (first column) and in each layer, shape (n, 8)."""
    flat = spots.owner * 8 + spots.layer + 1
    return np.bincount(flat, weights=spots.energy, minlength=8 * n).reshape(n, 8)


def test_granularity_is_that_of_atlas() -> None:
    sizes = {layer.name: (layer.eta, layer.phi) for layer in LAYERS}
    for name, wanted in {
        "PS": (0.025, 0.1),
        "EM1": (0.003125, 0.1),
        "EM2": (0.025, 0.025),
        "EM3": (0.05, 0.025),
        "HAD1": (0.1, 0.1),
        "HAD2": (0.1, 0.1),
        "HAD3": (0.2, 0.1),
    }.items():
        assert sizes[name] == pytest.approx(wanted, rel=0.02)
    assert [layer.rings for layer in LAYERS] == [8, 64, 8, 8, 4, 4, 4]


def test_matter_grows_outwards_and_an_electron_ends_in_em2() -> None:
    x0, lam = slab_edges(ETAS)
    assert x0.shape == lam.shape == (len(ETAS), N_SLABS)
    assert (np.diff(x0, axis=1) > 0).all()
    assert (np.diff(lam, axis=1) > 0).all()
    assert np.array_equal(slab_edges(-ETAS)[0], x0)
    assert (x0[:, 3] > 22).all()  # behind EM2
    assert (lam[:, -1] > 7).all()  # jets are contained


def test_distance_from_beam_shrinks_in_the_endcap() -> None:
    distance = distance_from_beam(ETAS)
    assert (np.diff(distance, axis=1) > 0).all()
    assert (distance[[0, 8]] < distance[4]).all()
    assert distance[0, EM2] == pytest.approx(400 / np.sinh(2.4))


def test_cells_of_all_layers_begin_at_the_corner_of_a_window() -> None:
    rng = np.random.default_rng(0)
    eta, phi = rng.uniform(-2.4, 2.4, 100), rng.uniform(0, 2 * np.pi, 100)
    origin = window_origin(eta, phi)
    for layer in LAYERS:
        cell_eta, cell_phi = cell_centres(layer, origin)
        columns, rows = window_shape(layer)
        assert cell_eta.shape == (100, columns)
        assert cell_phi.shape == (100, rows)
        # On the grid of the whole detector, so that windows share cells.
        assert np.abs(np.mod(cell_eta / layer.eta, 1) - 0.5).max() < 1e-6
        assert np.abs(np.mod(cell_phi / layer.phi, 1) - 0.5).max() < 1e-6
        # The region of interest of any hottest cell within 0.1 is inside.
        assert (cell_eta[:, 0] - layer.eta / 2 <= eta - 0.3).all()
        assert (cell_eta[:, -1] + layer.eta / 2 >= eta + 0.3).all()
        assert (cell_phi[:, 0] - layer.phi / 2 <= phi - 0.28).all()
        assert (cell_phi[:, -1] + layer.phi / 2 >= phi + 0.28).all()


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_fill_puts_energy_into_the_cell_at_its_place(layer) -> None:
    origin = window_origin(np.array([0.0, 1.3]), np.array([0.0, 3.1]))
    eta, phi = cell_centres(layer, origin)
    shift = 0.4 * np.array([layer.eta, layer.phi])
    cells = fill(
        layer,
        origin,
        np.array([0, 1, 1, 1]),
        np.array([eta[0, 2] + shift[0], eta[1, 1], eta[1, 1] - shift[0], 9.0]),
        np.array([phi[0, 1] - shift[1] + 2 * np.pi, phi[1, 3] + shift[1], phi[1, 3], 0.0]),
        np.array([1.0, 2.0, 4.0, 8.0]),
    )
    assert cells.shape == (2, *window_shape(layer))
    assert cells[0, 2, 1] == 1.0
    assert cells[1, 1, 3] == 6.0
    assert cells.sum() == 7.0


@pytest.mark.parametrize("energy", [2.0, 40.0])
def test_electrons_keep_their_energy(energy: float) -> None:
    n = 200
    total = _sums(shower(_particles(ELECTROMAGNETIC, energy, n), np.random.default_rng(0)), n).sum(axis=1)
    sampling = 0.1 / np.sqrt(energy)
    assert total.mean() == pytest.approx(energy, rel=4 * sampling / np.sqrt(n))
    assert total.std() / energy == pytest.approx(sampling, rel=0.2)


def test_electrons_peak_later_at_higher_energy_and_stay_in_front_of_the_hadronic_layers() -> None:
    n = 100
    shares = []
    for energy in (10.0, 100.0):
        sums = _sums(shower(_particles(ELECTROMAGNETIC, energy, n), np.random.default_rng(0)), n)
        shares.append(sums[:, 1:].mean(axis=0) / energy)
        assert sums[:, 1 + N_EM :].sum() < 0.01 * sums.sum()
    assert shares[0][1] > shares[1][1] > 0.1  # EM1
    assert 0.4 < shares[0][EM2] < shares[1][EM2]


def test_electrons_are_narrow() -> None:
    spots = shower(_particles(ELECTROMAGNETIC, 40.0, 50), np.random.default_rng(0))
    for layer, size, least in ((1, 0.025, 0.9), (EM2, 0.0375, 0.85)):
        here = spots.layer == layer
        near = (np.abs(spots.eta - 0.3) < size) & (np.abs(spots.phi - 1.0) < size)
        assert spots.energy[here & near].sum() / spots.energy[here].sum() > least
        assert np.average(spots.eta[here], weights=spots.energy[here]) == pytest.approx(0.3, abs=0.002)


def test_hadrons_reach_the_hadronic_layers_and_fluctuate() -> None:
    n = 400
    sums = _sums(shower(_particles(HADRON, 40.0, n), np.random.default_rng(0)), n)
    seen = sums[:, 1:].sum(axis=1)
    assert 0.5 < seen.mean() / 40 < 0.9
    assert sums.sum(axis=1).mean() < 40  # part of the hadronic energy is never seen
    assert sums[:, 1 + N_EM :].sum() / seen.sum() > 0.4
    electron = _sums(shower(_particles(ELECTROMAGNETIC, 40.0, n), np.random.default_rng(0)), n)
    assert seen.std() > 4 * electron[:, 1:].sum(axis=1).std()


def test_muons_only_ionise() -> None:
    n = 50
    sums = _sums(shower(_particles(MUON, 40.0, n), np.random.default_rng(0)), n)
    assert (sums.sum(axis=1) < 5).all()
    assert (sums[:, 1 + N_EM :].sum(axis=1) > 0.5).all()


def test_coarse_spots_keep_the_mean() -> None:
    fine, coarse = (
        shower(_particles(ELECTROMAGNETIC, 20.0, 200), np.random.default_rng(0), coarse=factor) for factor in (1, 8)
    )
    assert len(fine.energy) > 6 * len(coarse.energy)
    assert coarse.energy.sum() == pytest.approx(fine.energy.sum(), rel=0.03)


def test_soft_and_no_particles_are_harmless() -> None:
    for particles in (_particles(HADRON, 0.01, 5), _particles(ELECTROMAGNETIC, 0.0, 3), _particles(HADRON, 1.0, 0)):
        assert len(shower(particles, np.random.default_rng(0)).energy) == 0
    for kind in (ELECTROMAGNETIC, HADRON, MUON):
        spots = shower(_particles(kind, 0.06, 300), np.random.default_rng(0))
        assert all(np.isfinite(values).all() for values in (spots.eta, spots.phi, spots.energy))
        assert spots.energy.sum() <= 300 * 0.06 * 1.2


def test_depends_on_the_seed_alone() -> None:
    first, again, other = (shower(_particles(HADRON, 30.0, 5), np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first.energy, again.energy)
    assert np.array_equal(first.eta, again.eta)
    assert len(first.energy) != len(other.energy)


def test_phi_unit_divides_the_circle() -> None:
    assert pytest.approx(2 * np.pi) == 256 * PHI_UNIT
