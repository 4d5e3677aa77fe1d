from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from harstudio.gui.clock import SPEEDS, PlaybackClock, TimeWindow


def test_time_follows_the_wall_times_the_speed(clock, wall) -> None:
    clock.set_speed(0.5)
    clock.play()
    wall.now += 2.0
    clock.tick()
    assert clock.time_s == pytest.approx(1.0)


def test_a_late_tick_drops_frames_and_does_not_drift(clock, wall) -> None:
    clock.play()
    for late_s in (0.9, 0.001, 1.3):
        wall.now += late_s
        clock.tick()
    assert clock.time_s == pytest.approx(0.9 + 0.001 + 1.3)


def test_a_change_of_speed_does_not_move_time(clock, wall) -> None:
    clock.play()
    wall.now += 1.0
    clock.tick()
    clock.set_speed(4.0)
    clock.tick()
    assert clock.time_s == pytest.approx(1.0)


def test_it_stops_at_the_end_and_starts_over_from_there(clock, wall, qtbot: QtBot) -> None:
    clock.play()
    wall.now += 99.0
    with qtbot.waitSignal(clock.playing_changed) as stopped:
        clock.tick()
    assert stopped.args == [False]
    assert clock.time_s == clock.duration_s
    clock.play()
    assert clock.time_s == 0.0
    assert clock.playing


def test_a_loop_comes_back_to_its_start(clock, wall) -> None:
    clock.set_loop((1.0, 2.0))
    clock.seek(1.0)
    clock.play()
    wall.now += 1.5
    clock.tick()
    assert clock.time_s == 1.0
    assert clock.playing


def test_a_loop_to_just_past_the_end_of_the_clip_still_loops(clock, wall) -> None:
    clock.set_loop((1.0, clock.duration_s + 1e-6))
    clock.seek(1.0)
    clock.play()
    wall.now += 99.0
    clock.tick()
    assert clock.playing
    assert clock.time_s == 1.0


def test_a_loop_too_short_to_see_is_no_loop(clock) -> None:
    clock.set_loop((1.0, 1.001))
    assert clock.loop is None


def test_seeking_stays_within_the_clip_and_tells_only_of_changes(clock) -> None:
    seen: list[float] = []
    clock.time_changed.connect(seen.append)
    for time_s in (-1.0, 99.0, 99.0, 2.0):
        clock.seek(time_s)
    assert seen == [clock.duration_s, 2.0]


def test_another_clip_starts_paused_at_zero_without_a_loop(clock, wall) -> None:
    clock.set_loop((1.0, 2.0))
    clock.seek(1.5)
    clock.play()
    clock.set_duration(9.0)
    assert (clock.time_s, clock.playing, clock.loop) == (0.0, False, None)


def test_a_clip_without_length_does_not_play(qapp) -> None:
    clock = PlaybackClock()
    clock.play()
    assert not clock.playing


def test_speed_steps_end_at_the_slowest_and_the_fastest(clock) -> None:
    clock.change_speed(1)
    assert clock.speed == 1.5
    clock.change_speed(99)
    assert clock.speed == SPEEDS[-1]
    clock.change_speed(-99)
    assert clock.speed == SPEEDS[0]


def test_zooming_leaves_the_time_under_the_mouse_in_place(window) -> None:
    window.zoom(0.5, 1.0)
    start, end = window.range
    assert end - start == pytest.approx(2.0)
    assert (1.0 - start) / (end - start) == pytest.approx(0.25)


def test_panning_stops_at_the_ends_of_the_clip(window) -> None:
    window.show_range(1.0, 2.0)
    window.pan(99.0)
    assert window.range == (3.0, 4.0)
    window.pan(-99.0)
    assert window.range == (0.0, 1.0)


def test_following_turns_the_page_only_when_time_is_out_of_sight(window) -> None:
    window.show_range(0.0, 1.0)
    window.follow(0.99)
    assert window.range == (0.0, 1.0)
    window.follow(1.2)
    start, end = window.range
    assert start < 1.2 < end
    assert end - start == pytest.approx(1.0)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("zoom"), st.floats(1e-6, 1e6), st.floats(-10, 20)),
            st.tuples(st.just("pan"), st.floats(-50, 50)),
            st.tuples(st.just("show_range"), st.floats(-10, 20), st.floats(-10, 20)),
            st.tuples(st.just("follow"), st.floats(0, 10)),
        ),
        max_size=12,
    )
)
def test_whatever_is_done_the_window_shows_a_part_of_the_clip(qapp, moves) -> None:
    window = TimeWindow()
    window.set_duration(10.0)
    for name, *values in moves:
        getattr(window, name)(*values)
        start, end = window.range
        assert start >= 0
        assert end <= 10.0 + 1e-9
        assert end - start >= TimeWindow.LEAST_S * 0.999
