from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harstudio.core.labels import LabelTrack, Segment
from harstudio.gui.layout import TimeScale
from harstudio.gui.timeline.gestures import (
    BODY,
    EMPTY,
    END,
    SHARED,
    START,
    Drag,
    Hit,
    Snapper,
    dragged,
    gap_at,
    hit_test,
    marks_for,
    new_stretch,
)

DURATION_S, FRAME_S = 20.0, 0.05
FREE = Snapper()

#: 1 s is 50 px: a 2..4, b 4..6 (touching), c 10..12.
TRACK = LabelTrack((Segment(2, 4, "a"), Segment(4, 6, "b"), Segment(10, 12, "c")))
SCALE = TimeScale(0.0, 20.0, 0.0, 1000.0)


def drag(hit: Hit, from_s: float, to_s: float) -> Drag:
    return Drag(hit, from_s, to_s, DURATION_S, FRAME_S)


def spans(track: LabelTrack) -> list[tuple[float, float, str]]:
    return [(s.start_s, s.end_s, s.label) for s in track.segments]


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (50, Hit(EMPTY)),
        (99, Hit(START, 0)),
        (103, Hit(START, 0)),
        (150, Hit(BODY, 0)),
        (197, Hit(SHARED, 0)),
        (203, Hit(SHARED, 0)),
        (250, Hit(BODY, 1)),
        (298, Hit(END, 1)),
        (302, Hit(END, 1)),
        (320, Hit(EMPTY)),
        (999, Hit(EMPTY)),
    ],
)
def test_what_lies_under_the_mouse(x: float, expected: Hit) -> None:
    assert hit_test(TRACK, SCALE, x) == expected


def test_the_middle_of_a_narrow_segment_is_still_its_body() -> None:
    narrow = LabelTrack((Segment(2.0, 2.12, "a"),))  # 6 px
    assert hit_test(narrow, SCALE, 103) == Hit(BODY, 0)
    assert hit_test(narrow, SCALE, 100.5) == Hit(START, 0)
    assert hit_test(narrow, SCALE, 105.5) == Hit(END, 0)


def test_nothing_is_hit_on_an_empty_track() -> None:
    assert hit_test(LabelTrack(), SCALE, 500) == Hit(EMPTY)


def test_a_drag_on_an_empty_place_covers_what_it_passed() -> None:
    assert new_stretch(TRACK, drag(Hit(EMPTY), 7.0, 8.5), FREE) == (7.0, 8.5)
    assert new_stretch(TRACK, drag(Hit(EMPTY), 8.5, 7.0), FREE) == (7.0, 8.5)


def test_a_new_segment_never_covers_a_labelled_stretch() -> None:
    assert new_stretch(TRACK, drag(Hit(EMPTY), 8.0, 19.0), FREE) == (8.0, 10.0)
    assert new_stretch(TRACK, drag(Hit(EMPTY), 8.0, 1.0), FREE) == (6.0, 8.0)
    assert new_stretch(TRACK, drag(Hit(EMPTY), 15.0, 99.0), FREE) == (15.0, DURATION_S)


def test_a_new_segment_shorter_than_a_frame_is_none() -> None:
    assert new_stretch(TRACK, drag(Hit(EMPTY), 7.0, 7.01), FREE) is None


def test_the_gap_around_a_time_ends_at_the_neighbours_or_the_clip() -> None:
    assert gap_at(TRACK, 7.0, DURATION_S) == (6.0, 10.0)
    assert gap_at(TRACK, 1.0, DURATION_S) == (0.0, 2.0)
    assert gap_at(TRACK, 15.0, DURATION_S) == (12.0, DURATION_S)


def test_dragging_a_body_moves_it() -> None:
    result = dragged(TRACK, drag(Hit(BODY, 2), 11.0, 14.0), FREE)
    assert spans(result.track)[2] == (13.0, 15.0, "c")
    assert result.index == 2


def test_a_body_moved_past_others_trims_them_and_keeps_its_length() -> None:
    result = dragged(TRACK, drag(Hit(BODY, 2), 11.0, 6.0), FREE)
    assert spans(result.track) == [(2, 4, "a"), (4, 5, "b"), (5, 7, "c")]
    assert result.index == 2
    before_all = dragged(TRACK, drag(Hit(BODY, 2), 11.0, 1.5), FREE)
    assert spans(before_all.track)[0] == (0.5, 2.5, "c")
    assert before_all.index == 0


def test_a_body_stops_at_the_ends_of_the_clip() -> None:
    left = dragged(TRACK, drag(Hit(BODY, 0), 3.0, -50.0), FREE)
    assert spans(left.track)[0] == (0.0, 2.0, "a")
    right = dragged(TRACK, drag(Hit(BODY, 2), 11.0, 50.0), FREE)
    assert spans(right.track)[2] == (18.0, 20.0, "c")


def test_dragging_an_edge_resizes_and_trims_the_neighbour() -> None:
    longer = dragged(TRACK, drag(Hit(END, 1), 6.0, 10.5), FREE)
    assert spans(longer.track) == [(2, 4, "a"), (4, 10.5, "b"), (10.5, 12, "c")]
    shorter = dragged(TRACK, drag(Hit(START, 2), 10.1, 11.1), FREE)
    assert spans(shorter.track)[2] == (11.0, 12.0, "c")


def test_an_edge_never_passes_the_other_one() -> None:
    result = dragged(TRACK, drag(Hit(START, 2), 10.0, 99.0), FREE)
    assert spans(result.track)[2] == (12.0 - FRAME_S, 12.0, "c")
    result = dragged(TRACK, drag(Hit(END, 2), 12.0, -9.0), FREE)
    assert spans(result.track)[2] == (10.0, 10.0 + FRAME_S, "c")


def test_a_shared_edge_moves_both_and_swallows_neither() -> None:
    result = dragged(TRACK, drag(Hit(SHARED, 0), 4.0, 5.0), FREE)
    assert spans(result.track)[:2] == [(2, 5, "a"), (5, 6, "b")]
    result = dragged(TRACK, drag(Hit(SHARED, 0), 4.0, 99.0), FREE)
    assert spans(result.track)[:2] == [(2, 6 - FRAME_S, "a"), (6 - FRAME_S, 6, "b")]
    result = dragged(TRACK, drag(Hit(SHARED, 0), 4.0, -9.0), FREE)
    assert spans(result.track)[:2] == [(2, 2 + FRAME_S, "a"), (2 + FRAME_S, 6, "b")]


def test_a_drag_back_to_where_it_began_changes_nothing() -> None:
    for hit in (Hit(BODY, 0), Hit(START, 0), Hit(SHARED, 0), Hit(END, 2)):
        assert dragged(TRACK, drag(hit, 3.0, 3.0), FREE).track is TRACK


@given(
    st.sampled_from([Hit(BODY, 0), Hit(BODY, 1), Hit(START, 0), Hit(END, 1), Hit(SHARED, 0)]),
    st.floats(0, 20),
    st.floats(-10, 30),
    st.floats(0, 0.5),
)
def test_whatever_the_drag_labels_stay_within_the_clip_and_the_dragged_one_is_found(
    hit: Hit, from_s: float, to_s: float, within_s: float
) -> None:
    snap = Snapper(marks_for(TRACK, hit, 3.3), 20.0, within_s)
    result = dragged(TRACK, drag(hit, from_s, to_s), snap)
    assert all(s.start_s >= 0 and s.end_s <= DURATION_S for s in result.track.segments)
    assert result.track.segments[result.index].label == TRACK.segments[hit.index].label


def test_a_mark_draws_more_than_a_frame() -> None:
    snap = Snapper((5.02,), rate_hz=10.0, within_s=0.1)
    assert snap(5.01) == 5.02
    assert snap(7.04) == pytest.approx(7.0)
    assert snap(5.2) == pytest.approx(5.2)


def test_nothing_beyond_reach_draws() -> None:
    assert Snapper((5.0,), rate_hz=1.0, within_s=0.1)(5.3) == 5.3
    assert Snapper((5.0,), rate_hz=10.0, within_s=0.0)(5.01) == 5.01


def test_a_moved_body_snaps_by_whichever_end_is_nearer() -> None:
    snap = Snapper((14.03, 15.5), 0.0, 0.12)
    result = dragged(TRACK, drag(Hit(BODY, 2), 11.0, 14.55), snap)  # 13.55 to 15.55
    assert spans(result.track)[2] == (13.5, 15.5, "c")


def test_a_drag_snaps_to_the_playhead_and_to_others_but_not_to_itself() -> None:
    assert set(marks_for(TRACK, Hit(BODY, 2), 7.7)) == {7.7, 2.0, 4.0, 6.0}
    assert set(marks_for(TRACK, Hit(SHARED, 0), 7.7)) == {7.7, 10.0, 12.0}
