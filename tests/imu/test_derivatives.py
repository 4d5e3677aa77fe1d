"""Weights and windows of the derivative schemes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import savgol_coeffs

from harstudio.core import rotations as rot
from harstudio.imu import derivatives as d


@given(st.integers(2, 15), st.integers(1, 2))
def test_central_weights_are_those_of_savitzky_and_golay(half, derivative):
    ours = d.polynomial_weights(-half, half, 4, derivative)
    theirs = savgol_coeffs(2 * half + 1, 4, deriv=derivative, use="dot")
    assert np.abs(ours - theirs).max() <= 1e-9


@given(st.integers(-12, 0), st.integers(4, 12), st.integers(1, 2), st.integers(0, 4))
def test_weights_differentiate_every_power_up_to_their_degree(first, span, derivative, power):
    offsets = np.arange(first, first + span + 1, dtype=float)
    weights = d.polynomial_weights(first, first + span, 4, derivative)
    expected = {(1, 1): 1.0, (2, 2): 2.0}.get((derivative, power), 0.0)
    scale = max(1.0, np.abs(offsets).max()) ** power
    assert weights @ offsets**power == pytest.approx(expected, abs=1e-11 * scale)


@pytest.mark.parametrize(
    ("rate", "samples"), [(20.0, 5), (59.0, 7), (60.0, 7), (100.0, 11), (120.0, 13), (250.0, 25)]
)
def test_a_tenth_of_a_second_holds_this_many_samples(rate, samples):
    assert 2 * d.half_window(rate, 0.1, 1000) + 1 == samples


def test_the_window_shrinks_to_a_short_clip():
    assert d.half_window(250.0, 0.1, 9) == 4
    assert d.half_window(250.0, 0.1, 5) == 2


@given(st.integers(5, 40), st.lists(st.floats(-2, 2), min_size=5, max_size=5))
def test_savgol_is_exact_on_a_quartic_up_to_the_very_ends(frames, coefficients):
    t = np.arange(frames) / 100.0
    c = coefficients
    path = sum(c[k] * t**k for k in range(5))
    truth = 2 * c[2] + 6 * c[3] * t + 12 * c[4] * t**2
    found, touched = d.acceleration_savgol(path, 100.0)
    assert np.abs(found - truth).max() <= 1e-7
    assert touched == d.half_window(100.0, 0.1, frames)


@given(st.integers(5, 40), st.integers(2, 8))
def test_angular_velocity_of_a_steady_turn_is_exact_up_to_the_very_ends(frames, half):
    t = np.arange(frames) / 100.0
    turning = rot.exp(t[:, None, None] * np.array([[1.0, -2.0, 3.0], [0.0, 0.0, -20.0]]))
    found, touched = d.angular_velocity_log(turning, 100.0, half)
    assert np.abs(found - [[1.0, -2.0, 3.0], [0.0, 0.0, -20.0]]).max() <= 1e-9
    assert touched == min(half, (frames - 1) // 2)


def test_angular_velocity_of_a_long_motion_does_not_depend_on_the_blocks():
    steps = 0.02 * np.random.default_rng(0).standard_normal((5000, 3, 3)).cumsum(axis=0)
    turning = rot.exp(steps)
    whole, _ = d.angular_velocity_log(turning, 60.0)
    for start in (0, 1355, 1365, 4000):  # a block of 3 sensors holds 1365 frames
        part, touched = d.angular_velocity_log(turning[start : start + 40], 60.0)
        inner = slice(touched, 40 - touched)
        assert np.abs(part[inner] - whole[start : start + 40][inner]).max() <= 1e-12


def test_the_five_point_formula_has_its_textbook_weights():
    expected = np.array([1, -8, 0, 8, -1]) / 12
    assert np.abs(d.polynomial_weights(-2, 2, 4, 1) - expected).max() <= 1e-14


@pytest.mark.parametrize("frames", [5, 6, 7, 12])
def test_every_scheme_takes_the_shortest_clips(frames):
    path = np.linspace(0.0, 1.0, frames)[:, None] ** 2 * np.ones(3)
    for found, touched in (
        d.acceleration_eq3(path, 60.0, 4),
        d.acceleration_spline(path, 60.0),
        d.acceleration_butterworth(path, 60.0),
        d.acceleration_savgol(path, 60.0),
    ):
        assert np.isfinite(found).all()
        assert 1 <= touched <= (frames - 1) // 2
