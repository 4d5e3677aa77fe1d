from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harstudio.gui.layout import LEFT_MARGIN, TimeScale, tick_step, tick_text, ticks


@given(st.floats(0, 1e5), st.floats(0.05, 1e5), st.floats(10, 4000), st.floats(-100, 5000))
def test_pixels_and_times_map_both_ways(
    start_s: float, span_s: float, width: float, x: float
) -> None:
    scale = TimeScale.across((start_s, start_s + span_s), width)
    assert scale.x(scale.time(x)) == pytest.approx(x, abs=1e-3)
    assert scale.x(start_s) == LEFT_MARGIN


@given(st.floats(0, 1e5), st.floats(0.05, 1e6), st.integers(2, 40))
def test_ticks_are_round_few_and_in_sight(start_s: float, span_s: float, most: int) -> None:
    step = tick_step(span_s, most)
    times = ticks(start_s, start_s + span_s, step)
    assert len(times) <= most + 1
    for time_s in times:
        assert start_s - 1e-6 * step <= time_s <= start_s + span_s + 1e-6 * step
        assert time_s / step == pytest.approx(round(time_s / step))


@pytest.mark.parametrize(
    ("time_s", "step_s", "text"),
    [
        (0.0, 1.0, "0:00"),
        (75.0, 5.0, "1:15"),
        (75.25, 0.05, "1:15.25"),
        (0.5, 0.1, "0:00.5"),
        (1.015, 0.005, "0:01.015"),
        (59.9999999, 0.1, "1:00.0"),
        (3725.0, 60.0, "1:02:05"),
    ],
)
def test_tick_texts_have_the_decimals_of_their_step(
    time_s: float, step_s: float, text: str
) -> None:
    assert tick_text(time_s, step_s) == text
