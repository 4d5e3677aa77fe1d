from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harstudio.core.labels import LabelTrack, Segment
from harstudio.gui.layout import TimeScale
from harstudio.gui.pixel_runs import Edges
from harstudio.gui.timeline.gestures import (
    BODY,
    EMPTY,
    END,
    SHARED,
    START,
    Drag,
    Hit,
    dragged,
    gap_at,
    hit_test,
    new_stretch,
    sharpened,
    softened,
)
from harstudio.gui.timeline.snapping import EDGE, FRAME, PEAK, Marks, Snapper, edges_but

DURATION_S, FRAME_S = 20.0, 0.05
FREE = Snapper()

#: 1 s is 50 px: a 2..4, b 4..6 (touching), c 10..12.
TRACK = LabelTrack((Segment(2, 4, "a"), Segment(4, 6, "b"), Segment(10, 12, "c")))
SCALE = TimeScale(0.0, 20.0, 0.0, 1000.0)


#: In two rows: a 2..6 and c 7..9 in the first, b 4..8 in the second.
STACKED = LabelTrack((Segment(2, 6, "a"), Segment(4, 8, "b"), Segment(7, 9, "c")), overlapping=True)
SHARED_01 = Hit(SHARED, 0, 1)


def hit_in(track: LabelTrack, x: float, row: int = 0) -> Hit:
    return hit_test(Edges.of(track), row, SCALE, x)


def snapper(*times_s: float, rate_hz: float = 0.0, within_s: float = 0.0) -> Snapper:
    return Snapper((Marks.of(EDGE, times_s),), (), rate_hz, within_s)


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
        (197, SHARED_01),
        (203, SHARED_01),
        (250, Hit(BODY, 1)),
        (298, Hit(END, 1)),
        (302, Hit(END, 1)),
        (320, Hit(EMPTY)),
        (999, Hit(EMPTY)),
    ],
)
def test_what_lies_under_the_mouse(x: float, expected: Hit) -> None:
    assert hit_in(TRACK, x) == expected


def test_the_middle_of_a_narrow_segment_is_still_its_body() -> None:
    narrow = LabelTrack((Segment(2.0, 2.12, "a"),))  # 6 px
    assert hit_in(narrow, 103) == Hit(BODY, 0)
    assert hit_in(narrow, 100.5) == Hit(START, 0)
    assert hit_in(narrow, 105.5) == Hit(END, 0)


def test_nothing_is_hit_on_an_empty_track() -> None:
    assert hit_in(LabelTrack(), 500) == Hit(EMPTY)


def stretch_of(track: LabelTrack, from_s: float, to_s: float) -> tuple[float, float]:
    stretch = new_stretch(track, drag(Hit(EMPTY), from_s, to_s), FREE)
    return stretch.start_s, stretch.end_s


def test_a_drag_on_an_empty_place_covers_what_it_passed() -> None:
    assert stretch_of(TRACK, 7.0, 8.5) == (7.0, 8.5)
    assert stretch_of(TRACK, 8.5, 7.0) == (7.0, 8.5)


def test_a_new_segment_never_covers_a_labelled_stretch() -> None:
    assert stretch_of(TRACK, 8.0, 19.0) == (8.0, 10.0)
    assert stretch_of(TRACK, 8.0, 1.0) == (6.0, 8.0)
    assert stretch_of(TRACK, 15.0, 99.0) == (15.0, DURATION_S)


def test_in_an_overlapping_tier_a_new_segment_may_lie_over_others() -> None:
    assert stretch_of(STACKED, 1.0, 19.0) == (1.0, 19.0)


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
    result = dragged(TRACK, drag(SHARED_01, 4.0, 5.0), FREE)
    assert spans(result.track)[:2] == [(2, 5, "a"), (5, 6, "b")]
    result = dragged(TRACK, drag(SHARED_01, 4.0, 99.0), FREE)
    assert spans(result.track)[:2] == [(2, 6 - FRAME_S, "a"), (6 - FRAME_S, 6, "b")]
    result = dragged(TRACK, drag(SHARED_01, 4.0, -9.0), FREE)
    assert spans(result.track)[:2] == [(2, 2 + FRAME_S, "a"), (2 + FRAME_S, 6, "b")]


def test_a_drag_back_to_where_it_began_changes_nothing() -> None:
    for hit in (Hit(BODY, 0), Hit(START, 0), SHARED_01, Hit(END, 2)):
        assert dragged(TRACK, drag(hit, 3.0, 3.0), FREE).track is TRACK


@given(
    st.sampled_from([Hit(BODY, 0), Hit(BODY, 1), Hit(START, 0), Hit(END, 1), SHARED_01]),
    st.floats(0, 20),
    st.floats(-10, 30),
    st.floats(0, 0.5),
)
def test_whatever_the_drag_labels_stay_within_the_clip_and_the_dragged_one_is_found(
    hit: Hit, from_s: float, to_s: float, within_s: float
) -> None:
    snap = snapper(3.3, *edges_but(TRACK, hit.moving), rate_hz=20.0, within_s=within_s)
    result = dragged(TRACK, drag(hit, from_s, to_s), snap)
    assert all(s.start_s >= 0 and s.end_s <= DURATION_S for s in result.track.segments)
    assert result.track.segments[result.index].label == TRACK.segments[hit.index].label


def test_a_mark_draws_more_than_a_frame() -> None:
    snap = snapper(5.02, rate_hz=10.0, within_s=0.1)
    assert snap(5.01) == 5.02
    assert snap(7.04) == pytest.approx(7.0)
    assert snap(5.2) == pytest.approx(5.2)


def test_nothing_beyond_reach_draws() -> None:
    assert snapper(5.0, rate_hz=1.0, within_s=0.1)(5.3) == 5.3
    assert snapper(5.0, rate_hz=10.0, within_s=0.0)(5.01) == 5.01


def test_an_edge_draws_more_than_a_nearer_peak_and_a_peak_more_than_a_frame() -> None:
    edge, peak = Marks.of(EDGE, [5.0]), Marks.of(PEAK, [5.06, 8.03])
    snap = Snapper((edge,), (peak,), 10.0, 0.1)
    assert snap.snap(5.05).kind == EDGE
    assert snap.snap(8.0).mark_s == 8.03
    assert snap.snap(8.0).kind == PEAK
    assert snap.snap(9.01).kind == FRAME
    assert snap.snap(9.01).mark_s is None


@given(st.lists(st.floats(0, 20), max_size=30), st.floats(0, 20))
def test_the_nearest_mark_is_the_nearest(times_s: list[float], time_s: float) -> None:
    nearest = Marks.of(EDGE, times_s).nearest(time_s)
    distances = [abs(t - time_s) for t in times_s]
    assert (nearest is None) == (not times_s)
    assert nearest is None or abs(nearest - time_s) == min(distances)


def test_a_moved_body_snaps_by_whichever_end_is_nearer() -> None:
    snap = snapper(14.03, 15.5, within_s=0.12)
    result = dragged(TRACK, drag(Hit(BODY, 2), 11.0, 14.55), snap)  # 13.55 to 15.55
    assert spans(result.track)[2] == (13.5, 15.5, "c")
    assert result.snap.mark_s == 15.5


def test_a_mark_beyond_where_a_drag_must_stop_is_not_said_to_be_reached() -> None:
    result = dragged(TRACK, drag(Hit(END, 1), 6.0, 25.0), snapper(25.0, within_s=0.1))
    assert result.track.segments[1].end_s == DURATION_S
    assert result.snap.mark_s is None


def test_a_drag_snaps_to_edges_but_not_to_its_own() -> None:
    assert set(edges_but(TRACK, Hit(BODY, 2).moving)) == {2.0, 4.0, 6.0}
    assert set(edges_but(TRACK, SHARED_01.moving)) == {10.0, 12.0}


def test_in_an_overlapping_tier_the_row_says_which_segment_is_hit() -> None:
    assert hit_in(STACKED, 275) == Hit(BODY, 0)
    assert hit_in(STACKED, 275, row=1) == Hit(BODY, 1)
    assert hit_in(STACKED, 201, row=1) == Hit(START, 1)
    assert hit_in(STACKED, 275, row=2) == Hit(EMPTY)


def test_edges_that_touch_in_another_row_are_not_shared() -> None:
    track = LabelTrack((Segment(0, 4, "a"), Segment(2, 6, "b"), Segment(6, 9, "c")), True)
    assert hit_in(track, 297, row=1) == Hit(END, 1)  # c is back in the first row
    assert hit_in(LabelTrack((Segment(2, 4, "a"), Segment(4, 6, "b")), True), 201) == SHARED_01


def test_in_an_overlapping_tier_a_moved_segment_trims_nothing_and_is_found() -> None:
    result = dragged(STACKED, drag(Hit(BODY, 2), 8.0, 4.0), FREE)
    assert spans(result.track) == [(2, 6, "a"), (3, 5, "c"), (4, 8, "b")]
    assert result.index == 1
    shared = LabelTrack((Segment(2, 4, "a"), Segment(3, 5, "x"), Segment(4, 6, "b")), True)
    result = dragged(shared, drag(Hit(SHARED, 0, 2), 4.0, 4.5), FREE)
    assert spans(result.track) == [(2, 4.5, "a"), (3, 5, "x"), (4.5, 6, "b")]


def test_an_edge_gets_as_soft_as_the_drag_reaches() -> None:
    result = softened(TRACK, drag(Hit(END, 2), 12.0, 12.4))
    assert result.track.segments[2].end_soft_s == 0.4
    assert result.track.segments[2].start_soft_s == 0.0
    inward = softened(TRACK, drag(Hit(START, 2), 10.0, 10.7))
    assert inward.track.segments[2].start_soft_s == 0.7
    assert inward.index == 2


def test_a_shared_edge_gets_soft_on_both_sides_up_to_the_middle_of_the_shorter() -> None:
    track = LabelTrack((Segment(2, 4, "a"), Segment(4, 5, "b")))
    left, right = softened(track, drag(SHARED_01, 4.0, 4.3)).track.segments
    assert left.end_soft_s == right.start_soft_s == 0.3
    left, right = softened(track, drag(SHARED_01, 4.0, 9.0)).track.segments
    assert left.end_soft_s == right.start_soft_s == 0.5


def test_within_a_frame_of_the_edge_it_is_sharp_again() -> None:
    soft = softened(TRACK, drag(SHARED_01, 4.0, 4.3)).track
    assert softened(soft, drag(SHARED_01, 4.0, 4.02)).track == TRACK
    assert sharpened(soft, 0) == TRACK
    assert sharpened(soft, 1) == TRACK


def test_ctrl_on_a_body_softens_nothing() -> None:
    assert softened(TRACK, drag(Hit(BODY, 0), 3.0, 4.0)).track is TRACK


@given(st.sampled_from([Hit(START, 2), Hit(END, 1), SHARED_01]), st.floats(-10, 30))
def test_softening_moves_no_boundary(hit: Hit, to_s: float) -> None:
    result = softened(TRACK, drag(hit, 4.0, to_s))
    assert spans(result.track) == spans(TRACK)
    for segment in result.track.segments:
        assert segment.start_soft_s <= 0.5 * segment.duration_s
        assert segment.end_soft_s <= 0.5 * segment.duration_s
