"""From measured objects to the integers of the hardware."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from l1ml.errors import L1mlError
from l1ml.triggers.anomaly_vae.hardware_objects import (
    HIGHEST,
    INPUTS,
    LOWEST,
    OBJECTS,
    check_hardware,
    kind_slices,
    to_hardware,
)


def _event(**objects: tuple[float, float, float]) -> np.ndarray:
    """One event with the named objects."""
    event = np.zeros((1, 19, 3))
    for name, values in objects.items():
        event[0, OBJECTS.index(name)] = values
    return event


def _converted(**objects: tuple[float, float, float]) -> dict[str, list[int]]:
    row = to_hardware(_event(**objects))[0].reshape(19, 3)
    return {name: row[place].tolist() for place, name in enumerate(OBJECTS) if row[place].any()}


def test_definition() -> None:
    assert len(OBJECTS) == 19
    assert len(INPUTS) == len(LOWEST) == len(HIGHEST) == 57
    assert INPUTS[:4] == ("met_pt", "met_eta", "met_phi", "eg_0_pt")
    assert INPUTS[-1] == "jet_9_phi"
    assert kind_slices() == {"met": slice(0, 1), "eg": slice(1, 5), "mu": slice(5, 9), "jet": slice(9, 19)}
    limits = {name: (low, high) for name, low, high in zip(INPUTS, LOWEST.tolist(), HIGHEST.tolist(), strict=True)}
    assert limits["met_pt"] == (0, 4095)
    assert limits["met_eta"] == (0, 0)
    assert limits["eg_3_eta"] == (-128, 127)
    assert limits["mu_0_phi"] == (0, 575)
    assert limits["jet_9_pt"] == (0, 2047)


def test_values_become_numbers_of_bins() -> None:
    found = _converted(
        met=(20.7, 0.0, -0.01), eg_0=(10.0, 0.05, 0.05), mu_0=(3.4, -0.001, 6.28), jet_0=(30.0, -2.0, np.pi)
    )
    assert found == {"met": [41, 0, 143], "eg_0": [20, 1, 1], "mu_0": [6, -1, 575], "jet_0": [60, -46, 72]}


def test_pt_saturates() -> None:
    found = _converted(met=(1e4, 0, 0), eg_0=(1e4, 0, 0), mu_0=(1e4, 0, 0), jet_0=(1e4, 0, 0))
    assert found == {"met": [4095, 0, 0], "eg_0": [511, 0, 0], "mu_0": [511, 0, 0], "jet_0": [2047, 0, 0]}


def test_objects_are_put_in_order_and_soft_ones_vanish() -> None:
    found = _converted(eg_0=(0.4, 1.0, 1.0), eg_1=(5.0, 0.1, 0.0), eg_3=(9.0, 0.2, 0.0))
    assert found == {"eg_0": [18, 4, 0], "eg_1": [10, 2, 0]}


def test_an_event_without_objects_is_all_zeros() -> None:
    assert not to_hardware(np.zeros((2, 19, 3))).any()
    assert not check_hardware(np.zeros((2, 57))).any()
    assert to_hardware(np.zeros((0, 19, 3))).shape == (0, 57)


def test_eta_of_met_is_not_looked_at() -> None:
    assert _converted(met=(5.0, 77.0, 0.0)) == {"met": [10, 0, 0]}


@given(st.floats(0, 1e5), st.floats(-2.7, 2.7), st.floats(-np.pi, 2 * np.pi))
def test_every_measured_value_fits_the_hardware(pt: float, eta: float, phi: float) -> None:
    event = np.tile(np.array([pt, eta, phi]), (1, 19, 1))
    found = to_hardware(event)
    assert np.array_equal(check_hardware(found), found)
    for name, steps in (("jet", 144), ("mu", 576)):
        row = found[0].reshape(19, 3)[kind_slices()[name]][0]
        if row[0]:
            turned = np.mod(phi - row[2] * 2 * np.pi / steps + 1e-9, 2 * np.pi)
            assert turned < 2 * np.pi / steps + 2e-9


@pytest.mark.parametrize(
    ("objects", "message"),
    [
        (np.zeros((2, 18, 3)), r"shape \(2, 18, 3\); give one of \(n, 19, 3\)"),
        (np.zeros((2, 57)), r"shape \(2, 57\)"),
        (np.full((1, 19, 3), "a"), "type <U1; give numbers"),
        (_event(jet_2=(np.nan, 0, 0)), "pt of jet_2 of event 0 is nan"),
        (_event(mu_1=(5, np.inf, 0)), "eta of mu_1 of event 0 is inf"),
        (_event(eg_0=(-1, 0, 0)), "pt of eg_0 of event 0 is -1"),
        (_event(met=(5, 0, 6.4)), r"phi of met of event 0 is 6\.4; φ is -π to 2π"),
        (_event(met=(5, 0, -3.2)), r"phi of met of event 0 is -3\.2"),
        (_event(jet_0=(9, 0, 0), jet_1=(5, 5.7, 0)), r"η of jet 1 of event 0 is 5\.7; give -5\.57 to 5\.57"),
        (_event(mu_0=(5, -2.9, 0)), r"η of mu 0 of event 0 is -2\.9; give -2\.78 to 2\.78"),
    ],
)
def test_refused_measurements(objects: np.ndarray, message: str) -> None:
    with pytest.raises(L1mlError, match=message) as caught:
        to_hardware(objects)
    assert "\n" not in str(caught.value)


def test_integers_of_any_type_and_shape_are_taken() -> None:
    for values in (np.zeros((2, 57), np.int64), np.zeros((2, 19, 3), np.uint8), np.ones((2, 57)) * (HIGHEST > 0)):
        found = check_hardware(values)
        assert found.shape == (2, 57)
        assert found.dtype == np.int16


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("eg_0_pt", 512, "eg_0_pt of event 1 is 512; give 0 to 511"),
        ("jet_0_pt", -1, "jet_0_pt of event 1 is -1; give 0 to 2047"),
        ("met_eta", 1, "met_eta of event 1 is 1; give 0 to 0"),
        ("met_phi", 144, "met_phi of event 1 is 144; give 0 to 143"),
        ("mu_3_phi", 576, "mu_3_phi of event 1 is 576; give 0 to 575"),
        ("jet_9_eta", -129, "jet_9_eta of event 1 is -129; give -128 to 127"),
        ("jet_9_eta", 0.5, r"jet_9_eta of event 1 is 0\.5; give whole numbers"),
        ("jet_9_eta", np.nan, "jet_9_eta of event 1 is nan; give whole numbers"),
        ("jet_9_pt", np.inf, "jet_9_pt of event 1 is inf; give whole numbers"),
    ],
)
def test_integers_that_no_trigger_sends(column: str, value: float, message: str) -> None:
    values = np.zeros((2, 57))
    values[1, INPUTS.index(column)] = value
    with pytest.raises(L1mlError, match=message):
        check_hardware(values)


@pytest.mark.parametrize("shape", [(57,), (2, 56), (2, 19, 4), (2, 20, 3)])
def test_integers_of_another_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(L1mlError, match=r"hardware objects have shape .*; give one of \(n, 57\) or \(n, 19, 3\)"):
        check_hardware(np.zeros(shape, np.int16))
