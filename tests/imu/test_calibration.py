"""Quantile maps: monotone, exact on what they were fitted to, and safe to read from a file."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harstudio.core.errors import HarstudioError
from harstudio.core.imu import ImuRecording
from harstudio.imu.calibration import QUANTILES, QuantileMap, channels_of, fit_quantile_map
from harstudio.imu.distribution import wasserstein

RNG = np.random.default_rng(0)
VIRTUAL, REAL = RNG.normal(0.0, 1.0, 5000), RNG.gamma(2.0, 3.0, 3000)


def fitted() -> QuantileMap:
    return fit_quantile_map({"wrist acc x": (VIRTUAL, REAL)}, ("s2", "s1", "s2"))


def test_the_mapped_values_are_spread_as_the_real_ones() -> None:
    after = fitted().values("wrist acc x", VIRTUAL)
    assert wasserstein(VIRTUAL, REAL) > 4.0
    assert wasserstein(after, REAL) < 0.02


def test_it_has_1001_quantiles_and_says_whose_they_are() -> None:
    found = fitted()
    assert found.virtual.shape == found.real.shape == (1, QUANTILES) == (1, 1001)
    assert found.subjects == ("s1", "s2")
    assert found.virtual[0, 500] == pytest.approx(np.median(VIRTUAL))


@given(st.lists(st.floats(-40, 40), min_size=2, max_size=20))
def test_it_never_turns_the_order_around(values: list[float]) -> None:
    ordered = np.sort(values)
    assert np.all(np.diff(fitted().values("wrist acc x", ordered)) >= -1e-12)


def test_beyond_what_it_knows_it_shifts() -> None:
    found = fitted()
    low, high = VIRTUAL.min(), VIRTUAL.max()
    mapped = found.values("wrist acc x", np.array([low - 2.0, high + 3.0]))
    assert mapped == pytest.approx([REAL.min() - 2.0, REAL.max() + 3.0])


def test_values_that_tie_share_one_image() -> None:
    clipped = np.minimum(VIRTUAL, 0.5)
    found = fit_quantile_map({"a acc x": (clipped, REAL)})
    once, twice = found.values("a acc x", np.array([0.5, 0.5]))
    assert once == twice
    assert np.all(np.diff(found.values("a acc x", np.linspace(-3, 3, 500))) >= 0)


def test_equal_distributions_are_left_as_they_are() -> None:
    found = fit_quantile_map({"a acc x": (VIRTUAL, VIRTUAL)})
    assert found.values("a acc x", VIRTUAL) == pytest.approx(VIRTUAL, abs=1e-12)


def test_a_recording_is_mapped_in_the_channels_that_are_known() -> None:
    acc, gyro = RNG.standard_normal((50, 2, 3)), RNG.standard_normal((50, 2, 3))
    recording = ImuRecording(np.arange(50) / 50.0, ("wrist", "head"), acc, gyro, kind="virtual")
    found = fit_quantile_map({"wrist gyro z": (VIRTUAL, VIRTUAL + 5.0)})
    after = found.applied(recording)
    assert np.array_equal(after.acc_mps2, acc)
    assert after.gyro_radps is not None
    assert np.allclose(after.gyro_radps[:, 0, 2], gyro[:, 0, 2] + 5.0)
    changed = np.argwhere(np.any(after.gyro_radps != gyro, axis=0))
    assert changed.tolist() == [[0, 2]]


def test_a_recording_of_other_sensors_is_refused() -> None:
    recording = ImuRecording(np.arange(5) / 50.0, ("foot",), np.zeros((5, 1, 3)))
    with pytest.raises(HarstudioError, match="no channel of foot"):
        fitted().applied(recording)
    with pytest.raises(HarstudioError, match="no channel 'foot acc x'"):
        fitted().values("foot acc x", VIRTUAL)


def test_a_hundred_values_are_the_least() -> None:
    with pytest.raises(HarstudioError, match="99 values of a acc x"):
        fit_quantile_map({"a acc x": (VIRTUAL[:99], REAL)})
    with pytest.raises(HarstudioError, match="no channel"):
        fit_quantile_map({})


def test_a_map_travels_through_json() -> None:
    found = fitted()
    again = QuantileMap.from_json(json.loads(json.dumps(found.to_json())))
    assert (again.channels, again.subjects) == (found.channels, found.subjects)
    assert np.array_equal(again.virtual, found.virtual)
    assert np.array_equal(again.real, found.real)


@pytest.mark.parametrize(
    "change",
    [
        {"format": "harstudio quantile map 2"},
        {"channels": "wrist acc x"},
        {"channels": ["a", "b"]},
        {"channels": []},
        {"subjects": [3]},
        {"virtual": [[3.0, 2.0, 1.0]], "real": [[0.0, 1.0, 2.0]]},
        {"virtual": [[0.0, 1.0]]},
        {"virtual": [[0.0, "one"]]},
        {"real": None},
        {"real": [[0.0, float("nan")]], "virtual": [[0.0, 1.0]]},
    ],
)
def test_what_is_no_map_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(HarstudioError):
        QuantileMap.from_json(fitted().to_json() | change)
    with pytest.raises(HarstudioError, match="format"):
        QuantileMap.from_json([change])


def test_channels_name_sensor_signal_and_axis() -> None:
    assert channels_of("head", "gyro") == ("head gyro x", "head gyro y", "head gyro z")
