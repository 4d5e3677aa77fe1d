from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from harstudio.core.labels import LabelTrack, Segment
from harstudio.gui.layout import TimeScale
from harstudio.gui.pixel_runs import MOST_ROWS, Edges, owners, stacked, visible_runs

SCALE = TimeScale(10.0, 20.0, 100.0, 1000.0)

SPANS = st.lists(st.tuples(st.floats(0, 30), st.floats(0.001, 20)), max_size=60)


def track_of(*spans: tuple[float, float], overlapping: bool = False) -> LabelTrack:
    return LabelTrack(tuple(Segment(a, b, "x") for a, b in spans), overlapping)


def owned(track: LabelTrack, *, hairline: bool = False) -> np.ndarray:
    return owners(Edges.of(track), SCALE, hairline=hairline)


def test_only_segments_in_sight_have_room_and_are_cut_at_the_edges() -> None:
    track = track_of((0, 5), (9, 11), (12, 13), (14, 14.1), (19.5, 30), (40, 41))
    runs = visible_runs(Edges.of(track), SCALE, 24)
    found = list(zip(runs.lefts, runs.rights, runs.indices, strict=True))
    assert found == [(100.0, 200.0, 1), (300.0, 400.0, 2), (1050.0, 1100.0, 4)]


def test_each_pixel_belongs_to_the_segment_that_lies_on_it() -> None:
    (line,) = owned(track_of((9, 11), (12, 13), (40, 41)))
    assert line.shape == (1000,)
    assert (line[:100] == 0).all()
    assert (line[100:200] == -1).all()
    assert (line[200:300] == 1).all()
    assert (line[300:] == -1).all()


def test_a_hairline_tells_neighbours_apart() -> None:
    (line,) = owned(track_of((11, 12), (12, 13)), hairline=True)
    assert line[198:202].tolist() == [0, -1, 1, 1]


def test_slivers_merge_into_one_pixel_each() -> None:
    track = track_of(*((10 + i * 0.001, 10 + i * 0.001 + 0.0005) for i in range(9999)))
    (line,) = owned(track)
    assert (np.diff(line) >= 8).all()
    begins = np.floor(line * 0.1)
    assert np.abs(begins - np.arange(1000)).max() <= 1


def test_a_sliver_is_never_lost_between_wide_segments() -> None:
    (line,) = owned(track_of((10, 14), (14.0, 14.001), (14.001, 18)), hairline=True)
    assert 1 in line


def test_no_segments_own_nothing() -> None:
    assert (owned(LabelTrack()) == -1).all()
    assert len(visible_runs(Edges.of(LabelTrack()), SCALE, 1.0).indices) == 0
    assert (owned(track_of((0, 1))) == -1).all()


@given(SPANS)
def test_every_segment_of_three_pixels_owns_some(spans: list[tuple[float, float]]) -> None:
    track = track_of(*((a, a + width) for a, width in spans), overlapping=True)
    drawn = set(np.unique(owned(track)).tolist())
    for i, segment in enumerate(track.segments):
        shown = min(segment.end_s, SCALE.end_s) - max(segment.start_s, SCALE.start_s)
        if shown > 0.03:
            assert i in drawn


@given(SPANS)
def test_stacked_segments_never_overlap_and_use_as_few_rows_as_can_be(
    spans: list[tuple[float, float]],
) -> None:
    track = track_of(*((a, a + width) for a, width in spans), overlapping=True)
    starts, ends = (
        np.array([getattr(s, name) for s in track.segments]) for name in ("start_s", "end_s")
    )
    rows = stacked(starts, ends)
    for row in set(rows.tolist()):
        mine = rows == row
        assert (starts[mine][1:] >= ends[mine][:-1]).all()
    at_once = max((int(((starts <= t) & (t < ends)).sum()) for t in starts), default=0)
    assert len(set(rows.tolist())) == at_once


def test_a_segment_takes_the_lowest_free_row() -> None:
    track = track_of((0, 10), (1, 3), (2, 4), (3, 5), (10, 12), overlapping=True)
    assert Edges.of(track).rows.tolist() == [0, 1, 2, 1, 0]


def test_an_exclusive_track_has_one_row() -> None:
    assert Edges.of(track_of((0, 1), (1, 2))).row_count == 1
    assert Edges.of(LabelTrack()).row_count == 1


def test_more_at_once_than_there_are_rows_share_the_last() -> None:
    many = track_of(*((10, 11 + 0.1 * i) for i in range(3 * MOST_ROWS)), overlapping=True)
    assert Edges.of(many).row_count == MOST_ROWS
    assert owned(many).shape == (MOST_ROWS, 1000)


def test_the_segment_at_each_time_is_the_one_that_contains_it() -> None:
    track = track_of((1, 2), (2, 3), (5, 6))
    times = np.array([0.5, 1.0, 1.99, 2.0, 3.0, 5.5, 6.0])
    assert Edges.of(track).indices_at(times).tolist() == [-1, 0, 0, 1, -1, 2, -1]
    assert Edges.of(LabelTrack()).indices_at(times).tolist() == [-1] * 7


@given(SPANS, st.lists(st.floats(0, 50), max_size=20))
def test_of_several_segments_at_a_time_it_is_the_one_that_starts_last(
    spans: list[tuple[float, float]], times: list[float]
) -> None:
    track = track_of(*((a, a + width) for a, width in spans[:MOST_ROWS]), overlapping=True)
    found = Edges.of(track).indices_at(np.round(times, 6))
    expected = [track.index_at(t) for t in np.round(times, 6)]
    assert found.tolist() == [-1 if i is None else i for i in expected]
