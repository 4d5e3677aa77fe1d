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
