"""The residual lag, finer than a sample, and when there is none to be found."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harstudio.imu.lag import residual_lag

RATE_HZ = 60.0


def moving(times_s: np.ndarray) -> np.ndarray:
    """A smooth motion that does not repeat: sines up to 6 Hz."""
    rng = np.random.default_rng(3)
    hz, phase = rng.uniform(0.3, 6.0, (12, 3)), rng.uniform(0, 6, (12, 3))
    return np.sin(2 * np.pi * hz[None] * times_s[:, None, None] + phase[None]).sum(axis=1)


T = np.arange(900) / RATE_HZ
EVERYTHING = np.ones(900, dtype=bool)


@given(st.floats(-0.2, 0.2))
def test_a_delay_is_found_to_a_tenth_of_a_millisecond(delay_s: float) -> None:
    found = residual_lag(moving(T), moving(T - delay_s), EVERYTHING, RATE_HZ)
    assert found == pytest.approx(delay_s, abs=1e-4)


def test_offset_scale_and_noise_do_not_move_it() -> None:
    noise = 0.3 * np.random.default_rng(0).standard_normal((900, 3))
    found = residual_lag(moving(T), 2.0 * moving(T - 0.01) + 9.8 + noise, EVERYTHING, RATE_HZ)
    assert found == pytest.approx(0.01, abs=5e-4)


def test_what_is_masked_has_no_say() -> None:
    real, valid = moving(T - 0.02), EVERYTHING.copy()
    valid[300:420] = False
    real[300:420] = np.nan
    virtual = moving(T)
    virtual[330:400] = 1e9
    assert residual_lag(virtual, real, valid, RATE_HZ) == pytest.approx(0.02, abs=2e-4)


def test_a_lag_beyond_the_range_is_not_made_up() -> None:
    slow = np.sin(2 * np.pi * 0.05 * T)[:, None] * np.ones(3)
    later = np.sin(2 * np.pi * 0.05 * (T - 2.0))[:, None] * np.ones(3)
    assert np.isnan(residual_lag(slow, later, EVERYTHING, RATE_HZ))


def test_a_constant_signal_has_no_lag() -> None:
    assert np.isnan(residual_lag(moving(T), np.ones((900, 3)), EVERYTHING, RATE_HZ))


def test_fewer_than_sixteen_samples_have_no_lag() -> None:
    few = EVERYTHING.copy()
    few[15:] = False
    assert np.isnan(residual_lag(moving(T), moving(T), few, RATE_HZ))
    some = EVERYTHING.copy()
    some[120:] = False
    assert residual_lag(moving(T), moving(T), some, RATE_HZ) == pytest.approx(0.0, abs=1e-4)
