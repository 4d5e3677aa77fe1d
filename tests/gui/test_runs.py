from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from harstudio.core.labels import LabelTrack, Segment
from harstudio.gui.layout import TimeScale
from harstudio.gui.runs import Edges, visible_runs

SCALE = TimeScale(10.0, 20.0, 100.0, 1000.0)


def track_of(*spans: tuple[float, float]) -> LabelTrack:
    return LabelTrack(tuple(Segment(a, b, "x") for a, b in spans))


def test_only_segments_in_sight_are_drawn_and_cut_at_the_edges() -> None:
    track = track_of((0, 5), (9, 11), (12, 13), (19.5, 30), (40, 41))
    runs = visible_runs(Edges.of(track), SCALE)
    assert [(r.left, r.right, r.index) for r in runs] == [
        (100.0, 200.0, 1),
        (300.0, 400.0, 2),
        (1050.0, 1100.0, 3),
    ]


def test_slivers_merge_into_one_per_pixel() -> None:
    track = track_of(*((10 + i * 0.001, 10 + i * 0.001 + 0.0005) for i in range(9999)))
    runs = visible_runs(Edges.of(track), SCALE)
    assert len(runs) <= 1000
    assert not any(run.whole for run in runs)
    assert all(run.right - run.left == 1.0 for run in runs)


def test_no_segments_no_runs() -> None:
    assert visible_runs(Edges.of(LabelTrack()), SCALE) == []
    assert visible_runs(Edges.of(track_of((0, 1))), SCALE) == []


@given(st.lists(st.tuples(st.floats(0, 3), st.floats(0.001, 2)), max_size=60))
def test_runs_come_in_order_and_every_wide_segment_is_there(steps) -> None:
    spans, now = [], 5.0
    for gap, width in steps:
        spans.append((now + gap, now + gap + width))
        now += gap + width
    track = track_of(*spans)
    runs = visible_runs(Edges.of(track), SCALE)
    assert [run.index for run in runs] == sorted(run.index for run in runs)
    drawn = {run.index for run in runs}
    for i, segment in enumerate(track.segments):
        in_sight = segment.end_s > SCALE.start_s and segment.start_s < SCALE.end_s
        if in_sight and segment.duration_s > 0.03:
            assert i in drawn


def test_the_segment_at_each_time_is_the_one_that_contains_it() -> None:
    track = track_of((1, 2), (2, 3), (5, 6))
    times = np.array([0.5, 1.0, 1.99, 2.0, 3.0, 5.5, 6.0])
    assert Edges.of(track).indices_at(times).tolist() == [-1, 0, 0, 1, -1, 2, -1]
    assert Edges.of(LabelTrack()).indices_at(times).tolist() == [-1] * 7
