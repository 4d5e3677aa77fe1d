"""One clock for motions and recordings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harstudio.core.errors import HarstudioError
from harstudio.core.timebase import Alignment, clip_time, clock_text, frame_at, recording_time

alignments = st.builds(Alignment, offset_s=st.floats(-1000, 1000), drift_ppm=st.floats(-5000, 5000))


@given(alignments, st.floats(-1e4, 1e4))
def test_the_two_clocks_are_each_others_inverse(alignment, time_s):
    assert recording_time(alignment, clip_time(alignment, time_s)) == pytest.approx(
        time_s, abs=1e-8
    )
    assert clip_time(alignment, recording_time(alignment, time_s)) == pytest.approx(
        time_s, abs=1e-8
    )


@given(alignments)
def test_arrays_of_times_map_as_single_times_do(alignment):
    times_s = np.array([-1.0, 0.0, 2.5])
    mapped = clip_time(alignment, times_s)
    assert mapped.tolist() == [clip_time(alignment, float(t)) for t in times_s]
    assert np.all(np.diff(mapped) > 0)


def test_offset_and_drift_mean_what_they_say():
    alignment = Alignment(offset_s=2.0, drift_ppm=200.0)
    assert clip_time(alignment, 0.0) == 2.0
    assert clip_time(alignment, 1000.0) == pytest.approx(1002.2)
    assert recording_time(alignment, 2.0) == 0.0


@pytest.mark.parametrize(
    "bad", [{"offset_s": np.nan}, {"offset_s": np.inf}, {"drift_ppm": 1e5}, {"drift_ppm": np.nan}]
)
def test_absurd_alignments_are_refused(bad):
    with pytest.raises(HarstudioError, match=r"offset|drift"):
        Alignment(**bad)


def test_a_sensor_without_a_known_mounting_sits_straight():
    turned = (0.0, 1.0, 0.0, 0.0)
    alignment = Alignment(mounting_wxyz=(("head", turned),))
    assert alignment.mounting("head") == turned
    assert alignment.mounting("left_wrist") == (1.0, 0.0, 0.0, 0.0)


@given(st.integers(0, 10_000), st.sampled_from([25.0, 59.94, 60.0, 100.0, 120.00004577, 250.0]))
def test_the_frame_at_a_frames_own_time_is_that_frame(frame, rate_hz):
    assert frame_at(frame / rate_hz, rate_hz, 10_001) == frame


@pytest.mark.parametrize(
    ("time_s", "frame"), [(-1.0, 0), (0.0, 0), (0.0999, 0), (0.1, 1), (0.95, 9), (99.0, 9)]
)
def test_a_frame_shows_until_the_next_and_the_ends_hold(time_s, frame):
    assert frame_at(time_s, 10.0, 10) == frame


def test_an_empty_clip_shows_frame_zero():
    assert frame_at(1.0, 60.0, 0) == 0


@pytest.mark.parametrize(
    ("time_s", "text"),
    [
        (0.0, "00:00.00"),
        (1.234, "00:01.23"),
        (59.999, "01:00.00"),
        (61.5, "01:01.50"),
        (3599.996, "1:00:00.00"),
        (3661.25, "1:01:01.25"),
        (-1.5, "-00:01.50"),
        (-0.001, "00:00.00"),
    ],
)
def test_times_are_shown_to_the_hundredth(time_s, text):
    assert clock_text(time_s) == text


def test_what_a_fit_said_does_not_survive_a_move_by_hand():
    mounting = (("head", (1.0, 0.0, 0.0, 0.0)), ("thigh", (0.0, 1.0, 0.0, 0.0)))
    fit = Alignment(1.0, 2.0, mounting, 1e-3, 3.0, (0.1, None), "periodic")
    assert fit.is_fitted
    assert fit.mounting_sd_rad("head") == 0.1
    assert fit.mounting_sd_rad("thigh") is None
    assert fit.mounting_sd_rad("elsewhere") is None
    assert fit.by_hand() == Alignment(1.0, 2.0, mounting)
    assert not fit.by_hand().is_fitted
    assert not Alignment().is_fitted
    assert Alignment().by_hand() == Alignment()


@pytest.mark.parametrize("sd", [-1e-9, float("nan"), float("inf")])
def test_a_spread_that_cannot_be_is_refused(sd):
    for field in ({"offset_sd_s": sd}, {"drift_sd_ppm": sd}):
        with pytest.raises(HarstudioError, match="standard deviation of an alignment"):
            Alignment(**field)
    with pytest.raises(HarstudioError, match="got 1, expected none or 0"):
        Alignment(rotations_sd_rad=(0.1,))
