"""Gain, -3 dB frequency and noise of each acceleration scheme, as published for 60 Hz."""

from __future__ import annotations

import numpy as np
import pytest

from harstudio.imu.response import response
from harstudio.imu.simulate import SimulationOptions

SCHEMES = [
    ({"acceleration": "eq3"}, (0.996, 0.977, 0.912, 0.811), 8.82),
    ({"acceleration": "eq3", "stride": 4}, (0.943, 0.684, 0.171, 0.0), 0.55),
    ({}, (1.0, 0.992, 0.898, 0.626), 3.33),
    ({"acceleration": "spline"}, (1.0, 1.0, 1.002, 1.01), 17.3),
]


@pytest.mark.parametrize(("options", "gains", "noise"), SCHEMES)
def test_gain_and_noise_at_60_hz_are_the_published_ones(options, gains, noise):
    found = response(SimulationOptions(**options), 60.0)
    assert [found.gain_at(f) for f in (2, 5, 10, 15)] == pytest.approx(gains, abs=4e-3)
    assert found.noise_per_mm == pytest.approx(noise, rel=5e-3)


def test_the_gain_is_minus_3_db_at_the_cutoff():
    for options, _, _ in SCHEMES[:3]:
        found = response(SimulationOptions(**options), 60.0)
        assert found.gain_at(found.cutoff_hz) == pytest.approx(np.sqrt(0.5), abs=1e-9)


def test_a_scheme_that_never_falls_has_its_cutoff_at_half_the_rate():
    assert response(SimulationOptions(acceleration="spline"), 60.0).cutoff_hz == pytest.approx(
        30.0, abs=0.1
    )


def test_butterworth_falls_off_at_about_its_cutoff():
    options = SimulationOptions(acceleration="butterworth", cutoff_hz=6.0)
    assert response(options, 120.0).cutoff_hz == pytest.approx(6.0, rel=0.05)
