"""Jet features against loops, closed forms and symmetries."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from l1ml.triggers.jet_tagger.data import FEATURES
from l1ml.triggers.jet_tagger.features import (
    MAX_CONSTITUENTS,
    correlators,
    four_momenta,
    invariant_mass,
    jet_features,
)


def _jet(n: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    pt = rng.exponential(20.0, n) + 0.1
    # φ around π, where a jet straddles the seam of the azimuth.
    return four_momenta(pt, rng.normal(0.5, 0.2, n), np.pi + rng.normal(0.0, 0.2, n), rng.uniform(0, 1, n))


def _by_name(whole: np.ndarray, core: np.ndarray | None = None) -> dict[str, float]:
    values = jet_features(whole, whole if core is None else core)
    return dict(zip(FEATURES, values.tolist(), strict=True))


def _brute_force(p4: np.ndarray) -> dict[str, float]:
    """The definitions, one constituent at a time."""
    pt = np.hypot(p4[:, 0], p4[:, 1])
    z = pt / pt.sum()
    y = 0.5 * np.log((p4[:, 3] + p4[:, 2]) / (p4[:, 3] - p4[:, 2]))
    phi = np.arctan2(p4[:, 1], p4[:, 0])

    def angle(i: int, j: int) -> float:
        d_phi = (phi[i] - phi[j] + np.pi) % (2 * np.pi) - np.pi
        return float(np.hypot(y[i] - y[j], d_phi))

    n = range(len(p4))
    e2 = {b: sum(z[i] * z[j] * angle(i, j) ** b for i, j in combinations(n, 2)) for b in (0, 1, 2)}
    sums = {(v, b): 0.0 for v in (1, 2, 3) for b in (1, 2)}
    for i, j, k in combinations(n, 3):
        angles = sorted([angle(i, j), angle(i, k), angle(j, k)])
        for v, b in sums:
            sums[v, b] += z[i] * z[j] * z[k] * float(np.prod(angles[:v])) ** b
    expected = {"c1_b0_mmdt": e2[0], "d2_a1_b1_mmdt": sums[3, 1] / e2[1] ** 3}
    expected["d2_a1_b2_mmdt"] = sums[3, 1] / e2[2] ** 1.5
    for b in (1, 2):
        expected[f"c1_b{b}_mmdt"] = e2[b]
        expected[f"c2_b{b}_mmdt"] = sums[3, b] / e2[b] ** 2
        expected[f"d2_b{b}_mmdt"] = sums[3, b] / e2[b] ** 3
        expected[f"m2_b{b}_mmdt"] = sums[1, b] / e2[b]
        expected[f"n2_b{b}_mmdt"] = sums[2, b] / e2[b] ** 2
    x = p4[:, 3] / p4[:, 3].sum()
    expected["zlogz"] = float((x * np.log(x)).sum())
    total = p4.sum(axis=0)
    expected["mass_mmdt"] = float(np.sqrt(total[3] ** 2 - (total[:3] ** 2).sum()))
    expected["multiplicity"] = len(p4)
    return expected


@pytest.mark.parametrize("n", [3, 4, 7, 20])
def test_features_equal_brute_force(n: int) -> None:
    jet = _jet(n, seed=n)
    expected = _brute_force(jet)
    np.testing.assert_allclose(jet_features(jet, jet), [expected[name] for name in FEATURES], rtol=2e-6)


def test_two_prongs_in_closed_form() -> None:
    z, r, pt = 0.3, 0.25, 1000.0
    jet = four_momenta(np.array([z * pt, (1 - z) * pt]), np.array([0.0, r]), np.zeros(2))
    got = _by_name(jet)
    assert got["c1_b0_mmdt"] == pytest.approx(z * (1 - z))
    assert got["c1_b1_mmdt"] == pytest.approx(z * (1 - z) * r)
    assert got["c1_b2_mmdt"] == pytest.approx(z * (1 - z) * r**2)
    # m² = 2 pT1 pT2 (cosh Δη - cos Δφ) for massless prongs
    assert got["mass_mmdt"] == pytest.approx(pt * np.sqrt(2 * z * (1 - z) * (np.cosh(r) - 1)), rel=1e-6)
    assert got["multiplicity"] == 2
    for name in FEATURES:
        if name[:2] in ("c2", "d2", "m2", "n2"):
            assert got[name] == 0.0


def test_equilateral_three_prongs_in_closed_form() -> None:
    r = 0.2
    eta, phi = np.array([0.0, r, r / 2]), np.array([0.0, 0.0, r * np.sqrt(3) / 2])
    c = correlators(four_momenta(np.full(3, 50.0), eta, phi))
    for b in (1, 2):
        assert c.e2[b] == pytest.approx(r**b / 3)
        assert c.one_e3[b] == pytest.approx(r**b / 27)
        assert c.two_e3[b] == pytest.approx(r ** (2 * b) / 27)
        assert c.e3[b] == pytest.approx(r ** (3 * b) / 27)


def test_single_constituent_has_zero_correlators() -> None:
    got = _by_name(four_momenta(np.array([100.0]), np.array([0.3]), np.array([1.0])))
    assert got.pop("multiplicity") == 1
    assert got.pop("mass_mmdt") == pytest.approx(0, abs=1e-4)
    assert set(got.values()) == {0.0}


def test_coincident_constituents_give_finite_ratios() -> None:
    jet = np.repeat(four_momenta(np.array([10.0]), np.array([0.1]), np.array([0.2])), 4, axis=0)
    assert np.isfinite(jet_features(jet, jet)).all()


def test_whole_jet_gives_zlogz_and_multiplicity_only() -> None:
    whole, core = _jet(12), _jet(12)[:5]
    got, groomed = _by_name(whole, core), _by_name(core)
    for name in FEATURES:
        if name in ("zlogz", "multiplicity"):
            assert got[name] == _by_name(whole)[name]
        else:
            assert got[name] == groomed[name]


@settings(deadline=None, max_examples=30)
@given(n=st.integers(3, 15), seed=st.integers(0, 2**32 - 1), angle=st.floats(0, 6.3), boost=st.floats(-1, 1))
def test_invariant_under_order_rotation_boost_and_scale(n: int, seed: int, angle: float, boost: float) -> None:
    jet = _jet(n, seed)
    expected = _by_name(jet)
    cos, sin = np.cos(angle), np.sin(angle)
    rotation = np.array([[cos, -sin, 0, 0], [sin, cos, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    boosting = np.eye(4)
    boosting[2:, 2:] = [[np.cosh(boost), np.sinh(boost)], [np.sinh(boost), np.cosh(boost)]]
    permuted = np.random.default_rng(seed).permutation(jet)
    for moved, scale, without in (
        (permuted, 1.0, ()),
        (jet @ rotation.T, 1.0, ()),
        (jet * 2.5, 2.5, ()),
        # Energy fractions, unlike those of pT, are not invariant along the beam.
        (jet @ boosting.T, 1.0, ("zlogz",)),
    ):
        got = _by_name(moved)
        for name in set(FEATURES) - set(without):
            factor = scale if name == "mass_mmdt" else 1.0
            assert got[name] == pytest.approx(factor * expected[name], rel=1e-4), name


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0.01, 0.99))
def test_infrared_and_collinear_safe(seed: int, share: float) -> None:
    jet = _jet(10, seed)
    split = np.concatenate([jet[1:], jet[:1] * share, jet[:1] * (1 - share)])
    soft = np.concatenate([jet, jet[:1] * 1e-9])
    # Counting, entropy and zero powers of angles see a collinear split.
    unsafe = {"multiplicity", "zlogz", "c1_b0_mmdt"}
    expected = _by_name(jet)
    for changed, skip in ((split, unsafe), (soft, {"multiplicity"})):
        got = _by_name(changed)
        for name in set(FEATURES) - skip:
            assert got[name] == pytest.approx(expected[name], rel=1e-4), name


def test_correlators_take_the_leading_constituents() -> None:
    jet = _jet(MAX_CONSTITUENTS + 50)
    leading = jet[np.argsort(-np.hypot(jet[:, 0], jet[:, 1]))[:MAX_CONSTITUENTS]]
    got, expected = correlators(jet), correlators(leading)
    assert got.e3[1] == pytest.approx(expected.e3[1])
    assert got.e2[2] == pytest.approx(expected.e2[2])
    assert jet_features(jet, jet)[-1] == MAX_CONSTITUENTS + 50


@pytest.mark.parametrize("shape", [(0, 4), (3, 3), (4,)])
def test_rejects_wrong_shapes(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="expected"):
        jet_features(np.ones(shape), np.ones((1, 4)))


def test_mass_of_rounding_noise_is_zero() -> None:
    assert invariant_mass(np.array([[1.0, 0.0, 0.0, 1.0 - 1e-16]])) == 0.0


@pytest.mark.parametrize("n", [3, 25])
def test_correlators_equal_fastjet_contrib(n: int) -> None:
    fastjet = pytest.importorskip("fastjet", reason="needs the extra l1ml[generate]")
    ak = pytest.importorskip("awkward")
    jet = _jet(n)
    event = ak.Array([[dict(zip(("px", "py", "pz", "E"), row, strict=True)) for row in jet.tolist()]])
    clusters = fastjet.ClusterSequence(event, fastjet.JetDefinition(fastjet.cambridge_algorithm, 10.0))

    def contrib(**options: object) -> float:
        return clusters.exclusive_jets_energy_correlator(njets=1, **options).to_list()[0]

    expected = {"c1_b0_mmdt": contrib(func="cseries", npoint=1, beta=0.0)}
    for b in (1, 2):
        beta = float(b)
        expected[f"c1_b{b}_mmdt"] = contrib(func="cseries", npoint=1, beta=beta)
        expected[f"c2_b{b}_mmdt"] = contrib(func="cseries", npoint=2, beta=beta)
        expected[f"m2_b{b}_mmdt"] = contrib(func="mseries", npoint=2, beta=beta)
        expected[f"n2_b{b}_mmdt"] = contrib(func="nseries", npoint=2, beta=beta)
        expected[f"d2_b{b}_mmdt"] = contrib(func="d2", beta=beta)
        expected[f"d2_a1_b{b}_mmdt"] = contrib(func="generalizedd2", alpha=1.0, beta=beta)
    got = _by_name(jet)
    assert len(expected) == 13
    for name, value in expected.items():
        assert got[name] == pytest.approx(value, rel=1e-5), name
