from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from harstudio.core.labels import LabelTrack, Segment
from harstudio.gui.layout import TimeScale
from harstudio.gui.timeline.pixels import Looks, lane_pixels, stacked_pixels

#: 1 s is 100 px.
SCALE = TimeScale(0.0, 10.0, 0.0, 1000.0)
BLACK = np.zeros(3, np.uint8)


def lines(track: LabelTrack, scale: TimeScale = SCALE) -> np.ndarray:
    """Red of each pixel: 100 for the first segment, 200 for the second, and so on."""
    looks = Looks.of(track)
    red = np.array([100, 200, 250, 50][: len(track)] or np.empty(0), np.uint8)
    fills = np.stack([red, red, red], axis=1)
    return lane_pixels(looks, scale, fills, BLACK, hairline=False)[..., 0]


def test_a_sharp_segment_is_its_colour_from_edge_to_edge() -> None:
    (line,) = lines(LabelTrack((Segment(2, 4, "a"),)))
    assert (line[200:400] == 100).all()
    assert line.sum() == 200 * 100


def test_a_soft_edge_goes_over_into_the_gap_in_steps() -> None:
    (line,) = lines(LabelTrack((Segment(2, 4, "a", start_soft_s=0.3),)))
    fade = line[170:230].astype(int)
    assert (np.diff(fade) >= 0).all()
    assert len(set(fade.tolist())) == 6
    assert fade[0] == 8  # half a step of six: 100 / 12
    assert fade[-1] == 92
    assert (line[:170] == 0).all()
    assert (line[230:400] == 100).all()


def test_a_shared_soft_edge_goes_over_from_one_colour_to_the_other() -> None:
    track = LabelTrack((Segment(2, 4, "a", end_soft_s=0.3), Segment(4, 6, "b")))
    (line,) = lines(track)
    fade = line[370:430].astype(int)
    assert (np.diff(fade) >= 0).all()
    assert fade.min() > 100
    assert fade.max() < 200
    other_side = LabelTrack((Segment(2, 4, "a"), Segment(4, 6, "b", start_soft_s=0.3)))
    assert (lines(other_side)[0] == line).all()


def test_a_soft_edge_never_covers_a_neighbour_that_does_not_touch() -> None:
    track = LabelTrack((Segment(2, 4, "a", end_soft_s=1.0), Segment(4.2, 6, "b")))
    (line,) = lines(track)
    assert (line[420:600] == 200).all()
    assert 0 < line[410] < 100


def test_two_soft_edges_meet_in_their_gap_and_neither_hides_the_other() -> None:
    left, right = Segment(2, 4, "a", end_soft_s=0.4), Segment(4.4, 6, "b", start_soft_s=0.4)
    (both,) = lines(LabelTrack((left, right)))
    assert both[402] > 40  # the left one fades out
    assert both[437] > 80  # the right one fades in
    assert (both[400:440] > 0).all()


def test_soft_edges_that_cannot_be_made_out_are_drawn_sharp() -> None:
    track = LabelTrack((Segment(2, 4, "a", start_soft_s=0.01),))
    assert (lines(track) == lines(LabelTrack((Segment(2, 4, "a"),)))).all()


def test_a_soft_edge_at_the_border_of_what_is_in_sight_is_cut() -> None:
    track = LabelTrack((Segment(0, 4, "a", start_soft_s=2.0, end_soft_s=2.0),))
    (line,) = lines(track, TimeScale(1.0, 3.0, 0.0, 200.0))
    assert line.shape == (200,)
    assert 50 < line[0] < 100


def test_in_an_overlapping_track_each_row_fades_by_itself() -> None:
    track = LabelTrack((Segment(1, 5, "a"), Segment(2, 6, "b", start_soft_s=0.5)), True)
    first, second = lines(track)
    assert (first[100:500] == 100).all()
    assert 0 < second[180] < second[220] < 200


@given(
    st.lists(
        st.tuples(st.floats(0, 9), st.floats(0.001, 5), st.floats(0, 3), st.floats(0, 3)),
        max_size=4,
    ),
    st.booleans(),
)
def test_whatever_is_soft_the_picture_keeps_its_size(spans, overlapping: bool) -> None:
    track = LabelTrack((), overlapping)
    for start, width, left, right in spans:
        segment = Segment(start, start + width, "x", start_soft_s=left, end_soft_s=right)
        track = track.paint(segment)
    looks = Looks.of(track)
    fills = np.full((len(track), 3), 200, np.uint8)
    picture = lane_pixels(looks, SCALE, fills, BLACK)
    assert picture.shape == (looks.edges.row_count, 1000, 3)
    assert picture.max(initial=0) <= 200


def test_lines_are_drawn_out_to_their_rows() -> None:
    pixels = np.array([[[1, 2, 3]], [[4, 5, 6]]], np.uint8)
    picture = stacked_pixels(pixels, [(1, 3), (4, 5)], 6, np.array([9, 9, 9], np.uint8))
    words = [f"{word:08x}" for word in picture[:, 0]]
    assert words == ["ff090909", "ff010203", "ff010203", "ff090909", "ff040506", "ff090909"]
