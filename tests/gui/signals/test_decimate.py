from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harstudio.gui.signals.decimate import Pyramid


def noise(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    return np.arange(count) / 100.0, np.random.default_rng(seed).standard_normal(count)


def test_few_samples_are_drawn_as_they_are() -> None:
    times, values = noise(500)
    drawn_times, drawn = Pyramid(times, values).polyline(0.0, 5.0, 800)
    np.testing.assert_array_equal(drawn_times, times)
    np.testing.assert_array_equal(drawn, values)


@given(
    st.integers(1, 20_000),
    st.floats(-5, 205),
    st.floats(0.01, 250),
    st.integers(10, 2000),
)
def test_however_far_out_the_line_is_short_and_reaches_every_extreme(
    count: int, start_s: float, width_s: float, pixels: int
) -> None:
    times, values = noise(count)
    drawn_times, drawn = Pyramid(times, values).polyline(start_s, start_s + width_s, pixels)
    inside = (times >= start_s) & (times <= start_s + width_s)
    assert len(drawn) <= 4 * pixels + 8
    assert (np.diff(drawn_times) >= 0).all()
    if inside.any():
        assert drawn.min() <= values[inside].min()
        assert drawn.max() >= values[inside].max()


def test_one_sample_of_a_million_is_still_seen() -> None:
    values = np.zeros(1_000_000)
    values[654_321] = 9.0
    times = np.arange(1_000_000) / 100.0
    drawn_times, drawn = Pyramid(times, values).polyline(0.0, 10_000.0, 1000)
    assert drawn.max() == 9.0
    assert drawn_times[np.argmax(drawn)] == pytest.approx(6543.21, abs=2 * 10.0)


def test_panning_by_whole_blocks_does_not_change_what_is_drawn() -> None:
    times, values = noise(50_000)
    pyramid = Pyramid(times, values)
    first = dict(zip(*pyramid.polyline(10.0, 210.0, 500), strict=True))
    second = dict(zip(*pyramid.polyline(10.37, 210.37, 500), strict=True))
    shared = sorted(set(first) & set(second))
    assert len(shared) > 500
    assert all(first[t] == second[t] for t in shared)


def test_a_gap_stays_a_gap_at_every_zoom() -> None:
    times, values = noise(40_000)
    values[10_000:20_000] = np.nan
    pyramid = Pyramid(times, values)
    for width_s in (5.0, 50.0, 300.0):
        middle = 150.0
        drawn_times, drawn = pyramid.polyline(middle - width_s / 2, middle + width_s / 2, 400)
        inside = (drawn_times > 102) & (drawn_times < 198)
        assert np.isnan(drawn[inside]).all()


def test_one_missing_sample_does_not_hide_its_block() -> None:
    times, values = noise(10_000)
    values[5000] = np.nan
    _, drawn = Pyramid(times, values).polyline(0.0, 100.0, 100)
    assert np.isfinite(drawn).all()


def test_extremes_are_of_all_or_of_a_stretch() -> None:
    values = np.zeros(2000)
    values[1500], values[100] = 7.0, -3.0
    pyramid = Pyramid(np.arange(2000) / 100.0, values)
    assert pyramid.extremes() == (-3.0, 7.0)
    assert pyramid.extremes((0.0, 5.0)) == (-3.0, 0.0)
    assert Pyramid(np.arange(3.0), np.full(3, np.nan)).extremes() is None


@given(st.integers(2, 5000), st.floats(-5, 60), st.floats(0.01, 80), st.integers(1, 300))
def test_each_column_of_pixels_spans_all_samples_in_it(
    count: int, start_s: float, width_s: float, pixels: int
) -> None:
    times, values = noise(count)
    low, high = Pyramid(times, values).columns(start_s, start_s + width_s, pixels)
    assert len(low) == len(high) == pixels
    inside = (times > start_s) & (times < start_s + width_s)
    if inside.any():
        assert np.nanmin(low) <= values[inside].min() + 1e-12
        assert np.nanmax(high) >= values[inside].max() - 1e-12
    drawn = np.isfinite(low)
    assert (low[drawn] <= high[drawn]).all()


def test_between_two_samples_the_columns_follow_the_straight_line() -> None:
    low, high = Pyramid(np.array([0.0, 10.0]), np.array([0.0, 10.0])).columns(0.0, 10.0, 10)
    np.testing.assert_allclose(low, np.arange(10))
    np.testing.assert_allclose(high, np.arange(10) + 1)


def test_beyond_the_signal_and_in_a_gap_there_is_no_line() -> None:
    times = np.arange(10.0)
    values = np.where((times > 3) & (times < 6), np.nan, 1.0)
    low, _ = Pyramid(times, values).columns(-5.5, 14.5, 20)
    assert np.flatnonzero(np.isfinite(low)).tolist() == [5, 6, 7, 8, 11, 12, 13, 14]


def test_a_spike_does_not_count_as_usual_but_a_wide_swing_does() -> None:
    times, values = noise(20_000)
    spiked = values.copy()
    spiked[777] = 500.0
    low, high = Pyramid(times, spiked).usual()
    assert high < 10.0
    assert low == values.min()
    swing = Pyramid(times, values)
    assert swing.usual() == swing.extremes()


def test_the_value_at_a_time_is_that_of_the_nearest_sample() -> None:
    curve = Pyramid(np.array([0.0, 1.0, 2.0]), np.array([5.0, 6.0, 7.0]))
    assert curve.at(1.4) == 6.0
    assert curve.at(1.6) == 7.0
    assert np.isnan(curve.at(2.1))
    assert np.isnan(curve.at(-0.1))
