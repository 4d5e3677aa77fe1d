"""Distances of distributions, and histograms on common bins."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from harstudio.core.errors import HarstudioError
from harstudio.imu.distribution import histograms, wasserstein

samples = st.integers(1, 30).flatmap(
    lambda n: arrays(np.float64, n, elements=st.floats(-50, 50, allow_subnormal=False))
)


@given(samples, samples)
def test_it_is_scipys_distance(left: np.ndarray, right: np.ndarray) -> None:
    expected = stats.wasserstein_distance(left, right)
    assert wasserstein(left, right) == pytest.approx(expected, abs=1e-9)


@given(samples, st.floats(-20, 20))
def test_a_shift_costs_what_it_is(values: np.ndarray, shift: float) -> None:
    assert wasserstein(values, values + shift) == pytest.approx(abs(shift), abs=1e-9)


def test_the_order_in_time_is_of_no_account() -> None:
    values = np.random.default_rng(0).standard_normal(100)
    assert wasserstein(values, values[::-1]) == 0.0


def test_nothing_has_no_distribution() -> None:
    with pytest.raises(HarstudioError, match="empty"):
        wasserstein(np.empty(0), np.ones(3))
    with pytest.raises(HarstudioError, match="real has no finite value"):
        histograms({"virtual": np.ones(3), "real": np.full(4, np.nan)})


def test_histograms_share_their_bins_and_integrate_to_what_they_show() -> None:
    rng = np.random.default_rng(1)
    found = histograms({"a": rng.normal(0, 1, 50_000), "b": rng.normal(3, 2, 20_000)})
    width = np.diff(found.edges)
    for density in found.densities.values():
        assert np.sum(density * width) == pytest.approx(1.0, abs=3e-3)
    middles = found.edges[:-1] + width / 2
    assert np.sum(middles * found.densities["b"] * width) == pytest.approx(3.0, abs=0.05)


def test_a_constant_still_has_a_bin() -> None:
    found = histograms({"a": np.full(10, 4.0)})
    assert found.edges[0] < 4.0 < found.edges[-1]
